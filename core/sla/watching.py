"""Watching the deadlines: who is told when they near and when they pass, and what goes up a level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from core import config
from core.alerts.clearing import clear, clear_where
from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.permissions import Permission, Role, requires
from core.pii import cut, scrub
from core.queue import moves
from core.queue.lifecycle import Picks, move
from core.resolutions.declaring import item_type
from core.settings import settings
from core.tables.customers import COMPLAINT_OPEN
from core.tables.work import NOTICE, OPEN, UNTOLD
from core.uow import UnitOfWork
from core.words import AlertType, Priority, Queue, Severity, Status

BATCH = 1000
_HOLDER = "(SELECT s.id FROM staff s WHERE s.id = {}.assigned_to AND s.is_active) AS holder"

_ITEMS = f"""
WITH due AS (
    SELECT id AS due_id FROM work_items WHERE {UNTOLD} AND ({NOTICE}) <= :now
    ORDER BY ({NOTICE}), id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE work_items i SET sla_told = CASE WHEN sla_deadline <= :now THEN sla_deadline ELSE at_risk_at END
FROM due WHERE i.id = due_id
RETURNING 'work_item' AS kind, i.id, i.item_type, i.queue, i.priority, i.sla_deadline AS due_at,
    i.sla_deadline <= :now AS late, {_HOLDER.format("i")}"""

_COMPLAINTS = f"""
WITH due AS (
    SELECT id AS due_id FROM complaints
    WHERE {COMPLAINT_OPEN} AND late_told_for IS DISTINCT FROM resolution_due_at AND resolution_due_at <= :risky
        AND (resolution_due_at <= :now OR risk_told_for IS DISTINCT FROM resolution_due_at)
    ORDER BY resolution_due_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE complaints c SET risk_told_for = resolution_due_at,
    late_told_for = CASE WHEN resolution_due_at <= :now THEN resolution_due_at ELSE late_told_for END
FROM due WHERE c.id = due_id
RETURNING 'complaint' AS kind, c.id, 'complaint' AS item_type, 'customer' AS queue, c.priority,
    c.resolution_due_at AS due_at, c.resolution_due_at <= :now AS late, {_HOLDER.format("c")},
    EXISTS (SELECT 1 FROM work_items w WHERE w.resource_type = 'complaint' AND w.resource_id = c.id::text
        AND w.{OPEN}) AS has_item"""

_SETTLED_COMPLAINTS = f"""a.resource_type = 'complaint'
    AND c.id = CASE a.resource_type WHEN 'complaint' THEN a.resource_id::bigint END
    AND (NOT c.{COMPLAINT_OPEN} OR (a.details ->> 'sla_deadline')::timestamptz IS DISTINCT FROM c.resolution_due_at)"""


@requires(Permission.OPS_ADMIN, leaves=None)
def check_sla(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Tell of each item and complaint once when it is at risk and once when it is late: one batch.

    The holder is told, else everybody who serves the queue. Returns how many were told of; call again while it is
    `limit` or more. A complaint that has an open item is told of through its item.
    """
    clear_where(uow, _SETTLED_COMPLAINTS, {}, source="FROM complaints c")
    bound = {"now": uow.now, "risky": uow.now + config.sla_buffer(), "limit": limit}
    with uow.housekeeping():  # that something was told is on record with the alert
        items, complaints = uow.rows(_ITEMS, bound), uow.rows(_COMPLAINTS, bound)
    told = [*items, *(row for row in complaints if not row.has_item)]
    if told:
        clear(uow, [_condition(AlertType.SLA_AT_RISK, row) for row in told if row.late])
        raise_alerts(uow, [_notice(row) for row in told])
    return len(items) + len(complaints)


@requires(Permission.OPS_ADMIN, leaves=None)
def due_notice(uow: UnitOfWork) -> datetime | None:
    """The earliest moment (UTC) by now at which an item came to be at risk or late without anybody being told; None
    when there is none."""
    query = f"SELECT ({NOTICE}) FROM work_items WHERE {UNTOLD} AND ({NOTICE}) <= :now ORDER BY ({NOTICE}), id LIMIT 1"
    found: datetime | None = uow.execute(query, {"now": uow.now}).scalar_one_or_none()
    return found


@requires(Permission.OPS_ADMIN, leaves=None)
def escalate_breaches(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Raise every open item that is past its deadline and at level 0 to level 1, in somebody's hands or not: one batch.

    Whoever is on call for its queue is told, else the managers. Returns how many went up; call again while it is
    `limit`.
    """
    late = Picks(
        "escalation_level = 0 AND sla_deadline <= :now", order="sla_deadline, id", limit=limit, skip_locked=True
    )
    moved = move(uow, moves.ESCALATE, late, payload={"reason": "past its deadline"})
    if moved:
        raise_alerts(uow, _escalated(uow, [item.id for item in moved]))
    return len(moved)


def _condition(kind: AlertType, row: Any) -> str:
    return f"{kind}|{row.kind}|{row.id}|{row.due_at.isoformat()}"


def _notice(row: Any) -> NewAlert:
    kind, severity, state, due = (
        (AlertType.SLA_BREACH, Severity.CRITICAL, "past its deadline", "It was due")
        if row.late
        else (AlertType.SLA_AT_RISK, Severity.WARNING, "near its deadline", "It is due")
    )
    return NewAlert(
        kind,
        severity,
        f"{item_type(row.item_type).label} #{row.id} is {state}",
        f"{due} {_moment(row.due_at)}. {row.priority.capitalize()} priority.",
        _condition(kind, row),
        Audience(staff_id=row.holder) if row.holder else Audience(queue=Queue(row.queue)),
        resource=(row.kind, row.id),
        details=_facts(row),
    )


def _facts(row: Any) -> dict[str, Any]:
    return {
        "item_id": row.id,
        "item_type": row.item_type,
        "priority": row.priority,
        "sla_deadline": row.due_at.isoformat(),
    }


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


_ADVICE = {
    Status.OPEN: "Nobody has it: claim it and decide it now.",
    Status.DEFERRED: "It was put off beyond its deadline: take it up now.",
    Status.IN_PROGRESS: "Ask its holder what is missing, or have it taken over.",
    Status.WAITING: "Ask for the answer it waits for, or decide without it.",
}
_LATE = (
    "SELECT 'work_item' AS kind, id, item_type, queue, priority, status, reason, sla_deadline AS due_at "
    "FROM work_items WHERE id = ANY(:ids) ORDER BY id"
)


def _escalated(uow: UnitOfWork, ids: Sequence[int]) -> list[NewAlert]:
    on_call = _on_call(uow)
    return [_escalation(uow, row, on_call) for row in uow.rows(_LATE, {"ids": list(ids)})]


def _on_call(uow: UnitOfWork) -> dict[str | None, int]:
    """Who is on call now, by queue; under None who is for all queues."""
    rows = uow.rows(
        "SELECT o.queue, o.staff_id FROM oncall_shifts o JOIN staff s ON s.id = o.staff_id AND s.is_active "
        "WHERE o.starts_at <= :now AND o.ends_at > :now ORDER BY o.starts_at, o.id",
        {"now": uow.now},
    )
    return {row.queue: row.staff_id for row in rows}


def _escalation(uow: UnitOfWork, row: Any, on_call: dict[str | None, int]) -> NewAlert:
    person = on_call.get(row.queue, on_call.get(None))
    payload = breach_payload(row, uow.now)
    return NewAlert(
        AlertType.MANUAL_RESOLUTION_SLA_BREACH,
        Severity.CRITICAL if row.priority == Priority.CRITICAL else Severity.WARNING,
        f"{item_type(row.item_type).label} #{row.id} was escalated: {payload['breach_duration_hours']:,.1f} h late",
        f"It was due {_moment(row.due_at)}. {payload['recommended_action']}",
        _condition(AlertType.MANUAL_RESOLUTION_SLA_BREACH, row),
        Audience(staff_id=person) if person else Audience(role=Role.MANAGER),
        resource=("work_item", row.id),
        details=payload,
    )


def breach_payload(row: Any, now: datetime) -> dict[str, Any]:
    """What people and programs are told of an item past its deadline. The item's own reason is scrubbed."""
    return {
        "alert_type": AlertType.MANUAL_RESOLUTION_SLA_BREACH.value,
        **_facts(row),
        "breach_duration_hours": round((now - row.due_at) / timedelta(hours=1), 2),
        "reason": cut(scrub(row.reason)),
        "recommended_action": _ADVICE[Status(row.status)],
        "queue_url": f"{settings().address}/queue?item={row.id}",
    }
