"""What follows when a rule fires: each firing noted once, and its alerts raised to whom the rule names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from core.alerts.clearing import clear_where
from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.alerts.rules import judging, reading, telling
from core.alerts.rules.fields import SUBJECTS
from core.alerts.rules.folding import WHOLE, Firing
from core.alerts.rules.language import (
    AnyRule,
    EventRule,
    ScheduleRule,
    SlaRule,
    ThresholdRule,
    ToRole,
    ToStaff,
    subject_of,
)
from core.permissions import Role
from core.uow import UnitOfWork
from core.words import AlertType, Queue

GROUPED_FROM = 50
"""From so many firings at once, one alert tells of them all: a storm must not bury what else is said."""

_NOTE = """
INSERT INTO rule_firings (rule_id, subject_key, at)
SELECT :rule, f.key, f.at FROM unnest(CAST(:keys AS text[]), CAST(:ats AS timestamptz[])) AS f(key, at)
ORDER BY f.at ON CONFLICT (rule_id, subject_key, at) DO NOTHING RETURNING subject_key, at"""


def fire(uow: UnitOfWork, number: int, name: str, rule: AnyRule, firings: Sequence[Firing]) -> int:
    """Note firings and raise their alerts; returns how many were new. One noted before raises nothing again."""
    if not firings:
        return 0
    bound = {"rule": number, "keys": [each.key for each in firings], "ats": [each.at for each in firings]}
    with uow.housekeeping():  # it is on record with the alert
        noted = {(row.subject_key, row.at) for row in uow.rows(_NOTE, bound)}
    fresh = [each for each in firings if (each.key, each.at) in noted]
    alerts = list(_alerts(uow, number, name, rule, fresh))
    if len(fresh) >= GROUPED_FROM:
        alerts = _grouped(number, name, rule, fresh, alerts[-1])
    raise_alerts(uow, alerts)
    return len(fresh)


def end(uow: UnitOfWork, number: int) -> int:
    """Resolve the standing alerts of a rule: what it told of is over, or it does not watch any more."""
    return clear_where(uow, "a.rule_id = :rule", {"rule": number})


def _alerts(uow: UnitOfWork, number: int, name: str, rule: AnyRule, firings: Sequence[Firing]) -> Iterator[NewAlert]:
    holders = {each.holder for each in firings if each.holder is not None}
    active = set(
        uow.execute("SELECT id FROM staff WHERE is_active AND id = ANY(:ids)", {"ids": sorted(holders)}).scalars()
    )
    for firing in firings:
        known = _with_figures(uow, firing) if isinstance(rule, ScheduleRule) else firing
        for suffix, audience in _audiences(rule, known, active):
            yield NewAlert(
                _type(rule),
                rule.severity,
                telling.text(rule.title, name, rule, known),
                telling.text(rule.message, name, rule, known),
                f"rule|{number}|{known.key}{suffix}",
                audience,
                resource=_resource(rule, known),
                details=_details(rule, known),
                expires_at=uow.now + timedelta(minutes=rule.expires_minutes),
                rule_id=number,
            )


def _with_figures(uow: UnitOfWork, firing: Firing) -> Firing:
    return Firing(firing.key, firing.at, reading.figures(uow, firing.at))


def _grouped(number: int, name: str, rule: AnyRule, firings: Sequence[Firing], last: NewAlert) -> list[NewAlert]:
    role = Audience(role=rule.audience.role) if isinstance(rule.audience, ToRole) else Audience(role=Role.MANAGER)
    message = f"The last one: {last.title} Look at the rule: it may ask for too little."
    return [
        NewAlert(
            last.type,
            rule.severity,
            f"{name}: {len(firings):,} at once",
            message,
            f"rule|{number}|{WHOLE}",
            role,
            details={"firings": len(firings)},
            expires_at=last.expires_at,
            rule_id=number,
        )
    ]


def _type(rule: AnyRule) -> AlertType:
    if isinstance(rule, SlaRule):
        return AlertType.SLA_AT_RISK if rule.mark.offset < timedelta(0) else AlertType.SLA_BREACH
    if isinstance(rule, ThresholdRule):
        return AlertType.THRESHOLD
    return AlertType.DAILY_SUMMARY if isinstance(rule, ScheduleRule) else AlertType.RULE


def _audiences(rule: AnyRule, firing: Firing, active: set[int]) -> list[tuple[str, Audience]]:
    """Whom it goes to, with what tells the alerts of several people apart."""
    wanted = rule.audience
    if isinstance(wanted, ToStaff):
        return [(f"|staff:{each}", Audience(staff_id=each)) for each in wanted.ids]
    if isinstance(wanted, ToRole):
        return [("", Audience(role=wanted.role))]
    if wanted.to == "everybody":
        return [("", Audience())]
    held = firing.holder in active
    return [("", Audience(staff_id=firing.holder) if held else Audience(queue=Queue(firing.queue or Queue.CUSTOMER)))]


def _resource(rule: AnyRule, firing: Firing) -> tuple[str, object] | None:
    if isinstance(rule, EventRule | SlaRule) and firing.key != WHOLE:
        return SUBJECTS[subject_of(rule)].resource, firing.subject_id
    return None


def _details(rule: AnyRule, firing: Firing) -> dict[str, Any]:
    details: dict[str, Any] = {"happened_at": firing.at.isoformat(), "channels": list(rule.channels)}
    if isinstance(rule, EventRule | SlaRule):
        details["because"] = judging.reasons(rule.condition, firing.told, SUBJECTS[subject_of(rule)].fields)
    if isinstance(rule, SlaRule) and firing.deadline and firing.key != WHOLE:
        details["sla_deadline"] = firing.deadline.isoformat()
    return details
