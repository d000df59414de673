"""Words and weights: comments, and changes of priority."""

from __future__ import annotations

import json

from core import audit
from core.alerts.raising import raise_if_critical
from core.errors import Invalid, NotFound
from core.permissions import Permission, requires
from core.queue import moves, priority
from core.queue.lifecycle import Moved, move, these
from core.queue.refusals import expect
from core.sla import deadlines
from core.text import checked_text
from core.uow import UnitOfWork
from core.words import Priority

COMMENT_LENGTH = 16_000


@requires(Permission.OPS_WRITE, leaves="item.commented")
def comment(uow: UnitOfWork, item_id: int, text: str) -> None:
    """Add a comment to an item's history, whatever its status. Raises Invalid when empty or too long, NotFound."""
    said = checked_text("comment", text, COMMENT_LENGTH)
    written = uow.execute(
        "INSERT INTO work_actions (item_id, kind, at, actor_kind, staff_id, actor_name, status_before, status_after, "
        "version, payload) SELECT id, 'COMMENT', :now, :kind, :staff_id, :name, status, status, version, "
        "CAST(:payload AS jsonb) FROM work_items WHERE id = :id",
        {
            **audit.actor_values(uow.principal),
            "now": uow.now,
            "id": item_id,
            "payload": json.dumps({"text": said}),
        },
    )
    if written.rowcount == 0:
        raise NotFound("work item", item_id)
    uow.record("item.commented", "work_item", item_id, length=len(said))


@requires(Permission.OPS_WRITE, leaves="item.priority_changed")
def change_priority(uow: UnitOfWork, item_id: int, to: str, reason: str, version: int | None = None) -> Moved:
    """Give an item another priority, with the reason; its deadlines and score follow at once."""
    if to not in set(Priority):
        raise Invalid("priority", f"is one of {', '.join(Priority)}")
    payload = {"to": to, "reason": checked_text("reason", reason, 2000)}
    moved = move(uow, moves.REPRIORITISE, these([item_id], version), payload=payload, priority=to)
    item = expect(uow, moved, item_id, moves.REPRIORITISE, version)
    deadlines.retarget(uow, [item_id], f"priority {to}")
    priority.rescore(uow, [item_id])
    raise_if_critical(uow, [item_id])
    return item
