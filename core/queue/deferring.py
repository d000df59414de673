"""Putting items off until a moment, and waking them when it has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.clock import checked_moment
from core.errors import Invalid
from core.permissions import Permission, requires
from core.queue import moves
from core.queue.lifecycle import Moved, Picks, move, these
from core.queue.refusals import expect
from core.uow import UnitOfWork

LONGEST = timedelta(days=90)


@requires(Permission.OPS_WRITE, leaves="item.deferred")
def defer(uow: UnitOfWork, item_id: int, until: datetime, reason: str = "", version: int | None = None) -> Moved:
    """Put an item off until `until`, at most 90 days ahead. The SLA clock goes on. Raises Invalid, Conflict."""
    return expect(uow, defer_all(uow, these([item_id], version), until, reason), item_id, moves.DEFER, version)


@requires(Permission.OPS_WRITE, leaves=None)
def defer_all(uow: UnitOfWork, picks: Picks, until: datetime, reason: str = "") -> list[Moved]:
    """Put the items picked off until `until`; those that cannot move are not in the answer. Raises Invalid."""
    moment = check_until(uow, until)
    payload = {"until": moment.isoformat(), "reason": reason or None}
    return move(uow, moves.DEFER, picks, payload=payload, until=moment)


def check_until(uow: UnitOfWork, until: datetime) -> datetime:
    """The moment in UTC; raises Invalid unless it lies ahead and within 90 days."""
    moment = checked_moment("until", until)
    if not uow.now < moment <= uow.now + LONGEST:
        raise Invalid("until", "lies in the future and within 90 days")
    return moment


@requires(Permission.OPS_ADMIN, leaves=None)
def wake_deferred(uow: UnitOfWork, limit: int = 1000) -> int:
    """Reopen the deferred items whose time has come: one batch. Returns how many."""
    return len(move(uow, moves.WAKE, Picks("deferred_until <= :now", limit=limit, skip_locked=True)))
