"""The daily report by mail: to each manager and administrator who wants it, as a message of their own, once."""

from __future__ import annotations

from core import config
from core.outbox.mailing import To, post_mail
from core.outgoing.mail import Letter
from core.permissions import Role
from core.pii import Lens
from core.reports.figures import QueueReport
from core.reports.keeping import KIND, names
from core.reports.wording import Form, address, title, written
from core.uow import UnitOfWork
from core.words import AlertType

_ROLES = (Role.MANAGER, Role.ADMIN)


def mail_report(uow: UnitOfWork, report: QueueReport) -> int:
    """Have the report sent to whom it is for; returns how many messages are new. Part of the verb that makes it.

    What leaves the house names staff by their usernames alone; the link in it leads to their addresses.
    """
    called = names(uow, report, Lens(clear=False))
    text = f"{written(report, called, Form.TEXT)}\n\n{address(report.day)}\n"
    letter = Letter(title(report), text, written(report, called, Form.HTML))
    new = sum(
        post_mail(uow, To(staff=who), letter, f"report|{KIND}|{report.day}|{who}", due_at=uow.now)
        for who in recipients(uow)
    )
    uow.record("report.mailed", "report", report.day, kind=KIND, messages=new)
    return new


def recipients(uow: UnitOfWork) -> list[int]:
    """The numbers of those whom the report is sent to: managers and administrators with an address, but not who has
    switched the daily summary off; with REPORT_RECIPIENTS only those who are named there."""
    named = [name for part in config.word("REPORT_RECIPIENTS").split(",") if (name := part.strip().lower())]
    found = uow.execute(
        "SELECT id FROM staff s WHERE is_active AND email IS NOT NULL AND role = ANY(:roles) "
        "AND (CAST(:named AS text[]) = '{}' OR username = ANY(:named)) AND NOT EXISTS ("
        "SELECT FROM alert_subscriptions WHERE staff_id = s.id AND alert_type = :summary AND NOT enabled) ORDER BY id",
        {"roles": list(_ROLES), "named": named, "summary": AlertType.DAILY_SUMMARY},
    )
    return list(found.scalars())
