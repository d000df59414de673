"""Planned maintenance: while it lasts, the alerts that it will cause are kept and disturb nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import Invalid, NotFound
from core.permissions import Permission, requires
from core.text import checked_text
from core.uow import UnitOfWork
from core.words import AlertType, Queue

LONGEST = timedelta(days=7)
REASON_LENGTH = 200


@dataclass(frozen=True)
class Window:
    """One span [starts_at, ends_at) of planned work (UTC), for these types and queues; None means any."""

    id: int
    reason: str
    alert_types: tuple[str, ...] | None
    queues: tuple[str, ...] | None
    starts_at: datetime
    ends_at: datetime
    planned_by: str | None


@requires(Permission.ALERTS_MANAGE, leaves="maintenance.planned")
def plan(
    uow: UnitOfWork,
    reason: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    alert_types: Sequence[AlertType] = (),
    queues: Sequence[Queue] = (),
) -> int:
    """Plan maintenance of at most 7 days: alerts of these types and queues (none named: any) raised within it are
    kept, without toast and without delivery. Returns its number. Raises Invalid naming the field."""
    if not uow.now < ends_at:
        raise Invalid("ends_at", "lies in the future")
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise Invalid("ends_at", f"is after the beginning and at most {LONGEST.days} days later")
    values: dict[str, Any] = {
        "reason": checked_text("reason", reason, REASON_LENGTH),
        "types": [AlertType(each).value for each in alert_types] or None,
        "queues": [Queue(each).value for each in queues] or None,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "by": uow.principal.staff_id,
    }
    number = int(
        uow.execute(
            "INSERT INTO maintenance_windows (reason, alert_types, queues, starts_at, ends_at, planned_by) "
            "VALUES (:reason, :types, :queues, :starts_at, :ends_at, :by) RETURNING id",
            values,
        ).scalar_one()
    )
    uow.record("maintenance.planned", "maintenance_window", number, **values)
    return number


@requires(Permission.ALERTS_MANAGE, leaves="maintenance.ended")
def end(uow: UnitOfWork, window_id: int) -> None:
    """End maintenance now, or take back what has not begun. Raises NotFound when it is over already."""
    ended = uow.execute(
        "WITH going AS (SELECT id AS going_id FROM maintenance_windows WHERE id = :id AND ends_at > :now FOR UPDATE), "
        "unbegun AS (DELETE FROM maintenance_windows USING going WHERE id = going_id AND starts_at >= :now), "
        "cut AS (UPDATE maintenance_windows SET ends_at = :now FROM going WHERE id = going_id AND starts_at < :now) "
        "SELECT going_id FROM going",
        {"id": window_id, "now": uow.now},
    ).one_or_none()
    if ended is None:
        raise NotFound("maintenance", window_id)
    uow.record("maintenance.ended", "maintenance_window", window_id)


@requires(Permission.ALERTS_READ, leaves=None)
def windows(uow: UnitOfWork) -> list[Window]:
    """Maintenance that is going on or planned, the next first."""
    rows = uow.rows(
        "SELECT w.id, w.reason, w.alert_types, w.queues, w.starts_at, w.ends_at, s.full_name AS planned_by "
        "FROM maintenance_windows w LEFT JOIN staff s ON s.id = w.planned_by "
        "WHERE w.ends_at > :now ORDER BY w.starts_at, w.id",
        {"now": uow.now},
    )
    return [
        Window(**{**row._mapping, "alert_types": _words(row.alert_types), "queues": _words(row.queues)}) for row in rows
    ]


def _words(given: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)
