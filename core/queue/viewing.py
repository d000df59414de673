"""Opening one item: all of it, as one principal may see it, with its history and the derivation of its deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import NotFound
from core.looking import looked
from core.permissions import Permission, requires
from core.pii import Lens
from core.queue.inbox import QueueRow, row_of
from core.queue.proposing import Proposal, proposal_of
from core.queue.summaries import refresh
from core.sla import deadlines
from core.sla.derivation import explain
from core.uow import UnitOfWork
from core.words import ActionKind, Status

HISTORY_LENGTH = 200
ITEMS = (
    "SELECT i.*, h.full_name AS holder, d.full_name AS decided_by FROM work_items i "
    "LEFT JOIN staff h ON h.id = i.assigned_to LEFT JOIN staff d ON d.id = i.resolved_by"
)
ENTRIES = (
    "SELECT a.id, a.item_id, a.kind, a.at, coalesce(s.full_name, a.actor_name) AS actor, a.status_before, "
    "a.status_after, a.payload FROM work_actions a LEFT JOIN staff s ON s.id = a.staff_id"
)


@dataclass(frozen=True)
class Entry:
    """One action in an item's history. `payload` is as the principal may see it."""

    id: int
    kind: ActionKind
    at: datetime
    actor: str
    status_before: Status | None
    status_after: Status | None
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class ItemView:
    """An item opened: its row, its texts and context, its history (newest first), and why it is due when it is."""

    row: QueueRow
    context: Mapping[str, Any]
    decision: Mapping[str, Any]
    decided_by: str | None
    draft_note: str | None
    history: tuple[Entry, ...]
    derivation: tuple[str, ...]
    read_at: datetime
    proposal: Proposal | None = None


@requires(Permission.OPS_READ, leaves="item.read")
def view(uow: UnitOfWork, item_id: int) -> ItemView:
    """One item with everything that belongs to it. Raises NotFound. The look is audited."""
    row = _row(uow, item_id)
    if row is None:
        raise NotFound("work item", item_id)
    if not row.summary and row.resource_id is not None:
        refresh(uow, [item_id])
        row = _row(uow, item_id)
    lens = uow.principal.lens
    looked(uow, "item.read", "work_item", item_id, pii=lens.clear)
    return ItemView(
        row=row_of(uow, row),
        context=lens.document(row.context),
        decision=lens.document(row.resolution_metadata),
        decided_by=row.decided_by,
        draft_note=row.draft_note if row.assigned_to == uow.principal.staff_id else None,
        history=_history(uow, item_id, lens),
        derivation=_derivation(uow, item_id),
        read_at=uow.now,
        proposal=proposal_of(row._mapping, lens),
    )


@requires(Permission.OPS_READ, leaves="queue.read")
def titles(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, str]:
    """The titles of these items by their numbers, as far as there are any. The look is audited."""
    rows = uow.rows("SELECT id, title FROM work_items WHERE id = ANY(:ids)", {"ids": list(ids)})
    looked(uow, "queue.read", "queue", None, titles=len(rows))
    return {row.id: uow.principal.lens.text(row.title) or "" for row in rows}


def entry_of(row: Any, lens: Lens) -> Entry:
    """A row of `ENTRIES` as the principal behind `lens` may see it."""
    return Entry(
        row.id,
        ActionKind(row.kind),
        row.at,
        row.actor,
        row.status_before and Status(row.status_before),
        row.status_after and Status(row.status_after),
        lens.document(row.payload),
    )


def _row(uow: UnitOfWork, item_id: int) -> Any:
    return uow.execute(f"{ITEMS} WHERE i.id = :id", {"id": item_id}).one_or_none()


def _history(uow: UnitOfWork, item_id: int, lens: Lens) -> tuple[Entry, ...]:
    rows = uow.rows(
        f"{ENTRIES} WHERE a.item_id = :id ORDER BY a.id DESC LIMIT :limit", {"id": item_id, "limit": HISTORY_LENGTH}
    )
    return tuple(entry_of(row, lens) for row in rows)


def _derivation(uow: UnitOfWork, item_id: int) -> tuple[str, ...]:
    story = deadlines.stories(uow, [item_id]).get(item_id)
    return tuple(explain(story.read(uow.now), ZoneInfo(uow.principal.zone))) if story else ()
