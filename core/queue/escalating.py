"""Raising the level of an item: by hand here, by the clock in `core.sla.watching`."""

from __future__ import annotations

from core.permissions import Permission, requires
from core.queue import moves
from core.queue.lifecycle import Moved, move, these
from core.queue.refusals import expect
from core.text import checked_text
from core.uow import UnitOfWork


@requires(Permission.OPS_WRITE, leaves="item.escalated")
def escalate(uow: UnitOfWork, item_id: int, reason: str, to: str | None = None, version: int | None = None) -> Moved:
    """Raise an open item's level by one, with the reason; its status and its holder stay."""
    payload = {"reason": checked_text("reason", reason, 2000)} | ({"to": to} if to else {})
    moved = move(uow, moves.ESCALATE, these([item_id], version), payload=payload)
    return expect(uow, moved, item_id, moves.ESCALATE, version)
