"""Words and weights: comments, and changes of priority."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core import audit
from core.alerts.raising import raise_if_critical
from core.errors import Invalid, NotFound
from core.permissions import Permission, requires
from core.queue import moves, priority
from core.queue.lifecycle import Moved, Picks, move, these
from core.queue.refusals import expect
from core.sla import deadlines
from core.text import checked_text
from core.uow import UnitOfWork
from core.words import Priority

COMMENT_LENGTH = 16_000


@requires(Permission.OPS_WRITE, leaves="item.commented")
def comment(uow: UnitOfWork, item_id: int, text: str) -> None:
    """Add a comment to an item's history, whatever its status. Raises Invalid when empty or too long, NotFound."""
    if not comment_all(uow, [item_id], text):
        raise NotFound("work item", item_id)


@requires(Permission.OPS_WRITE, leaves=None)
def comment_all(uow: UnitOfWork, ids: Sequence[int], text: str) -> list[int]:
    """Add one comment to the history of each of these items. Returns those that there are. Raises Invalid."""
    said = checked_text("comment", text, COMMENT_LENGTH)
    written = uow.rows(
        "INSERT INTO work_actions (item_id, kind, at, actor_kind, staff_id, actor_name, status_before, status_after, "
        "version, payload) SELECT id, 'COMMENT', :now, :kind, :staff_id, :name, status, status, version, "
        "CAST(:payload AS jsonb) FROM work_items WHERE id = ANY(:ids) "
        "ORDER BY id RETURNING item_id",
        {
            **audit.actor_values(uow.principal),
            "now": uow.now,
            "ids": list(ids),
            "payload": json.dumps({"text": said}),
        },
    )
    for row in written:
        uow.record("item.commented", "work_item", row.item_id, length=len(said))
    return [row.item_id for row in written]


@requires(Permission.OPS_WRITE, leaves="item.priority_changed")
def change_priority(uow: UnitOfWork, item_id: int, to: str, reason: str, version: int | None = None) -> Moved:
    """Give an item another priority, with the reason; its deadlines and score follow at once."""
    moved = change_priority_all(uow, these([item_id], version), to, reason)
    return expect(uow, moved, item_id, moves.REPRIORITISE, version)


@requires(Permission.OPS_WRITE, leaves=None)
def change_priority_all(uow: UnitOfWork, picks: Picks, to: str, reason: str) -> list[Moved]:
    """Give the items picked another priority; those that have it or are decided are not in the answer."""
    if to not in set(Priority):
        raise Invalid("priority", f"is one of {', '.join(Priority)}")
    payload = {"to": to, "reason": checked_text("reason", reason, 2000)}
    moved = move(uow, moves.REPRIORITISE, picks, payload=payload, priority=to)
    ids = [item.id for item in moved]
    if ids:
        deadlines.retarget(uow, ids, f"priority {to}")
        priority.rescore(uow, ids)
        raise_if_critical(uow, ids)
    return moved
