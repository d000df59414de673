"""Telling people: one alert for one condition, however often it is raised, until the condition clears."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core import audit
from core.permissions import Role
from core.uow import UnitOfWork
from core.words import AlertType, Priority, Queue, Severity


@dataclass(frozen=True)
class Audience:
    """Who is to hear: one person, everybody of a role, whoever works a queue, or with nothing set everybody."""

    staff_id: int | None = None
    role: Role | None = None
    queue: Queue | None = None


@dataclass(frozen=True)
class NewAlert:
    """An alert to raise. Title and message hold numbers and labels, never personal data.

    `condition` names what is wrong: the same one raises no second alert. `resource` is the type and number of
    the record that it is about; `details` are for programs.
    """

    type: AlertType
    severity: Severity
    title: str
    message: str
    condition: str
    audience: Audience
    resource: tuple[str, object] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Raised:
    """What became of it: the alert's number, and whether it is new to its readers or one more occurrence."""

    id: int
    is_new: bool


_COLUMNS = {
    "alert_type": "text",
    "severity": "text",
    "title": "text",
    "message": "text",
    "resource_type": "text",
    "resource_id": "text",
    "staff_id": "bigint",
    "for_role": "text",
    "for_queue": "text",
    "details": "jsonb",
    "condition_key": "text",
    "occurrences": "int",
    "expires_at": "timestamptz",
}
_REFRESHED = ("severity", "title", "message", "staff_id", "for_role", "for_queue", "details", "expires_at")
_RAISE = f"""
WITH news AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r({", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
), back AS (
    SELECT id AS back_id FROM alerts JOIN news USING (condition_key) WHERE alerts.resolved_at IS NOT NULL
), unread AS (
    DELETE FROM alert_receipts USING back WHERE alert_id = back_id
), raised AS (
    INSERT INTO alerts ({", ".join(_COLUMNS)}, created_at, last_seen_at)
    SELECT {", ".join(_COLUMNS)}, :now, :now FROM news ORDER BY condition_key
    ON CONFLICT (condition_key) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _REFRESHED)},
        occurrences = alerts.occurrences + excluded.occurrences,
        last_seen_at = greatest(alerts.last_seen_at, excluded.last_seen_at),
        resolved_at = NULL
    RETURNING id, condition_key, alert_type, xmax = 0 OR id IN (SELECT back_id FROM back) AS is_new
), trail AS (
    INSERT INTO ops_audit_log ({audit.COLUMNS})
    SELECT :now, :kind, :by, :name, 'alert.raised', 'alert', id::text, false,
        jsonb_build_object('type', alert_type, 'condition', condition_key, 'new', is_new), :ip, :agent
    FROM raised ORDER BY id
)
SELECT id, condition_key, is_new FROM raised"""


def raise_alerts(uow: UnitOfWork, news: Sequence[NewAlert]) -> list[Raised]:
    """Raise alerts, all in one statement; the answers stand in the order of `news`.

    A condition that stands already is counted once more and seen anew; one that had cleared comes back unread.
    Part of the action that found the condition, and on record with it.
    """
    if not news:
        return []
    rows = uow.rows(_RAISE, {"rows": json.dumps(_folded(news), default=str), **_actor(uow)})
    uow.wrote_trail("alert.raised", len(rows))
    found = {row.condition_key: Raised(row.id, row.is_new) for row in rows}
    return [found[new.condition] for new in news]


def _actor(uow: UnitOfWork) -> dict[str, Any]:
    values = audit.actor_values(uow.principal)
    return {"by": values.pop("staff_id"), "now": uow.now, **values}


def _folded(news: Sequence[NewAlert]) -> list[dict[str, Any]]:
    """One row for each condition: the last that was said of it, and how often it was."""
    rows: dict[str, dict[str, Any]] = {}
    for new in news:
        times = rows[new.condition]["occurrences"] if new.condition in rows else 0
        rows[new.condition] = _row(new) | {"occurrences": times + 1}
    return list(rows.values())


def _row(new: NewAlert) -> dict[str, Any]:
    kind, number = new.resource or (None, None)
    return {
        "alert_type": new.type,
        "severity": new.severity,
        "title": new.title,
        "message": new.message,
        "resource_type": kind,
        "resource_id": None if number is None else str(number),
        "staff_id": new.audience.staff_id,
        "for_role": new.audience.role,
        "for_queue": new.audience.queue,
        "details": new.details,
        "condition_key": new.condition,
        "expires_at": new.expires_at,
    }


def raise_if_critical(uow: UnitOfWork, ids: Sequence[int]) -> list[Raised]:
    """Alert whoever works the queue of each of these items that is an open critical complaint: called by the very
    deed that opens it or makes it critical."""
    rows = uow.rows(
        "SELECT id, queue, sla_deadline FROM work_items WHERE id = ANY(:ids) AND item_type = 'complaint' "
        "AND priority = :critical AND resolved_at IS NULL ORDER BY id",
        {"ids": list(ids), "critical": Priority.CRITICAL},
    )
    return raise_alerts(uow, [critical_complaint(row) for row in rows])


def critical_complaint(row: Any) -> NewAlert:
    """The alert about one critical complaint's item (a row with id, queue, sla_deadline)."""
    due = f"It is due {row.sla_deadline:%Y-%m-%d %H:%M} UTC." if row.sla_deadline else "It has no deadline."
    return NewAlert(
        AlertType.CRITICAL_COMPLAINT,
        Severity.CRITICAL,
        f"Critical complaint #{row.id}",
        due,
        f"critical_complaint|work_item|{row.id}",
        Audience(queue=Queue(row.queue)),
        resource=("work_item", row.id),
        details={"item_id": row.id},
    )
