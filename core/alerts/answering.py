"""What people do with alerts: read them, put them off and put them away, each for themselves alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core import config
from core.alerts.inbox import WITH_RECEIPT, AlertFilter, conditions, reader, visible
from core.errors import Invalid, NotFound
from core.permissions import Permission, requires
from core.uow import UnitOfWork

MOST_AT_ONCE = 500
LONGEST_SNOOZE = timedelta(days=30)

_ANSWER = """
INSERT INTO alert_receipts AS r (alert_id, staff_id, {columns})
SELECT a.id, :me, {values} FROM {source} WHERE {where} AND {visible} ORDER BY a.id
ON CONFLICT (alert_id, staff_id) DO UPDATE SET {sets}"""
_SETS = {
    "read": {"read_at": ":now"},
    "dismissed": {"dismissed_at": ":now"},
    "snoozed": {"read_at": ":now", "snoozed_until": ":until"},
    "woken": {"read_at": ":now", "snoozed_until": "NULL"},
    "acknowledged": {"read_at": ":now", "acknowledged_at": ":now", "acknowledged_until": ":until"},
}
"""What each answer notes on the caller's own receipt."""


@requires(Permission.ALERTS_READ, leaves="alert.read")
def mark_read(uow: UnitOfWork, alert_id: int) -> None:
    """Note that the caller has read this alert; for the others it stays as it was. Raises NotFound."""
    _answer_one(uow, alert_id, "read")
    uow.record("alert.read", "alert", alert_id)


@requires(Permission.ALERTS_READ, leaves="alert.dismissed")
def dismiss(uow: UnitOfWork, alert_id: int) -> None:
    """Put this alert away for the caller alone. Raises NotFound."""
    _answer_one(uow, alert_id, "dismissed")
    uow.record("alert.dismissed", "alert", alert_id)


@requires(Permission.ALERTS_READ, leaves="alert.snoozed")
def snooze(uow: UnitOfWork, alert_id: int, until: datetime | None) -> None:
    """Put this alert off for the caller until a moment within 30 days, when it comes back unread; None ends that now.

    Raises NotFound, and Invalid for a moment that is past or too far.
    """
    if until is not None and not uow.now < until <= uow.now + LONGEST_SNOOZE:
        raise Invalid("until", "lies within the next 30 days")
    _answer_one(uow, alert_id, "woken" if until is None else "snoozed", until)
    uow.record("alert.snoozed", "alert", alert_id, until=until and until.isoformat())


@requires(Permission.ALERTS_READ, leaves="alert.acknowledged")
def acknowledge(uow: UnitOfWork, alert_id: int) -> datetime:
    """Say that the caller takes care of it: it is quiet for them for ACKNOWLEDGE_MINUTES, then loud again.

    Returns until when. Raises NotFound.
    """
    until = uow.now + timedelta(minutes=config.number("ACKNOWLEDGE_MINUTES"))
    _answer_one(uow, alert_id, "acknowledged", until)
    uow.record("alert.acknowledged", "alert", alert_id, until=until.isoformat())
    return until


@requires(Permission.ALERTS_READ, leaves="alert.all_read")
def mark_all_read(uow: UnitOfWork, wanted: AlertFilter | None = None) -> int:
    """Note that the caller has read every live alert of theirs that fits the filter; returns how many were unread."""
    asked = wanted or AlertFilter()
    where, values = conditions(replace(asked, unread=True))
    count = _answer(uow, "read", " AND ".join(where), mine=asked.mine, **values)
    uow.record("alert.all_read", "alert", None, count=count, **asked.told())
    return count


@requires(Permission.ALERTS_READ, leaves="alert.several_read")
def mark_several_read(uow: UnitOfWork, ids: Sequence[int]) -> int:
    """Note that the caller has read these alerts, at most 500; returns how many of them are theirs to read."""
    count = _answer(uow, "read", "a.id = ANY(:ids)", ids=_bounded(ids))
    uow.record("alert.several_read", "alert", None, ids=sorted(ids))
    return count


@requires(Permission.ALERTS_READ, leaves="alert.several_dismissed")
def dismiss_several(uow: UnitOfWork, ids: Sequence[int]) -> int:
    """Put these alerts away for the caller alone, at most 500; returns how many of them are theirs."""
    count = _answer(uow, "dismissed", "a.id = ANY(:ids)", ids=_bounded(ids))
    uow.record("alert.several_dismissed", "alert", None, ids=sorted(ids))
    return count


def _bounded(ids: Sequence[int]) -> list[int]:
    if len(ids) > MOST_AT_ONCE:
        raise Invalid("ids", f"are at most {MOST_AT_ONCE} at once")
    return list(ids)


def _answer_one(uow: UnitOfWork, alert_id: int, answer: str, until: datetime | None = None) -> None:
    if not _answer(uow, answer, "a.id = :id", id=alert_id, until=until):
        raise NotFound("alert", alert_id)


def _answer(uow: UnitOfWork, answer: str, where: str, *, mine: bool = False, **values: object) -> int:
    if uow.principal.staff_id is None:
        raise Invalid("principal", "only a member of staff has alerts to answer")
    sets = _SETS[answer]
    statement = _ANSWER.format(
        columns=", ".join(sets),
        values=", ".join(f"CAST({value} AS timestamptz)" for value in sets.values()),
        source=WITH_RECEIPT,
        where=where,
        visible=visible(uow, mine=mine),
        sets=", ".join(f"{column} = {value}" for column, value in sets.items()),
    )
    return uow.execute(statement, {**reader(uow), **values}).rowcount
