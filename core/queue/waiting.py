"""Waiting for an answer, and going on when it has come."""

from __future__ import annotations

from core.errors import Invalid
from core.permissions import Permission, requires
from core.queue import moves
from core.queue.lifecycle import Moved, move, these
from core.queue.refusals import expect
from core.sla import deadlines
from core.uow import UnitOfWork
from core.words import WaitingOn


@requires(Permission.OPS_WRITE, leaves="item.waiting")
def wait_on(uow: UnitOfWork, item_id: int, whom: str, note: str = "", version: int | None = None) -> Moved:
    """Set an item aside until a customer, colleague or supplier answers; it stays in the holder's hands.

    Whether the SLA clock stands meanwhile is the policy's word. Raises Invalid, Conflict.
    """
    if whom not in set(WaitingOn):
        raise Invalid("waiting_on", f"is one of {', '.join(WaitingOn)}")
    payload = {"waiting_on": whom, "note": note, "reason": f"waiting on {whom}"}
    moved = move(uow, moves.WAIT, these([item_id], version), payload=payload, waiting_on=whom)
    item = expect(uow, moved, item_id, moves.WAIT, version)
    deadlines.recompute(uow, [item_id])
    return item


@requires(Permission.OPS_WRITE, leaves="item.resumed")
def resume(uow: UnitOfWork, item_id: int, version: int | None = None) -> Moved:
    """Go on with an item that waited. A process may do so for its holder when an answer has arrived."""
    by_holder = uow.principal.staff_id is not None
    moved = move(uow, moves.RESUME, these([item_id], version), by_holder=by_holder)
    item = expect(uow, moved, item_id, moves.RESUME, version)
    deadlines.recompute(uow, [item_id])
    return item
