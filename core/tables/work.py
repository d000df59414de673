"""Work items, their history, and what their deadlines are computed from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, Float, Index, Integer, text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, key, link, moment, money, one_of, sql_list, words
from core.words import OPEN_STATUSES, REVIEWED_STATUSES, ActionKind, Priority, Queue, Status, WaitingOn

OPEN = f"status IN ({sql_list(OPEN_STATUSES)})"
REVIEWED = f"status IN ({sql_list(REVIEWED_STATUSES)})"
SORT_KEYS = {
    "priority_score": "-priority_score",
    "created_at": "created_at",
    "confidence_score": "confidence_score",
    "sla_deadline": "coalesce(sla_deadline, 'infinity'::timestamptz)",
}
"""What each way of sorting the queue orders by; the score's key is negative, so that its ties go by age too."""

NOTICE = "LEAST(NULLIF(at_risk_at, sla_told), sla_deadline)"
"""The next moment at which somebody must be told of an item's deadline: when it is at risk, then when it is late."""
UNTOLD = f"{OPEN} AND sla_told IS DISTINCT FROM sla_deadline"
"""Open items of whose deadline not all has been told. `sla_told` is the moment told of last: another deadline is
thereby told anew."""
HANDED_ON = "kind = 'RELEASE' OR (kind = 'ASSIGN' AND status_before = 'in_progress')"
"""Actions by which an item left somebody's hands undecided: given back, run out, or taken over."""

MOVED = "kind <> 'MERGE' AND status_before IS DISTINCT FROM status_after"
"""Actions by which an item came to another status."""

CORRECTION = "kind IN ('pause', 'resume', 'unfulfil', 'reprioritise', 'reopen')"
"""Clock events that change what was to be said of an item before: of its deadline, or of its being decided."""


def _sorted_indexes() -> list[Index]:
    """One index for each way of sorting, over the open items and over the reviewed ones."""
    return [
        Index(
            f"work_items_{part}_by_{name}",
            text(f"({expression})"),
            "created_at",
            "id",
            postgresql_where=text(where),
        )
        for part, where in (("open", OPEN), ("reviewed", REVIEWED))
        for name, expression in SORT_KEYS.items()
        if name != "created_at"
    ] + [
        Index(f"work_items_{part}_by_created_at", "created_at", "id", postgresql_where=text(where))
        for part, where in (("open", OPEN), ("reviewed", REVIEWED))
    ]


class WorkItem(SQLModel, table=True):
    """One thing that needs a human decision. Its state is what its history says (`doctor --invariants`)."""

    __tablename__ = "work_items"
    __table_args__ = (
        one_of("queue", Queue, "work_items_queue"),
        one_of("priority", Priority, "work_items_priority"),
        one_of("status", Status, "work_items_status"),
        one_of("waiting_on", WaitingOn, "work_items_waiting_on"),
        CheckConstraint("priority_score BETWEEN 0 AND 100", name="work_items_score"),
        CheckConstraint("confidence_score BETWEEN 0 AND 1", name="work_items_confidence"),
        CheckConstraint("escalation_level >= 0 AND occurrences >= 1 AND version >= 1", name="work_items_counts"),
        CheckConstraint(
            "(status IN ('in_progress', 'waiting')) <= (assigned_to IS NOT NULL) "
            "AND (status IN ('open', 'deferred')) <= (assigned_to IS NULL)",
            name="work_items_holder",
        ),
        CheckConstraint("(status = 'in_progress') = (lease_expires_at IS NOT NULL)", name="work_items_lease"),
        CheckConstraint("(status = 'deferred') = (deferred_until IS NOT NULL)", name="work_items_deferred"),
        CheckConstraint("(status = 'waiting') = (waiting_on IS NOT NULL)", name="work_items_waiting"),
        CheckConstraint(f"({REVIEWED}) = (resolved_at IS NOT NULL)", name="work_items_decided"),
        CheckConstraint("(escalation_level > 0) = (escalated_at IS NOT NULL)", name="work_items_escalated"),
        CheckConstraint("(proposal IS NULL) = (proposed_by IS NULL)", name="work_items_proposed"),
        Index("work_items_one_open_per_key", "dedup_key", unique=True, postgresql_where=text(OPEN)),
        Index(
            "work_items_to_take",
            text("(-priority_score)"),
            "created_at",
            "id",
            postgresql_where=text("status = 'open'"),
        ),
        Index("work_items_by_holder", "assigned_to", text("(-priority_score)"), postgresql_where=text(OPEN)),
        # Covers what is counted of the open items, so that counting them reads no row.
        Index(
            "work_items_overdue",
            "sla_deadline",
            "id",
            postgresql_include=["queue", "item_type", "priority", "status", "assigned_to", "created_at", "at_risk_at"],
            postgresql_where=text(OPEN),
        ),
        Index("work_items_to_tell", text(f"({NOTICE})"), "id", postgresql_where=text(UNTOLD)),
        Index(
            "work_items_to_escalate", "sla_deadline", "id", postgresql_where=text(f"{OPEN} AND escalation_level = 0")
        ),
        Index("work_items_leases", "lease_expires_at", postgresql_where=text("status = 'in_progress'")),
        Index("work_items_set_aside", "created_at", postgresql_where=text("status = 'waiting'")),
        Index("work_items_to_wake", "deferred_until", postgresql_where=text("status = 'deferred'")),
        Index("work_items_by_resource", "resource_id", "resource_type"),
        Index("work_items_by_customer", "customer_id", postgresql_where=text(OPEN)),
        Index("work_items_by_signature", "failure_signature", postgresql_where=text(OPEN)),
        Index("work_items_undoable", "resolved_at", postgresql_where=text("undo_journal IS NOT NULL")),
        Index(
            "work_items_decided_at",
            "resolved_at",
            postgresql_include=["sla_started_at", "status", "item_type", "resolved_by"],
            postgresql_where=text(REVIEWED),
        ),
        Index(
            "work_items_responded_at",
            "first_responded_at",
            postgresql_include=["sla_started_at", "item_type"],
            postgresql_where=text("first_responded_at IS NOT NULL"),
        ),
        Index(
            "work_items_external",
            "external_ref",
            "source",
            unique=True,
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
        *_sorted_indexes(),
    )
    id: int | None = Field(default=None, sa_column=key())
    queue: str = Field(sa_column=words(nullable=False))
    item_type: str = Field(sa_column=words(nullable=False))
    resource_type: str | None = Field(default=None, sa_column=words())
    resource_id: str | None = Field(default=None, sa_column=words())
    session_id: str | None = Field(default=None, sa_column=words())
    customer_id: int | None = Field(default=None, sa_column=link("customers.id"))
    title: str = Field(sa_column=words(nullable=False))
    reason: str = Field(default="", sa_column=words(nullable=False, default=""))
    context: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    summary: dict[str, Any] = Field(default_factory=dict, sa_column=document())

    priority: str = Field(sa_column=words(nullable=False))
    priority_score: float = Field(default=0, sa_column=Column(Float, nullable=False, server_default=text("0")))
    score_parts: list[Any] = Field(default_factory=list, sa_column=document(default="[]"))
    confidence_score: float = Field(default=1, sa_column=Column(Float, nullable=False, server_default=text("1")))
    stake_amount: Decimal | None = Field(default=None, sa_column=money())

    status: str = Field(default=Status.OPEN, sa_column=words(nullable=False, default="open"))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    assigned_to: int | None = Field(default=None, sa_column=link("staff.id"))
    assigned_at: datetime | None = Field(default=None, sa_column=moment())
    lease_expires_at: datetime | None = Field(default=None, sa_column=moment())
    deferred_until: datetime | None = Field(default=None, sa_column=moment())
    waiting_on: str | None = Field(default=None, sa_column=words())
    escalated_at: datetime | None = Field(default=None, sa_column=moment())
    escalation_level: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    draft_note: str | None = Field(default=None, sa_column=words())
    notes: str | None = Field(default=None, sa_column=words())

    created_at: datetime = Field(sa_column=moment(nullable=False, now=True))
    updated_at: datetime = Field(sa_column=moment(nullable=False, now=True))
    sla_hours: float | None = Field(default=None, sa_column=Column(Float))
    sla_started_at: datetime = Field(sa_column=moment(nullable=False, now=True))
    sla_cycle: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    sla_deadline: datetime | None = Field(default=None, sa_column=moment())
    at_risk_at: datetime | None = Field(default=None, sa_column=moment())
    sla_told: datetime | None = Field(default=None, sa_column=moment())
    sla_paused: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    first_response_due_at: datetime | None = Field(default=None, sa_column=moment())
    first_responded_at: datetime | None = Field(default=None, sa_column=moment())

    resolved_at: datetime | None = Field(default=None, sa_column=moment())
    resolved_by: int | None = Field(default=None, sa_column=link("staff.id"))
    resolution: str | None = Field(default=None, sa_column=words())
    resolution_metadata: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    undo_journal: list[Any] | None = Field(default=None, sa_column=document(nullable=True))
    proposal: dict[str, Any] | None = Field(default=None, sa_column=document(nullable=True))
    proposed_by: int | None = Field(default=None, sa_column=link("staff.id"))

    dedup_key: str = Field(sa_column=words(nullable=False))
    occurrences: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    failure_signature: str | None = Field(default=None, sa_column=words())
    source: str = Field(default="manual", sa_column=words(nullable=False, default="manual"))
    external_ref: str | None = Field(default=None, sa_column=words())


class WorkAction(SQLModel, table=True):
    """One entry in an item's history. Only ever appended to."""

    __tablename__ = "work_actions"
    __table_args__ = (
        one_of("kind", ActionKind, "work_actions_kind"),
        Index("work_actions_by_item", "item_id", "id"),
        Index("work_actions_by_actor", "staff_id", "at"),
        Index(
            "work_actions_moves",
            "at",
            postgresql_include=["status_before", "status_after"],
            postgresql_where=text(MOVED),
        ),
        Index("work_actions_handed_on", "at", "item_id", postgresql_where=text(HANDED_ON)),
        Index(
            "work_actions_by_assignee", text("(payload->>'assignee')"), "id", postgresql_where=text("kind = 'ASSIGN'")
        ),
    )
    id: int | None = Field(default=None, sa_column=key())
    item_id: int = Field(sa_column=link("work_items.id", nullable=False))
    kind: str = Field(sa_column=words(nullable=False))
    at: datetime = Field(sa_column=moment(nullable=False))
    actor_kind: str = Field(sa_column=words(nullable=False))
    staff_id: int | None = Field(default=None, sa_column=link("staff.id"))
    actor_name: str = Field(sa_column=words(nullable=False))
    status_before: str | None = Field(default=None, sa_column=words())
    status_after: str | None = Field(default=None, sa_column=words())
    version: int = Field(sa_column=Column(Integer, nullable=False))
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=document())


class ClockEvent(SQLModel, table=True):
    """What happened to an item's SLA clock. Only ever appended to; deadlines are computed from these."""

    __tablename__ = "clock_events"
    __table_args__ = (
        one_of(
            "kind",
            ("start", "pause", "resume", "respond", "fulfil", "unfulfil", "reprioritise", "reopen"),
            "clock_events_kind",
        ),
        Index("clock_events_by_item", "item_id", "id"),
        Index("clock_events_corrections", "at", "item_id", postgresql_where=text(CORRECTION)),
    )
    id: int | None = Field(default=None, sa_column=key())
    item_id: int = Field(sa_column=link("work_items.id", nullable=False))
    kind: str = Field(sa_column=words(nullable=False))
    at: datetime = Field(sa_column=moment(nullable=False))
    cycle: int = Field(sa_column=Column(Integer, nullable=False))
    reason: str | None = Field(default=None, sa_column=words())
    calendar_id: int | None = Field(default=None, sa_column=link("calendars.id"))
    targets: dict[str, Any] | None = Field(default=None, sa_column=document(nullable=True))


class BusinessCalendar(SQLModel, table=True):
    """One version of a business calendar. A new version ends the old one; the past keeps its own."""

    __tablename__ = "calendars"
    __table_args__ = (
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="calendars_span"),
        Index("calendars_current", "name", unique=True, postgresql_where=text("valid_until IS NULL")),
    )
    id: int | None = Field(default=None, sa_column=key())
    name: str = Field(sa_column=words(nullable=False))
    definition: dict[str, Any] = Field(sa_column=document())
    valid_from: datetime = Field(sa_column=moment(nullable=False))
    valid_until: datetime | None = Field(default=None, sa_column=moment())


class SlaPolicy(SQLModel, table=True):
    """One version of the targets for a queue, type and priority (null: any). The past keeps its own."""

    __tablename__ = "sla_policies"
    __table_args__ = (
        one_of("queue", Queue, "sla_policies_queue"),
        one_of("priority", Priority, "sla_policies_priority"),
        CheckConstraint("resolution_hours > 0 AND first_response_hours > 0", name="sla_policies_hours"),
        CheckConstraint("at_risk_share > 0 AND at_risk_share < 1", name="sla_policies_share"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="sla_policies_span"),
        Index(
            "sla_policies_current",
            text("coalesce(queue, '')"),
            text("coalesce(item_type, '')"),
            text("coalesce(priority, '')"),
            unique=True,
            postgresql_where=text("valid_until IS NULL"),
        ),
    )
    id: int | None = Field(default=None, sa_column=key())
    queue: str | None = Field(default=None, sa_column=words())
    item_type: str | None = Field(default=None, sa_column=words())
    priority: str | None = Field(default=None, sa_column=words())
    resolution_hours: float | None = Field(default=None, sa_column=Column(Float))
    first_response_hours: float | None = Field(default=None, sa_column=Column(Float))
    calendar_name: str | None = Field(default=None, sa_column=words())
    pauses_when_waiting: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    at_risk_share: float | None = Field(default=None, sa_column=Column(Float))
    valid_from: datetime = Field(sa_column=moment(nullable=False))
    valid_until: datetime | None = Field(default=None, sa_column=moment())


class ResolutionTemplate(SQLModel, table=True):
    """A saved option and justification, applied with one click."""

    __tablename__ = "resolution_templates"
    __table_args__ = (Index("resolution_templates_name", "staff_id", "item_type", "name", unique=True),)
    id: int | None = Field(default=None, sa_column=key())
    staff_id: int | None = Field(default=None, sa_column=link("staff.id"))
    item_type: str = Field(sa_column=words(nullable=False))
    name: str = Field(sa_column=words(nullable=False))
    option: str = Field(sa_column=words(nullable=False))
    justification: str = Field(sa_column=words(nullable=False))
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=document())
