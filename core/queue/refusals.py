"""Why an item did not move: who got there first, what changed, or what the caller lacks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from core.errors import Conflict, NotFound, OpsError
from core.queue.lifecycle import Moved
from core.queue.movement import Move
from core.uow import UnitOfWork
from core.words import Status

_STANDING = (
    "SELECT i.id, i.status, i.version, i.assigned_to, i.deferred_until, h.full_name AS holder, i.priority, "
    "i.resolution, d.full_name AS decided_by, i.resolved_at, i.assigned_at, i.proposed_by, p.full_name AS proposer "
    "FROM work_items i LEFT JOIN staff h ON h.id = i.assigned_to LEFT JOIN staff d ON d.id = i.resolved_by "
    "LEFT JOIN staff p ON p.id = i.proposed_by WHERE i.id = ANY(:ids)"
)
_CHANGES = (
    "SELECT a.item_id, a.kind, coalesce(s.full_name, a.actor_name) AS actor_name, a.at FROM work_actions a "
    "LEFT JOIN staff s ON s.id = a.staff_id WHERE a.item_id = ANY(:ids) "
    "AND a.version > (CAST(:versions AS jsonb) ->> a.item_id::text)::int ORDER BY a.id"
)


def expect(uow: UnitOfWork, moved: list[Moved], item_id: int, what: Move, version: int | None = None) -> Moved:
    """The one item that was to move; raises what `reasons` finds when it did not."""
    if moved:
        return moved[0]
    raise reasons(uow, [item_id], what, {item_id: version})[item_id]


def reasons(uow: UnitOfWork, ids: Iterable[int], what: Move, versions: Mapping[int, int | None]) -> dict[int, OpsError]:
    """For each of `ids` that did not make the move, the refusal that says why: two statements, however many.

    `versions` are those that the caller had seen, where that matters.
    """
    wanted = list(ids)
    rows = {row.id: row for row in uow.rows(_STANDING, {"ids": wanted})}
    stale = {item: seen for item, row in rows.items() if (seen := versions.get(item)) not in {None, row.version}}
    changes = _changes(uow, stale)
    return {item: _reason(uow, rows.get(item), item, what, changes.get(item)) for item in wanted}


def _changes(uow: UnitOfWork, stale: Mapping[int, int | None]) -> dict[int, list[Any]]:
    """What happened to each of these items since the version that was seen."""
    found: dict[int, list[Any]] = {item: [] for item in stale}
    values = {"ids": list(stale), "versions": json.dumps(stale)}
    for row in uow.rows(_CHANGES, values) if stale else ():
        found[row.item_id].append(row)
    return found


def _reason(uow: UnitOfWork, row: Any, item_id: int, what: Move, changes: list[Any] | None) -> OpsError:
    if row is None:
        return NotFound("work item", item_id)
    standing = {"id": row.id, "status": row.status, "version": row.version, "holder": row.holder}
    if changes is not None:
        return _stale(row, changes, standing)
    return Conflict(_sentence(uow, row, what), standing)


def _stale(row: Any, changes: list[Any], standing: dict[str, Any]) -> Conflict:
    told = [{"kind": change.kind, "by": change.actor_name, "at": change.at.isoformat()} for change in changes]
    last = f": {told[-1]['kind'].lower()} by {told[-1]['by']}" if told else ""
    sentence = f"Item {row.id} has changed since you opened it{last}. Look at it again before you act."
    return Conflict(sentence, standing | {"changes": told})


def _sentence(uow: UnitOfWork, row: Any, what: Move) -> str:
    status = Status(row.status)
    mine = row.assigned_to is not None and row.assigned_to == uow.principal.staff_id
    if row.resolved_at is not None:
        return f"Item {row.id} was already {status} by {row.decided_by or 'its source'} at {_clock(row.resolved_at)}."
    if told := _proposed(uow, row, what):
        return told
    if status is Status.DEFERRED:
        return f"Item {row.id} is deferred until {_clock(row.deferred_until)}."
    if row.holder:
        return _held(row, mine, what)
    if what.holder_only and not mine:
        return f"You do not hold item {row.id}: claim it first."
    return f"Item {row.id} is {status.replace('_', ' ')}, and this cannot be done to it now."


def _proposed(uow: UnitOfWork, row: Any, what: Move) -> str | None:
    """What a proposal, or the want of one, has to do with it."""
    is_own = row.proposed_by is not None and row.proposed_by == uow.principal.staff_id
    is_assigned = what.action == "ASSIGN" and row.proposed_by is not None and Status(row.status) in what.leaves
    if is_assigned or (what.action == "CLAIM" and is_own and row.holder is None):
        return f"The decision on item {row.id} was proposed by {row.proposer}: somebody else must approve it."
    if what.action == "SEND_BACK" and row.proposed_by is None:
        return f"Nothing is proposed for item {row.id} any more."
    return None


def _held(row: Any, mine: bool, what: Move) -> str:
    if row.resolution is not None:
        return f"Item {row.id} is decided, and the decision is being carried out: it cannot be changed meanwhile."
    if not mine:
        return f"Item {row.id} was taken by {row.holder} at {_clock(row.assigned_at)}."
    if what.action == "CLAIM":
        return f"Item {row.id} is already in your hands."
    return f"Item {row.id} is {Status(row.status).replace('_', ' ')}, and this cannot be done to it now."


def _clock(moment: Any) -> str:
    return f"{moment:%H:%M} UTC on {moment:%d %b}" if moment else "an unknown time"
