"""The shapes that programs send and get: exact keys, nothing unknown accepted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.queue.inbox import Page, QueueRow
from core.queue.newcomers import NewItem
from core.words import Queue


class WorkItemIn(BaseModel):
    """A new work item. Only the type is needed; the rest has the type's defaults."""

    model_config = ConfigDict(extra="forbid", strict=True)

    item_type: str = Field(max_length=100)
    resource_type: str | None = Field(None, max_length=100)
    resource_id: str | int | None = None
    title: str = Field("", max_length=500)
    reason: str = Field("", max_length=16_000)
    priority: str | None = None
    queue: str | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    confidence_score: float = 1.0
    sla_hours: float | None = None
    external_ref: str | None = Field(None, max_length=200)

    def newcomer(self, source: str) -> NewItem:
        """The same as the core knows it."""
        return NewItem(**self.model_dump(), source=source)


class Accepted(BaseModel):
    """What became of a new item: "new", "merged" into an open one, or "known" from before."""

    id: int
    outcome: str


class TakeNextIn(BaseModel):
    """From which queue to take, or from any that the caller serves."""

    model_config = ConfigDict(extra="forbid")

    queue: Queue | None = None


def row(item: QueueRow) -> dict[str, Any]:
    """One item of the priority queue, keys as other programs rely on them."""
    told = asdict(item) | {"is_reviewed": item.is_reviewed}
    if item.queue is Queue.CUSTOMER:
        told["intent_type"] = item.item_type
    return told


def page(found: Page, skip: int, limit: int) -> dict[str, Any]:
    """One page of the priority queue."""
    return {
        "items": [row(item) for item in found.items],
        "total": found.total,
        "total_is_capped": found.total_is_capped,
        "skip": skip,
        "limit": limit,
        "has_more": found.has_more,
        "next_cursor": found.next_cursor,
        "generated_at": found.read_at,
    }
