"""Why an item did not move: who got there first, what changed, or what the caller lacks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.errors import Conflict, NotFound, OpsError
from core.queue.lifecycle import Moved
from core.queue.moves import Move
from core.uow import UnitOfWork
from core.words import Status

_STANDING = (
    "SELECT i.id, i.status, i.version, i.assigned_to, i.deferred_until, h.full_name AS holder, i.priority, "
    "i.resolution, d.full_name AS decided_by, i.resolved_at, i.assigned_at "
    "FROM work_items i LEFT JOIN staff h ON h.id = i.assigned_to LEFT JOIN staff d ON d.id = i.resolved_by "
    "WHERE i.id = ANY(:ids)"
)
_CHANGES = (
    "SELECT a.kind, coalesce(s.full_name, a.actor_name) AS actor_name, a.at, a.version FROM work_actions a "
    "LEFT JOIN staff s ON s.id = a.staff_id WHERE a.item_id = :id AND a.version > :version ORDER BY a.id"
)


def expect(uow: UnitOfWork, moved: list[Moved], item_id: int, what: Move, version: int | None = None) -> Moved:
    """The one item that was to move; raises what `reasons` finds when it did not."""
    if moved:
        return moved[0]
    raise reasons(uow, [item_id], what, version)[item_id]


def reasons(uow: UnitOfWork, ids: Iterable[int], what: Move, version: int | None = None) -> dict[int, OpsError]:
    """For each of `ids` that did not make the move, the refusal that says why."""
    wanted = list(ids)
    rows = {row.id: row for row in uow.rows(_STANDING, {"ids": wanted})}
    return {item: _reason(uow, rows.get(item), item, what, version) for item in wanted}


def _reason(uow: UnitOfWork, row: Any, item_id: int, what: Move, version: int | None) -> OpsError:
    if row is None:
        return NotFound("work item", item_id)
    standing = {"id": row.id, "status": row.status, "version": row.version, "holder": row.holder}
    if version is not None and row.version != version:
        return _stale(uow, row, version, standing)
    return Conflict(_sentence(uow, row, what), standing)


def _stale(uow: UnitOfWork, row: Any, version: int, standing: dict[str, Any]) -> Conflict:
    changes = uow.rows(_CHANGES, {"id": row.id, "version": version})
    told = [{"kind": change.kind, "by": change.actor_name, "at": change.at.isoformat()} for change in changes]
    last = f": {told[-1]['kind'].lower()} by {told[-1]['by']}" if told else ""
    sentence = f"Item {row.id} has changed since you opened it{last}. Look at it again before you act."
    return Conflict(sentence, standing | {"changes": told})


def _sentence(uow: UnitOfWork, row: Any, what: Move) -> str:
    status = Status(row.status)
    mine = row.assigned_to is not None and row.assigned_to == uow.principal.staff_id
    if row.resolved_at is not None:
        return f"Item {row.id} was already {status} by {row.decided_by or 'its source'} at {_clock(row.resolved_at)}."
    if status is Status.DEFERRED:
        return f"Item {row.id} is deferred until {_clock(row.deferred_until)}."
    if mine and what.action == "CLAIM":
        return f"Item {row.id} is already in your hands."
    if row.holder and not mine:
        return f"Item {row.id} was taken by {row.holder} at {_clock(row.assigned_at)}."
    if what.holder_only and not mine:
        return f"You do not hold item {row.id}: claim it first."
    return f"Item {row.id} is {status.replace('_', ' ')}, and this cannot be done to it now."


def _clock(moment: Any) -> str:
    return f"{moment:%H:%M} UTC on {moment:%d %b}" if moment else "an unknown time"
