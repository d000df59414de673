"""Failure groups: items that failed in one way, seen as one card, and rehearsed as one before they are settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import Conflict, Invalid, NotFound
from core.looking import looked
from core.permissions import Permission, requires
from core.queue import batching, claiming, moves, tasks
from core.queue.batching import Preview
from core.queue.deciding import Decision
from core.queue.lifecycle import move, these
from core.queue.tasks import MOST, Chosen, Refusals, Task
from core.resolutions.declaring import ItemType, Option, item_type
from core.resolutions.parameters import checked
from core.tables.work import OPEN
from core.uow import UnitOfWork

CHUNK = 25
"""How many items of a group are settled in one transaction: between two of them it can be stopped."""

FAILED = f"{OPEN} AND reason <> ''"
TO_HAND = (
    "proposed_by IS NULL AND (status = 'open' OR (status = 'deferred' AND deferred_until <= :now) "
    "OR (status = 'in_progress' AND assigned_to = :me AND resolution IS NULL))"
)
"""What the caller can settle now: free, due again, or in their own hands; not proposed and not being carried out."""


@dataclass(frozen=True)
class Group:
    """Open items that failed in one way. `example` is the oldest one's number, by which the group is known.

    `count` are all of them, `to_hand` those that the caller can settle now (the others are in other hands, waiting,
    deferred or being carried out). `first_seen` and `last_seen` are when the oldest and the newest came in, UTC. The
    reason is the oldest one's, as the caller may see it.
    """

    example: int
    item_type: str
    type_label: str
    reason: str
    count: int
    to_hand: int
    first_seen: datetime
    last_seen: datetime


_FIGURES = (
    f"count(*) AS size, count(*) FILTER (WHERE {TO_HAND}) AS to_hand, min(id) AS example, "
    "min(created_at) AS first_seen, max(created_at) AS last_seen"
)
_GROUPS = f"""
WITH groups AS (
    SELECT failure_signature, {_FIGURES}
    FROM work_items WHERE {FAILED} AND (CAST(:queue AS text) IS NULL OR queue = :queue)
    GROUP BY failure_signature HAVING count(*) > 1 ORDER BY count(*) DESC, min(id) LIMIT :limit
)
SELECT g.*, i.item_type, i.reason FROM groups g JOIN work_items i ON i.id = g.example
ORDER BY g.size DESC, g.example"""


@requires(Permission.OPS_READ, leaves="groups.read")
def groups(uow: UnitOfWork, queue: str | None = None, limit: int = 50) -> tuple[Group, ...]:
    """The open items that failed in one way, as groups of two and more, the largest first. The look is audited."""
    if isinstance(limit, bool) or not 1 <= limit <= 200:
        raise Invalid("limit", "lies between 1 and 200")
    rows = uow.rows(_GROUPS, _asked(uow) | {"queue": queue, "limit": limit})
    looked(uow, "groups.read", "queue", queue, pii=uow.principal.lens.clear and bool(rows), groups=len(rows))
    return tuple(_group(uow, row) for row in rows)


_GROUP_OF = f"""
SELECT g.size, g.to_hand, e.id AS example, coalesce(g.first_seen, e.created_at) AS first_seen,
    coalesce(g.last_seen, e.created_at) AS last_seen, e.item_type, e.reason
FROM work_items i CROSS JOIN LATERAL (
    SELECT {_FIGURES} FROM work_items WHERE {FAILED} AND failure_signature = i.failure_signature
) g JOIN work_items e ON e.id = coalesce(g.example, i.id) WHERE i.id = :item"""


@requires(Permission.OPS_READ, leaves="groups.read")
def group_of(uow: UnitOfWork, item_id: int) -> Group:
    """The group that an item belongs or belonged to, however few of it are still open. Raises NotFound."""
    row = uow.execute(_GROUP_OF, _asked(uow) | {"item": item_id}).one_or_none()
    if row is None:
        raise NotFound("work item", item_id)
    looked(uow, "groups.read", "work_item", item_id, pii=uow.principal.lens.clear)
    return _group(uow, row)


def _asked(uow: UnitOfWork) -> dict[str, Any]:
    return {"now": uow.now, "me": uow.principal.staff_id}


def _group(uow: UnitOfWork, row: Any) -> Group:
    label, reason = item_type(row.item_type).label, uow.principal.lens.text(row.reason) or ""
    return Group(row.example, row.item_type, label, reason, row.size, row.to_hand, row.first_seen, row.last_seen)


def settles_groups(option: Option) -> bool:
    """Whether an option may be chosen for many: it leaves none in hand, and asks of each the same."""
    return not option.keeps and option.settles != "escalate" and isinstance(option.parameters, tuple)


def check(declared: ItemType, decision: Decision) -> Option:
    """The option of a decision about a whole group of this type.

    Raises Invalid for one that would leave the group in the caller's hands, for one that asks of each item something
    of its own (which record stays, whose it is), or for what does not fit it.
    """
    option = declared.option(decision.option)
    if option is None or not settles_groups(option):
        raise Invalid("option", "is one that settles the items or puts them off, all in the same way")
    assert isinstance(option.parameters, tuple)
    checked(option.label, option.parameters, decision.parameters)
    return option


_MEMBERS = f"""
SELECT id, version FROM work_items WHERE {FAILED} AND {TO_HAND}
    AND failure_signature = (SELECT failure_signature FROM work_items WHERE id = :item)
ORDER BY id LIMIT {MOST}"""


@requires(Permission.OPS_WRITE, leaves="batch.previewed")
def rehearse(uow: UnitOfWork, example: int, decision: Decision) -> Preview:
    """What `decision` would do to each item of the group that can be settled now: done, and taken back.

    Raises NotFound; Invalid for an option that does not settle; Conflict when nothing of it can be settled now.
    """
    kind = uow.execute("SELECT item_type FROM work_items WHERE id = :item", {"item": example}).scalar_one_or_none()
    if kind is None:
        raise NotFound("work item", example)
    check(item_type(kind), decision)
    found: Mapping[int, int | None] = {
        row.id: row.version for row in uow.rows(_MEMBERS, _asked(uow) | {"item": example})
    }
    if not found:
        raise Conflict("Nothing of this group can be settled now: it is decided, or in other hands.")
    return batching.preview(uow, Chosen(found), settling(decision))


def settling(decision: Decision) -> Task:
    """Take in hand and decide at once; what cannot be decided goes back to where it was taken from."""

    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        taken = {moved.id for moved in claiming.claim_all(uow, chosen.picks)}
        held = Chosen({item: None if item in taken else seen for item, seen in chosen.versions.items()})
        refused = tasks.decide(decision).apply(uow, held)
        if back := sorted(taken & refused.keys()):
            move(uow, moves.RELEASE, these(back), payload={"reason": "its group was settled without it"})
        return refused

    return Task("settle_group", apply, chunk=CHUNK)
