"""Handing out open items by themselves: by turns, or to whoever has the fewest in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from core import config
from core.permissions import Permission, requires
from core.queue import moves
from core.queue.assigning import MAY_HOLD
from core.queue.claiming import BY_SCORE
from core.queue.lifecycle import Picks, move
from core.uow import UnitOfWork
from core.words import Queue


@requires(Permission.OPS_ADMIN, leaves=None)
def auto_assign(uow: UnitOfWork, limit: int = 1000) -> int:
    """Hand out the best open items of every queue that is to do so by itself: one batch. Returns how many.

    They go to active staff who serve the queue, are present (signed in, and seen of late) and have room; never
    back to who gave an item back. Whoever has no room yet is asked again at the next round.
    """
    modes = _modes()
    present = _hold(uow, list(modes)) if modes else []
    given = 0
    for queue, mode in modes.items():
        given += _hand_out(uow, queue, mode, present, limit - given)
    return given


def _modes() -> dict[Queue, str]:
    """The queues whose items find hands by themselves, and how."""
    chosen = {queue: config.word(f"ASSIGN_{queue.upper()}") for queue in Queue}
    return {queue: mode for queue, mode in chosen.items() if mode != "none"}


@dataclass
class _Hand:
    """Somebody who may be handed items; `turn` is higher the later they were handed one last."""

    id: int
    room: int
    load: int
    turn: int
    items: list[int] = field(default_factory=list)

    def take(self, item: int, turn: int) -> None:
        self.items.append(item)
        self.room, self.load, self.turn = self.room - 1, self.load + 1, turn


def _hold(uow: UnitOfWork, queues: Sequence[str]) -> list[int]:
    """Everybody present who serves one of the queues, held until the end: nobody else fills their hands meanwhile."""
    values = {
        "queues": queues,
        "roles": list(MAY_HOLD),
        "now": uow.now,
        "since": uow.now - timedelta(minutes=config.number("PRESENT_MINUTES")),
    }
    return [row.id for row in uow.rows(_PRESENT, values)]


def _hand_out(uow: UnitOfWork, queue: str, mode: str, present: Sequence[int], limit: int) -> int:
    hands = [
        _Hand(row.id, row.room, row.load, row.turn) for row in uow.rows(_HANDS, {"present": present, "queue": queue})
    ]
    wanted = min(limit, sum(hand.room for hand in hands))
    if wanted <= 0:
        return 0
    values = {"queue": queue, "hands": [hand.id for hand in hands], "wanted": wanted}
    _deal(mode, hands, uow.rows(_WAITING, values))
    # In the order of their turns, so that the history of assignments says whose turn it is next.
    return sum(_put(uow, hand, mode) for hand in sorted(hands, key=lambda hand: hand.turn) if hand.items)


def _deal(mode: str, hands: Sequence[_Hand], waiting: Sequence[Any]) -> None:
    """Give each waiting item to the hand that comes first, of those with room that have not given it back."""
    turns = count(max(hand.turn for hand in hands) + 1)
    for item in waiting:
        able = [hand for hand in hands if hand.room > 0 and hand.id not in item.refused_by]
        if able:
            min(able, key=_ORDERS[mode]).take(item.id, next(turns))


_ORDERS: dict[str, Any] = {
    "round_robin": lambda hand: (hand.turn, hand.id),
    "least_loaded": lambda hand: (hand.load, hand.turn, hand.id),
}


def _put(uow: UnitOfWork, hand: _Hand, mode: str) -> int:
    picks = Picks("id = ANY(:ids) AND status = 'open'", {"ids": hand.items})
    payload = {"assignee": hand.id, "reason": mode.replace("_", " ")}
    return len(move(uow, moves.HAND_OUT, picks, payload=payload, assignee=hand.id))


_PRESENT = """
SELECT s.id FROM staff s
WHERE s.is_active AND NOT s.must_change_password AND s.role = ANY(:roles) AND s.queues && CAST(:queues AS text[])
  AND EXISTS (SELECT FROM staff_sessions e WHERE e.staff_id = s.id AND e.ended_at IS NULL AND e.idle_until > :now
    AND e.expires_at > :now AND e.epoch = s.session_epoch AND e.last_used_at > :since)
ORDER BY s.id FOR NO KEY UPDATE OF s
"""
# A statement of its own, begun when everybody is held: it sees what they were handed while we waited for them.
_HANDS = """
SELECT s.id, s.capacity - load AS room, load, turn
FROM staff s
CROSS JOIN LATERAL (SELECT count(*) AS load FROM work_items
  WHERE assigned_to = s.id AND status = 'in_progress') held
CROSS JOIN LATERAL (SELECT coalesce(max(id), 0) AS turn FROM work_actions
  WHERE kind = 'ASSIGN' AND payload->>'assignee' = s.id::text) handed
WHERE s.id = ANY(:present) AND :queue = ANY(s.queues) AND s.capacity > load
"""
_WAITING = f"""
SELECT id, refused_by FROM work_items i
CROSS JOIN LATERAL (SELECT ARRAY(SELECT staff_id FROM work_actions
  WHERE item_id = i.id AND kind = 'RELEASE' AND staff_id IS NOT NULL UNION ALL SELECT i.proposed_by
  WHERE i.proposed_by IS NOT NULL) AS refused_by) given_back
WHERE status = 'open' AND queue = :queue AND NOT CAST(:hands AS bigint[]) <@ refused_by
ORDER BY {BY_SCORE} LIMIT :wanted FOR NO KEY UPDATE OF i SKIP LOCKED
"""
