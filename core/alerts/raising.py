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
    the record that it is about; `details` are for programs; `rule_id` names the rule that raised it.
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
    rule_id: int | None = None


@dataclass(frozen=True)
class Raised:
    """What became of it: the alert's number, and whether it is new to its readers or one more occurrence.

    A `silent` one was raised within planned maintenance: it is kept, and nobody is disturbed with it.
    """

    id: int
    is_new: bool
    silent: bool = False


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
    "rule_id": "bigint",
}
_REFRESHED = ("severity", "title", "message", "staff_id", "for_role", "for_queue", "details", "expires_at")
_QUEUE = """coalesce(n.for_queue, (SELECT i.queue FROM work_items i
    WHERE i.id = CASE n.resource_type WHEN 'work_item' THEN n.resource_id::bigint END))"""
_SILENT = f"""EXISTS (SELECT 1 FROM maintenance_windows w WHERE w.ends_at > :now AND w.starts_at <= :now
    AND (w.alert_types IS NULL OR n.alert_type = ANY(w.alert_types))
    AND (w.queues IS NULL OR {_QUEUE} = ANY(w.queues)))"""
_RAISE = f"""
WITH news AS (
    SELECT n.*, {_SILENT} AS silent FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS n({", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
), back AS (
    SELECT alerts.id AS back_id FROM alerts JOIN news USING (condition_key)
    WHERE alerts.resolved_at IS NOT NULL OR alerts.expires_at <= :now OR alerts.silent AND NOT news.silent
), unread AS (
    DELETE FROM alert_receipts USING back WHERE alert_id = back_id
), raised AS (
    INSERT INTO alerts ({", ".join(_COLUMNS)}, silent, created_at, last_seen_at, loud_at)
    SELECT {", ".join(_COLUMNS)}, silent, :now, :now, :now FROM news ORDER BY condition_key
    ON CONFLICT (condition_key) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _REFRESHED)},
        occurrences = alerts.occurrences + excluded.occurrences,
        last_seen_at = greatest(alerts.last_seen_at, excluded.last_seen_at),
        loud_at = CASE WHEN alerts.id IN (SELECT back_id FROM back) THEN excluded.loud_at ELSE alerts.loud_at END,
        silent = excluded.silent AND (alerts.silent OR alerts.id IN (SELECT back_id FROM back)),
        resolved_at = NULL
    RETURNING id, condition_key, alert_type, silent, xmax = 0 OR id IN (SELECT back_id FROM back) AS is_new
), trail AS (
    INSERT INTO ops_audit_log ({audit.COLUMNS})
    SELECT :now, :kind, :by, :name, 'alert.raised', 'alert', id::text, false,
        jsonb_build_object('type', alert_type, 'condition', condition_key, 'new', is_new), :ip, :agent
    FROM raised ORDER BY id
)
SELECT id, condition_key, is_new, silent FROM raised"""


def raise_alerts(uow: UnitOfWork, news: Sequence[NewAlert]) -> list[Raised]:
    """Raise alerts, all in one statement; the answers stand in the order of `news`.

    A condition that stands already is counted once more and seen anew; one that had cleared or expired comes back
    unread. Raised within planned maintenance it is silent, and comes back unread when it is raised after that.
    Part of the action that found the condition, and on record with it.
    """
    if not news:
        return []
    rows = uow.rows(_RAISE, {"rows": json.dumps(_folded(news), default=str), **_actor(uow)})
    uow.wrote_trail("alert.raised", len(rows))
    found = {row.condition_key: Raised(row.id, row.is_new, row.silent) for row in rows}
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
        "rule_id": new.rule_id,
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
