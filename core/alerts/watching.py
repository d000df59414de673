"""Conditions that the clock looks for: critical work, critical work that nobody takes, and hands that are too full."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core import config
from core.alerts.clearing import clear_where
from core.alerts.raising import Audience, NewAlert, critical_complaint, raise_alerts
from core.permissions import Permission, Role, requires
from core.resolutions.declaring import item_type
from core.tables.work import OPEN
from core.uow import UnitOfWork
from core.words import AlertType, Queue, Severity

BATCH = 1000
_NOT_TOLD = (
    "NOT EXISTS (SELECT 1 FROM alerts a WHERE a.condition_key = {} || '|work_item|' || i.id AND a.resolved_at IS NULL)"
)
_CRITICAL = f"""
SELECT id, item_type, queue, sla_deadline FROM work_items i
WHERE {OPEN} AND priority = 'critical'
    AND {_NOT_TOLD.format("CASE item_type WHEN 'complaint' THEN 'critical_complaint' ELSE 'high_priority_item' END")}
ORDER BY id LIMIT :limit"""
_UNASSIGNED = f"""
SELECT id, item_type, queue, since FROM work_items i, LATERAL (
    SELECT coalesce(max(at), i.created_at) AS since FROM work_actions w
    WHERE w.item_id = i.id AND w.status_after = 'open' AND w.status_before <> 'open'
) s
WHERE status = 'open' AND priority = 'critical' AND created_at <= :before AND since <= :before
    AND {_NOT_TOLD.format("'unassigned_item'")}
ORDER BY id LIMIT :limit"""
_ASSIGNED = """a.alert_type = 'unassigned_item' AND a.resource_type = 'work_item' AND NOT EXISTS (
    SELECT 1 FROM work_items i
    WHERE i.id = a.resource_id::bigint AND i.status = 'open' AND i.priority = 'critical')"""
_LOADED = f"""
SELECT s.id, s.username, count(*) AS held FROM work_items i JOIN staff s ON s.id = i.assigned_to
WHERE i.{OPEN} GROUP BY s.id HAVING count(*) >= :threshold ORDER BY s.id"""


@requires(Permission.OPS_ADMIN, leaves=None)
def check_critical(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Tell those who serve the queue of every open critical item that they have not been told of: one batch.

    Critical complaints are told of when they come; this finds whatever came another way. Returns how many.
    """
    found = uow.rows(_CRITICAL, {"limit": limit})
    raise_alerts(
        uow, [critical_complaint(row) if row.item_type == "complaint" else _high_priority(row) for row in found]
    )
    return len(found)


@requires(Permission.OPS_ADMIN, leaves=None)
def check_unassigned(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Tell the managers of critical items that nobody has had in hand for too long: one batch. Returns how many."""
    clear_where(uow, _ASSIGNED, {})
    minutes = int(config.number("UNASSIGNED_MINUTES"))
    found = uow.rows(_UNASSIGNED, {"before": uow.now - timedelta(minutes=minutes), "limit": limit})
    raise_alerts(uow, [_unassigned(row, minutes) for row in found])
    return len(found)


@requires(Permission.OPS_ADMIN, leaves=None)
def check_workload(uow: UnitOfWork) -> int:
    """Tell whoever holds too many items, and the managers; returns how many people do."""
    found = uow.rows(_LOADED, {"threshold": int(config.number("WORKLOAD_THRESHOLD"))})
    standing = [f"high_workload|staff|{row.id}|{whom}" for row in found for whom in ("own", "managers")]
    clear_where(uow, "a.alert_type = 'high_workload' AND a.condition_key <> ALL(:standing)", {"standing": standing})
    told = {
        row.condition_key
        for row in uow.rows(
            "SELECT condition_key FROM alerts WHERE condition_key = ANY(:standing) AND resolved_at IS NULL",
            {"standing": standing},
        )
    }
    raise_alerts(uow, [new for row in found for new in _loaded(row) if new.condition not in told])
    return len(found)


def _high_priority(row: Any) -> NewAlert:
    return NewAlert(
        AlertType.HIGH_PRIORITY_ITEM,
        Severity.WARNING,
        f"{item_type(row.item_type).label} #{row.id} is critical",
        "It goes before everything else in its queue.",
        f"high_priority_item|work_item|{row.id}",
        Audience(queue=Queue(row.queue)),
        resource=("work_item", row.id),
        details={"item_id": row.id},
    )


def _unassigned(row: Any, minutes: int) -> NewAlert:
    return NewAlert(
        AlertType.UNASSIGNED_ITEM,
        Severity.CRITICAL,
        f"{item_type(row.item_type).label} #{row.id} is critical and nobody has it",
        f"It has lain unclaimed for more than {minutes} minutes, since {row.since:%Y-%m-%d %H:%M} UTC.",
        f"unassigned_item|work_item|{row.id}",
        Audience(role=Role.MANAGER),
        resource=("work_item", row.id),
        details={"item_id": row.id, "unassigned_since": row.since.isoformat()},
    )


def _loaded(row: Any) -> list[NewAlert]:
    said = {
        "own": ("You hold {} items", Audience(staff_id=row.id)),
        "managers": (f"{row.username} holds {{}} items", Audience(role=Role.MANAGER)),
    }
    return [
        NewAlert(
            AlertType.HIGH_WORKLOAD,
            Severity.WARNING,
            title.format(row.held),
            "Consider releasing some, or assigning them to others.",
            f"high_workload|staff|{row.id}|{whom}",
            audience,
            resource=("staff", row.id),
            details={"staff_id": row.id, "held": row.held},
        )
        for whom, (title, audience) in said.items()
    ]
