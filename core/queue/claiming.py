"""Taking items in hand and giving them back: claim, take next, release, and the lease a claim holds by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import Invalid
from core.permissions import Permission, requires
from core.queue import moves
from core.queue.lifecycle import Moved, Picks, lease_values, move, these
from core.queue.movement import LEASE
from core.queue.refusals import expect
from core.tables.work import OPEN
from core.uow import UnitOfWork

BY_SCORE = "-priority_score, created_at, id"
DRAFT_LENGTH = 16_000


@dataclass(frozen=True)
class NothingToTake:
    """Why take next found nothing: counts of open items that the caller cannot have just now."""

    in_other_hands: int
    deferred: int
    out_of_sight: int
    at_limit: bool
    proposed: int = 0

    @property
    def sentence(self) -> str:
        """For the reader."""
        if self.at_limit:
            return "You already hold as many items as your limit allows. Decide or release one first."
        parts = [
            (self.in_other_hands, "in other hands"),
            (self.deferred, "deferred"),
            (self.out_of_sight, "in queues you do not serve"),
            (self.proposed, "waiting for somebody else to approve what you proposed"),
        ]
        told = ", ".join(f"{count} {what}" for count, what in parts if count)
        return f"Nothing is waiting for you: {told}." if told else "Nothing is waiting: the queue is empty."


@requires(Permission.OPS_WRITE, leaves="item.claimed")
def claim(uow: UnitOfWork, item_id: int, version: int | None = None) -> Moved:
    """Take one item in hand, exclusively, for as long as the lease holds.

    Raises Conflict saying who took it and when, or what changed since `version`; NotFound.
    """
    return expect(uow, claim_all(uow, these([item_id], version)), item_id, moves.CLAIM, version)


@requires(Permission.OPS_WRITE, leaves=None)
def claim_all(uow: UnitOfWork, picks: Picks) -> list[Moved]:
    """Take the items picked in hand; those that cannot be claimed are not in the answer."""
    _need_a_person(uow)
    return move(uow, moves.CLAIM, picks)


@requires(Permission.OPS_WRITE, leaves="queue.take_next")
def claim_next(uow: UnitOfWork, queue: str | None = None) -> Moved | NothingToTake:
    """Take the best item that the caller may work on: highest score first, then oldest; never one item twice.

    Returns the item moved, or why there is none.
    """
    _need_a_person(uow)
    own = _own_limits(uow)
    taken = [] if own.at_limit else _take(uow, own.queues if queue is None else [queue], own.room)
    uow.record("queue.take_next", "queue", queue, taken=taken[0].id if taken else None)
    return taken[0] if taken else _why_nothing(uow, own)


@dataclass(frozen=True)
class _Own:
    queues: list[str]
    room: int

    @property
    def at_limit(self) -> bool:
        return self.room <= 0


def _own_limits(uow: UnitOfWork) -> _Own:
    """The queues that the caller serves, and how many more items fit into their hands."""
    me = {"me": uow.principal.staff_id}
    # First held, then counted by a statement of its own, which sees what the one we waited for has taken.
    uow.execute("SELECT FROM staff WHERE id = :me FOR NO KEY UPDATE", me)
    row = uow.execute(
        "SELECT queues, capacity - (SELECT count(*) FROM work_items WHERE assigned_to = s.id "
        "AND status = 'in_progress') AS room FROM staff s WHERE id = :me",
        me,
    ).one()
    return _Own(list(row.queues), row.room)


def _take(uow: UnitOfWork, queues: Sequence[str], room: int) -> list[Moved]:
    picks = Picks(
        "status = 'open' AND queue = ANY(:queues)",
        {"queues": list(queues)},
        order=BY_SCORE,
        limit=min(1, room),
        skip_locked=True,
    )
    return move(uow, moves.CLAIM, picks)


def _why_nothing(uow: UnitOfWork, own: _Own) -> NothingToTake:
    row = uow.execute(
        "SELECT count(*) FILTER (WHERE served AND status IN ('in_progress', 'waiting')) AS busy, "
        "count(*) FILTER (WHERE served AND status = 'deferred') AS deferred, "
        "count(*) FILTER (WHERE NOT served) AS unseen, "
        "count(*) FILTER (WHERE served AND status = 'open' AND proposed_by = :me) AS proposed "
        "FROM (SELECT status, proposed_by, queue = ANY(:queues) AS served FROM work_items "
        f"WHERE {OPEN} LIMIT 10001) AS open_items",
        {"queues": own.queues, "me": uow.principal.staff_id},
    ).one()
    return NothingToTake(row.busy, row.deferred, row.unseen, own.at_limit, row.proposed)


@requires(Permission.OPS_WRITE, leaves="item.released")
def release(uow: UnitOfWork, item_id: int, version: int | None = None) -> Moved:
    """Give an item back, its draft note kept with it. Raises Conflict unless the caller holds it."""
    return expect(uow, move(uow, moves.RELEASE, these([item_id], version)), item_id, moves.RELEASE, version)


@requires(Permission.OPS_WRITE, leaves=None)
def renew_lease(uow: UnitOfWork, item_id: int) -> datetime | None:
    """Hold on to an item that is on the caller's screen. Returns until when, or None when it is not theirs."""
    with uow.housekeeping():
        row = uow.execute(
            f"UPDATE work_items SET lease_expires_at = {LEASE} WHERE id = :id AND assigned_to = :me "
            "AND status = 'in_progress' RETURNING lease_expires_at",
            {"id": item_id, "me": uow.principal.staff_id, **lease_values(uow)},
        ).one_or_none()
    return row.lease_expires_at if row else None


@requires(Permission.OPS_WRITE, leaves=None)
def keep_draft(uow: UnitOfWork, item_id: int, text: str) -> bool:
    """Keep what the holder has typed so far with the item. Returns whether the caller still holds it."""
    if len(text) > DRAFT_LENGTH:
        raise Invalid("draft", f"has at most {DRAFT_LENGTH:,} characters")
    with uow.housekeeping():
        kept = uow.execute(
            "UPDATE work_items SET draft_note = nullif(:text, '') WHERE id = :id AND assigned_to = :me "
            "AND status IN ('in_progress', 'waiting')",
            {"id": item_id, "me": uow.principal.staff_id, "text": text},
        )
    return kept.rowcount == 1


@requires(Permission.OPS_ADMIN, leaves=None)
def expire_leases(uow: UnitOfWork, limit: int = 1000) -> int:
    """Give back the items whose lease has run out: one batch. Returns how many."""
    picks = Picks("lease_expires_at <= :now", limit=limit, skip_locked=True)
    return len(move(uow, moves.EXPIRE, picks, payload={"reason": "the lease ran out"}))


def _need_a_person(uow: UnitOfWork) -> None:
    if uow.principal.staff_id is None:
        raise Invalid("principal", "only a member of staff can hold an item")
