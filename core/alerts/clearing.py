"""Conditions that are over: their alerts resolve themselves, and those of an item follow the item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import audit
from core.tables.work import OPEN
from core.uow import UnitOfWork

_CLEAR = """
WITH cleared AS (
    UPDATE alerts a SET resolved_at = :now {source} WHERE a.resolved_at IS NULL AND {where} RETURNING a.id
), trail AS (
    INSERT INTO ops_audit_log ({columns})
    SELECT :now, :kind, :staff_id, :name, 'alert.resolved', 'alert', id::text, false, '{{}}', :ip, :agent
    FROM cleared ORDER BY id
)
SELECT count(*) FROM cleared"""

_OUTDATED = f"""a.resource_type = 'work_item' AND a.resource_id = ANY(:numbers)
    AND i.id = ANY(:ids) AND i.id::text = a.resource_id
    AND (NOT i.{OPEN}
        OR a.alert_type IN ('critical_complaint', 'high_priority_item', 'unassigned_item')
            AND i.priority <> 'critical'
        OR jsonb_exists(a.details, 'sla_deadline')
            AND (a.details ->> 'sla_deadline')::timestamptz IS DISTINCT FROM i.sla_deadline)"""


def clear(uow: UnitOfWork, conditions: Sequence[str]) -> int:
    """Resolve the alerts of these conditions; returns how many stood. Part of the action that ended them."""
    return clear_where(uow, "a.condition_key = ANY(:conditions)", {"conditions": list(conditions)})


def follow_items(uow: UnitOfWork, ids: Sequence[int]) -> int:
    """Resolve what has ceased to be so of these items: everything of those decided, whatever was said of another
    deadline than theirs now, and that they were critical. Called by the very deed that changes it; returns how many.
    """
    values = {"ids": list(ids), "numbers": [str(number) for number in ids]}
    return clear_where(uow, _OUTDATED, values, source="FROM work_items i")


def clear_where(uow: UnitOfWork, where: str, values: Mapping[str, Any], source: str = "") -> int:
    """Resolve the standing alerts (`a`) that `where` describes, in one statement; returns how many."""
    statement = _CLEAR.format(where=where, source=source, columns=audit.COLUMNS)
    bound = {**audit.actor_values(uow.principal), "now": uow.now, **values}
    count = int(uow.execute(statement, bound).scalar_one())
    uow.wrote_trail("alert.resolved", count)
    return count
