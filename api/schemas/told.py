"""What programs are told. Keys stay as they are; more may be added beside them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.alerts.inbox import AlertPage
from core.auditing import Page as AuditPage
from core.errors import Invalid
from core.queue.inbox import Page, QueueRow
from core.queue.lifecycle import Moved
from core.queue.viewing import ItemView
from core.words import AlertType, Priority, Queue, Severity, SlaState, Status


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="One sentence for the reader.")
    field: str | None = Field(None, description="What cannot be used.")
    reason: str | None = Field(None, description="What is allowed there.")
    permission: str | None = Field(None, description="What the token lacks.")
    current: dict[str, Any] | None = Field(None, description="How things stand now, with the current `version`.")
    resets_at: datetime | None = Field(None, description="When to ask again.")


class Told(BaseModel):
    """Anything that a program is told."""

    model_config = ConfigDict(from_attributes=True)


class Item(Told):
    """One item of the queue; personal data as the token's owner may see it."""

    id: int
    queue: Queue
    item_type: str
    type_label: str
    intent_type: str | None = Field(None, description="The same as item_type, for the customer types alone.")
    title: str
    reason: str
    priority: Priority
    priority_score: float
    score_parts: list[dict[str, Any]]
    confidence_score: float
    status: Status
    is_reviewed: bool
    version: int
    assigned_to: int | None
    holder: str | None
    escalation_level: int
    occurrences: int
    waiting_on: str | None
    deferred_until: datetime | None
    lease_expires_at: datetime | None
    created_at: datetime
    sla_deadline: datetime | None
    sla_state: SlaState
    first_response_due_at: datetime | None
    first_responded_at: datetime | None
    resolved_at: datetime | None
    resolved_by: int | None
    resolution: str | None
    resource_type: str | None
    resource_id: str | None
    source: str
    external_ref: str | None
    related: dict[str, Any] = Field(description="A summary of the record that it is about, or all of it with `expand`.")
    pii_redacted: bool


class QueuePage(Told):
    """One page of the queue."""

    items: list[Item]
    total: int = Field(description="Exact up to 10,000.")
    total_is_capped: bool
    skip: int
    limit: int
    has_more: bool
    next_cursor: str | None
    generated_at: datetime


class Entry(Told):
    """One action in an item's history."""

    id: int
    kind: str
    at: datetime
    actor: str
    status_before: Status | None
    status_after: Status | None
    payload: dict[str, Any]


class ItemInFull(Item):
    """One item with everything that belongs to it; the history's newest entry first."""

    context: dict[str, Any]
    decision: dict[str, Any]
    decided_by: str | None
    history: list[Entry]
    derivation: list[str] = Field(description="Why its deadline is when it is.")


class Taken(Told):
    """The item taken, or why there is none."""

    item: Item | None
    reason: str | None


class Accepted(Told):
    """What became of a record: new, merged into an open item, changed, known as it is, or refused and why."""

    id: int | None
    outcome: str
    field: str | None = None
    reason: str | None = None


class Done(Told):
    """An item after a deed; `status` and `version` are null after a comment, which changes neither."""

    id: int
    action: str
    status: Status | None
    version: int | None
    assigned_to: int | None


class Alert(Told):
    """One alert; `read_at` and `dismissed_at` are the reader's own."""

    id: int
    alert_type: AlertType
    severity: Severity
    title: str
    message: str
    resource_type: str | None
    resource_id: str | None
    details: dict[str, Any]
    occurrences: int
    created_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    expires_at: datetime | None
    read_at: datetime | None
    dismissed_at: datetime | None
    is_unread: bool


class Alerts(Told):
    """One page of alerts, the last seen first."""

    items: list[Alert]
    has_more: bool
    next_cursor: str | None


class Unread(Told):
    """How many live alerts the caller has neither read nor dismissed: exact up to 1,000."""

    unread: int


class Numbered(Told):
    """The number of what was made."""

    id: int


class Rule(Told):
    """A rule as its managers see it; its version is the ETag."""

    id: int
    name: str
    kind: str
    definition: dict[str, Any]
    enabled: bool
    version: int
    failures: int
    last_error: str | None
    owner: str | None
    changed_at: datetime
    since: datetime | None
    fired: int
    last_fired_at: datetime | None


class Firing(Told):
    """One firing that would have been."""

    at: datetime
    title: str
    message: str
    because: list[str]
    key: str


class Backtest(Told):
    """How often a rule would have fired; `firings` are the last 200."""

    since: datetime
    until: datetime
    count: int
    by_day: dict[str, int]
    firings: list[Firing]
    reaches_to: datetime | None


class AuditEntry(Told):
    """One entry of the audit log."""

    id: int
    at: datetime
    actor_kind: str
    staff_id: int | None
    actor_name: str
    action: str
    resource_type: str
    resource_id: str | None
    pii_accessed: bool
    metadata: dict[str, Any]
    ip: str | None
    user_agent: str | None


class AuditEntries(Told):
    """One page of the audit log, newest first."""

    items: list[AuditEntry]
    has_more: bool
    next_cursor: str | None


class Setting(Told):
    """A runtime setting as it stands; `version` is 0 while it has its default."""

    key: str
    value: str | bool | int | float
    default: str | bool | int | float
    meaning: str
    low: float | None
    high: float | None
    allowed: list[str]
    version: int
    changed_at: datetime | None


def item(found: QueueRow) -> dict[str, Any]:
    """One item of the queue."""
    told = asdict(found) | {"is_reviewed": found.is_reviewed}
    return told | {"intent_type": found.item_type if found.queue is Queue.CUSTOMER else None}


def page(found: Page, skip: int, limit: int) -> dict[str, Any]:
    """One page of the queue."""
    return {
        "items": [item(row) for row in found.items],
        "total": found.total,
        "total_is_capped": found.total_is_capped,
        "skip": skip,
        "limit": limit,
        "has_more": found.has_more,
        "next_cursor": found.next_cursor,
        "generated_at": found.read_at,
    }


def in_full(found: ItemView) -> dict[str, Any]:
    """One item with everything that belongs to it."""
    more = {name: getattr(found, name) for name in ("context", "decision", "decided_by", "history", "derivation")}
    return item(found.row) | more


def accepted(done: Any) -> dict[str, Any]:
    """What became of one record."""
    if isinstance(done, Invalid):
        return {"id": None, "outcome": "refused", "field": done.field, "reason": done.reason}
    return {"id": done.id, "outcome": done.outcome, "field": None, "reason": None}


def moved(found: Moved, action: str) -> dict[str, Any]:
    """An item after a move."""
    return {
        "id": found.id,
        "action": action,
        "status": found.status,
        "version": found.version,
        "assigned_to": found.holder,
    }


def alerts(found: AlertPage) -> dict[str, Any]:
    """One page of alerts."""
    return {"items": found.items, "has_more": found.has_more, "next_cursor": found.next_cursor}


def entries(found: AuditPage) -> dict[str, Any]:
    """One page of the audit log."""
    return {
        "items": found.entries,
        "has_more": found.next_cursor is not None,
        "next_cursor": found.next_cursor,
    }
