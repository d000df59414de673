"""The daily report at nine: made of the day that is over, and told to those who manage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.permissions import Permission, Role, requires
from core.reports.figures import DAYS, QueueReport, end_of
from core.reports.keeping import produce
from core.reports.mailing import mail_report
from core.reports.wording import number, percent, with_unit
from core.uow import UnitOfWork
from core.words import AlertType, Severity

AT = timedelta(hours=9)
_ONE_DAY = timedelta(days=1)


def due_day(now: datetime) -> date:
    """The day whose report is due: from nine on yesterday's, before that the one before, whenever a run comes late."""
    return (now.astimezone(UTC) - AT).date() - _ONE_DAY


@requires(Permission.OPS_ADMIN, leaves="report.produced")
def report_metrics(uow: UnitOfWork) -> int:
    """Make the report that is due, keep it and mail it. Returns how many messages are new: safe to repeat."""
    return mail_report(uow, produce(uow, due_day(uow.now)).report)


@requires(Permission.OPS_ADMIN, leaves="report.produced")
def daily_summary(uow: UnitOfWork) -> int:
    """Tell the managers in a few figures what the report that is due says, once. Returns how many alerts are new."""
    report = produce(uow, due_day(uow.now)).report
    condition = f"{AlertType.DAILY_SUMMARY}|{report.day}"
    known = "SELECT EXISTS (SELECT FROM alerts WHERE condition_key = :condition)"
    if uow.execute(known, {"condition": condition}).scalar_one():
        return 0
    raise_alerts(uow, [_summary(report, condition)])
    return 1


def _summary(report: QueueReport, condition: str) -> NewAlert:
    went = report.performance
    return NewAlert(
        AlertType.DAILY_SUMMARY,
        Severity.INFO,
        f"Daily summary of {report.day}: {report.pending:,} pending",
        f"{', '.join(f'{each.pending:,} {each.priority}' for each in report.standings)}. "
        f"In {DAYS} days {went.resolved:,} were resolved, average time {with_unit(went.hours)}; "
        f"SLA compliance {percent(went.compliance)}, escalation rate {percent(went.escalation_rate)}.",
        condition,
        Audience(role=Role.MANAGER),
        resource=("report", number(report.day)),
        details={"report": str(report.day)},
        expires_at=end_of(report.day) + AT + _ONE_DAY,
    )
