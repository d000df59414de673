"""What this person may do to this item now: read off the table of moves and the verbs' own permissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from core import config
from core.permissions import Principal
from core.queue import approving, assigning, claiming, deciding, deferring, escalating, moves, noting, waiting
from core.queue.inbox import QueueRow
from core.queue.movement import Move
from core.words import Status


class Deed(StrEnum):
    """One thing that can be done to an item; each is one verb."""

    CLAIM = "claim"
    TAKE_OVER = "take_over"
    RESUME = "resume"
    DECIDE = "decide"
    REJECT = "reject"
    RELEASE = "release"
    WAIT = "wait"
    DEFER = "defer"
    ESCALATE = "escalate"
    PRIORITY = "priority"
    ASSIGN = "assign"
    COMMENT = "comment"
    REOPEN = "reopen"
    UNDO = "undo"
    APPROVE = "approve"
    SEND_BACK = "send_back"


Condition = Callable[[Principal, QueueRow, datetime], bool]


@dataclass(frozen=True)
class _Way:
    """A deed's verb, the move it makes (None: it makes none), and what its guard in SQL says in Python."""

    verb: Any
    move: Move | None
    also: Condition = lambda _me, _item, _now: True


def _is_holder(me: Principal, item: QueueRow, _now: datetime) -> bool:
    return item.assigned_to is not None and item.assigned_to == me.staff_id


def _has_come(_me: Principal, item: QueueRow, now: datetime) -> bool:
    return (item.deferred_until is None or item.deferred_until <= now) and not _is_own_proposal(_me, item, now)


def _is_free_or_mine(me: Principal, item: QueueRow, now: datetime) -> bool:
    return item.status is Status.OPEN or _is_holder(me, item, now)


def _is_anothers(me: Principal, item: QueueRow, _now: datetime) -> bool:
    is_anothers = item.assigned_to is not None and item.assigned_to != me.staff_id
    return is_anothers and not _is_own_proposal(me, item, _now)


def _is_own_proposal(me: Principal, item: QueueRow, _now: datetime) -> bool:
    return item.proposed_by is not None and item.proposed_by == me.staff_id


def _is_anothers_proposal(me: Principal, item: QueueRow, _now: datetime) -> bool:
    return item.proposed_by is not None and item.proposed_by != me.staff_id


def _is_fresh_and_mine(me: Principal, item: QueueRow, now: datetime) -> bool:
    until = undo_until(item)
    return item.resolved_by is not None and item.resolved_by == me.staff_id and until is not None and now < until


_WAYS = {
    Deed.CLAIM: _Way(claiming.claim, moves.CLAIM, _has_come),
    Deed.TAKE_OVER: _Way(assigning.take_over, moves.ASSIGN, _is_anothers),
    Deed.RESUME: _Way(waiting.resume, moves.RESUME, _is_holder),
    Deed.DECIDE: _Way(deciding.decide, moves.RESOLVE),
    Deed.REJECT: _Way(deciding.reject, moves.REJECT),
    Deed.RELEASE: _Way(claiming.release, moves.RELEASE),
    Deed.WAIT: _Way(waiting.wait_on, moves.WAIT),
    Deed.DEFER: _Way(deferring.defer, moves.DEFER, _is_free_or_mine),
    Deed.ESCALATE: _Way(escalating.escalate, moves.ESCALATE),
    Deed.PRIORITY: _Way(noting.change_priority, moves.REPRIORITISE),
    Deed.ASSIGN: _Way(assigning.assign, moves.ASSIGN),
    Deed.COMMENT: _Way(noting.comment, None),
    Deed.REOPEN: _Way(deciding.reopen, moves.REOPEN),
    Deed.UNDO: _Way(deciding.undo, moves.UNDO, _is_fresh_and_mine),
    Deed.APPROVE: _Way(approving.approve, moves.SEND_BACK, _is_anothers_proposal),
    Deed.SEND_BACK: _Way(approving.send_back, moves.SEND_BACK, _is_anothers_proposal),
}


def offered(me: Principal, item: QueueRow, now: datetime) -> tuple[Deed, ...]:
    """The deeds that `me` may do to `item` as it stands at `now`, in the order of a screen.

    A kindness to the reader: the verbs refuse the same things by the same moves and permissions.
    """
    return tuple(deed for deed, way in _WAYS.items() if _is_open(way, me, item, now))


def undo_until(item: QueueRow) -> datetime | None:
    """Until when the decision on an item can be taken back by whoever made it; None while it has none."""
    return None if item.resolved_at is None else item.resolved_at + timedelta(seconds=config.number("UNDO_SECONDS"))


def _is_open(way: _Way, me: Principal, item: QueueRow, now: datetime) -> bool:
    """Whether the principal may, the move starts from where the item is, and its holder rule and guard agree."""
    if way.move is moves.UNDO and is_under_way(item):
        way = replace(way, move=moves.RECALL, also=_is_holder)
    elif way.move is moves.UNDO and _is_own_proposal(me, item, now):
        is_held = item.status not in moves.WITHDRAW.leaves
        way = replace(way, move=moves.WITHDRAW_UNSEEN if is_held else moves.WITHDRAW, also=_is_own_proposal)
    may = me.staff_id is not None and any(me.may(permission) for permission in way.verb.__declared__.any_of)
    if not may or way.move is None:
        return may
    starts = item.status in way.move.leaves and (not way.move.holder_only or _is_holder(me, item, now))
    is_free = way.move.pending == "true" or way.move.under_way == is_under_way(item)
    return starts and is_free and way.also(me, item, now)


def is_under_way(item: QueueRow) -> bool:
    """Whether what was decided is being carried out in the world outside: `movement.UNDER_WAY` in Python."""
    return item.status is Status.IN_PROGRESS and item.resolution is not None
