"""Moving work items: the one guarded statement that changes them, with its history, clock events and trail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from core import audit, config
from core.queue.movement import Move
from core.resolutions.declaring import answered_by_reply, own_leases
from core.uow import UnitOfWork
from core.words import Priority, Status


@dataclass(frozen=True)
class Picks:
    """Which items are to move: a condition over `work_items`, how many at most, whether locked ones are passed by."""

    where: str
    values: Mapping[str, Any] = field(default_factory=dict)
    order: str = "id"
    limit: int | None = None
    skip_locked: bool = False


def these(ids: Sequence[int], version: int | None = None) -> Picks:
    """The items with these ids; with `version`, only while nobody has changed them since."""
    where = "id = ANY(:ids)" + ("" if version is None else " AND version = :version")
    return Picks(where, {"ids": list(ids), "version": version})


@dataclass(frozen=True)
class Moved:
    """One item after its move, and what it was before."""

    id: int
    version: int
    status: Status
    was: Status
    item_type: str
    queue: str
    priority: Priority
    cycle: int
    holder_before: int | None
    holder: int | None


def move(
    uow: UnitOfWork,
    what: Move,
    picks: Picks,
    *,
    payload: Mapping[str, Any] | None = None,
    **values: Any,
) -> list[Moved]:
    """Carry out `what` on the items picked that are where it starts from; who is not in the answer did not move.

    One statement changes the items and appends history, clock events and audit rows. `payload` goes into the
    history of each; `values` are what the move's assignments and guard name.
    """
    bound = {
        **audit.actor_values(uow.principal),
        **_usual(uow),
        **picks.values,
        **values,
        "payload": json.dumps(payload or {}, default=str),
        "reason": (payload or {}).get("reason"),
        "limit": picks.limit,
    }
    rows = uow.rows(_statement(what, picks.where, picks.order, picks.limit is not None, picks.skip_locked), bound)
    uow.wrote_trail(what.audit, len(rows))
    return [_moved(row) for row in rows]


def _usual(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "actor_id": uow.principal.staff_id,
        **lease_values(uow),
        "answered_by_reply": list(answered_by_reply()),
    }


def lease_values(uow: UnitOfWork) -> dict[str, Any]:
    """What `movement.LEASE` names."""
    return {"now": uow.now, "leases": json.dumps(own_leases()), "lease": str(int(config.number("LEASE_MINUTES")))}


def _moved(row: Any) -> Moved:
    return Moved(
        row.id,
        row.version,
        Status(row.status),
        Status(row.was),
        row.item_type,
        row.queue,
        Priority(row.priority),
        row.sla_cycle,
        row.holder_before,
        row.assigned_to,
    )


@cache
def _statement(what: Move, where: str, order: str, limited: bool, skip_locked: bool) -> str:
    leaves = ", ".join(f"'{status}'" for status in what.leaves)
    held = "assigned_to = :actor_id" if what.holder_only else "true"
    sets = dict(what.sets) | ({"status": f"'{what.arrives}'"} if what.arrives else {})
    assignments = ", ".join(f"{column} = {value}" for column, value in sets.items())
    return f"""
WITH picked AS (
    SELECT id AS picked_id, status AS was, assigned_to AS holder_before, first_responded_at AS responded_before
    FROM work_items
    WHERE {where} AND status IN ({leaves}) AND {held} AND {what.guard} AND {what.pending}
    ORDER BY {order} {"LIMIT :limit" if limited else ""}
    FOR NO KEY UPDATE {"SKIP LOCKED" if skip_locked else ""}
), moved AS (
    UPDATE work_items SET {assignments}, version = version + 1, updated_at = :now
    FROM picked WHERE id = picked_id
    RETURNING work_items.*, was, holder_before, responded_before
), history AS (
    INSERT INTO work_actions
        (item_id, kind, at, actor_kind, staff_id, actor_name, status_before, status_after, version, payload)
    SELECT id, '{what.action}', :now, :kind, :staff_id, :name, was, status, version, CAST(:payload AS jsonb)
    FROM moved ORDER BY id
), ticks AS (
    INSERT INTO clock_events (item_id, kind, at, cycle, reason)
    {_ticks(what)}
), trail AS (
    INSERT INTO ops_audit_log ({audit.COLUMNS})
    SELECT :now, :kind, :staff_id, :name, '{what.audit}', 'work_item', id::text, false,
        jsonb_build_object('from', was, 'to', status, 'version', version), :ip, :agent
    FROM moved ORDER BY id
)
SELECT id, version, status, was, item_type, queue, priority, sla_cycle, holder_before, assigned_to
FROM moved ORDER BY {order}"""


def _ticks(what: Move) -> str:
    """What the SLA clocks hear: the move's own event, and the first response where this move was it."""
    responded = (
        "SELECT id, 'respond', first_responded_at, sla_cycle, NULL FROM moved "
        "WHERE responded_before IS NULL AND first_responded_at IS NOT NULL"
    )
    if what.clock is None:
        return responded
    own = f"SELECT id, '{what.clock}', :now, sla_cycle, :reason FROM moved"
    return f"{responded} UNION ALL {own}"
