"""What rules may know: the closed list of events, of fields of the records they are about, and of metrics.

Nothing personal is in it, and no free text that people write about people: what is not here, no rule can ask or tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from core.words import BookingStatus, ComplaintStatus, PaymentStatus, Priority, Queue, Status, Tier, WaitingOn

Kind = Literal["word", "number", "truth"]


@dataclass(frozen=True)
class Field:
    """One thing known of a record. `words` closes the list of what a word may be; `sql` reads it from the record
    (`t`), its customer (`c`) and the event (`n`)."""

    name: str
    label: str
    kind: Kind
    sql: str
    words: tuple[str, ...] = ()


def _hours(of: str) -> str:
    return f"round(CAST(extract(epoch FROM {of}) / 3600 AS numeric), 2)"


_TIER = Field("customer_tier", "Customer's tier", "word", "c.tier", tuple(Tier))
_AGE = Field("age_hours", "Age in hours", "number", _hours("n.at - t.created_at"))


@dataclass(frozen=True)
class Subject:
    """What an event is about: its records' table, their fields, who holds one and of which queue it is."""

    name: str
    label: str
    resource: str
    table: str
    fields: Mapping[str, Field]
    customer: str = "t.customer_id"
    holder: str = "NULL::bigint"
    queue: str = f"'{Queue.CUSTOMER}'"
    deadline: str = "NULL::timestamptz"


def _subject(name: str, label: str, resource: str, table: str, *fields: Field, **more: str) -> Subject:
    return Subject(name, label, resource, table, MappingProxyType({each.name: each for each in fields}), **more)


_ITEM = _subject(
    "item",
    "Item",
    "work_item",
    "work_items",
    Field("queue", "Queue", "word", "t.queue", tuple(Queue)),
    Field("item_type", "Item type", "word", "t.item_type"),
    Field("priority", "Priority", "word", "t.priority", tuple(Priority)),
    Field("status", "Status", "word", "coalesce(n.facts ->> 'to', t.status)", tuple(Status)),
    Field("source", "Source", "word", "t.source"),
    Field("resolution", "Resolution", "word", "t.resolution"),
    Field("waiting_on", "Waiting on", "word", "t.waiting_on", tuple(WaitingOn)),
    Field("priority_score", "Score", "number", "t.priority_score"),
    Field("confidence_score", "Confidence", "number", "t.confidence_score"),
    Field("stake_amount", "Amount at stake", "number", "t.stake_amount"),
    Field("escalation_level", "Escalation level", "number", "t.escalation_level"),
    Field("occurrences", "Occurrences", "number", "t.occurrences"),
    _AGE,
    Field("hours_to_deadline", "Hours to the deadline", "number", _hours("t.sla_deadline - n.at")),
    Field("held", "In somebody's hands", "truth", "t.assigned_to IS NOT NULL"),
    Field("reopened", "Was reopened", "truth", "t.sla_cycle > 1"),
    _TIER,
    holder="t.assigned_to",
    queue="t.queue",
    deadline="t.sla_deadline",
)
_COMPLAINT = _subject(
    "complaint",
    "Complaint",
    "complaint",
    "complaints",
    Field("category", "Category", "word", "t.category"),
    Field("priority", "Priority", "word", "t.priority", tuple(Priority)),
    Field("status", "Status", "word", "t.status", tuple(ComplaintStatus)),
    _AGE,
    Field("hours_to_deadline", "Hours to the deadline", "number", _hours("t.resolution_due_at - n.at")),
    Field("held", "In somebody's hands", "truth", "t.assigned_to IS NOT NULL"),
    Field("responded", "Was answered", "truth", "t.responded_at IS NOT NULL"),
    Field("about_booking", "Is about a booking", "truth", "t.booking_id IS NOT NULL"),
    _TIER,
    holder="t.assigned_to",
)
_BOOKING = _subject(
    "booking",
    "Booking",
    "booking",
    "bookings",
    Field("service", "Service", "word", "t.service"),
    Field("status", "Status", "word", "t.status", tuple(BookingStatus)),
    Field("payment_status", "Payment", "word", "t.payment_status", tuple(PaymentStatus)),
    Field("amount", "Amount", "number", "t.amount"),
    Field("currency", "Currency", "word", "t.currency"),
    _AGE,
    Field("hours_to_service", "Hours to the service", "number", _hours("t.scheduled_at - n.at")),
    _TIER,
)
_PAYMENT = _subject(
    "payment",
    "Payment",
    "payment",
    "payments",
    Field("status", "Status", "word", "t.status", tuple(PaymentStatus)),
    Field("amount", "Amount", "number", "t.amount"),
    Field("currency", "Currency", "word", "t.currency"),
    _AGE,
    _TIER,
    customer="(SELECT b.customer_id FROM bookings b WHERE b.id = t.booking_id)",
)
SUBJECTS: Mapping[str, Subject] = MappingProxyType(
    {each.name: each for each in (_ITEM, _COMPLAINT, _BOOKING, _PAYMENT)}
)


@dataclass(frozen=True)
class Event:
    """A kind of event: its words, what it is about, and the trail (action and resource type) that tells of it."""

    name: str
    label: str
    subject: str
    action: str
    resource: str


def _events() -> dict[str, Event]:
    items = {
        "opened": "An item is opened",
        "merged": "An item is reported again",
        "claimed": "An item is claimed",
        "assigned": "An item is assigned",
        "released": "An item is given back",
        "lease_expired": "A claim runs out",
        "waiting": "An item waits for an answer",
        "resumed": "An item is taken up again",
        "deferred": "An item is put off",
        "woken": "A deferred item comes back",
        "escalated": "An item is escalated",
        "responded": "An item's customer is answered",
        "came_back": "An item's effect has failed",
        "resolved": "An item is resolved",
        "rejected": "An item is rejected",
        "reopened": "An item is reopened",
        "decision_undone": "A decision is undone",
        "priority_changed": "An item's priority changes",
    }
    found = [Event(f"item.{name}", label, "item", f"item.{name}", "work_item") for name, label in items.items()]
    for name, table in (("complaint", "complaints"), ("booking", "bookings"), ("payment", "payments")):
        found.append(Event(f"{name}.received", f"A {name} comes in", name, f"{name}.received", name))
        found.append(Event(f"{name}.changed", f"A decision changes a {name}", name, "record.changed", table))
    return {each.name: each for each in found}


EVENTS: Mapping[str, Event] = MappingProxyType(_events())


class Mark(StrEnum):
    """A moment on the way to an item's deadline and past it."""

    BEFORE_4H = "before_4h"
    BEFORE_1H = "before_1h"
    BEFORE_15M = "before_15m"
    DUE = "due"
    LATE_1H = "late_1h"
    LATE_4H = "late_4h"
    LATE_1D = "late_1d"

    @property
    def offset(self) -> timedelta:
        """How long after the deadline it is; negative before."""
        return _OFFSETS[self]

    @property
    def event(self) -> str:
        """The kind of event by which it is recorded."""
        return f"sla.{self}"


_OFFSETS = {
    Mark.BEFORE_4H: timedelta(hours=-4),
    Mark.BEFORE_1H: timedelta(hours=-1),
    Mark.BEFORE_15M: timedelta(minutes=-15),
    Mark.DUE: timedelta(0),
    Mark.LATE_1H: timedelta(hours=1),
    Mark.LATE_4H: timedelta(hours=4),
    Mark.LATE_1D: timedelta(days=1),
}


@dataclass(frozen=True)
class Metric:
    """A figure of the record that is kept each minute: its label, its unit, and where it stands in the record."""

    name: str
    label: str
    unit: str
    path: tuple[str, ...]


def _metrics() -> dict[str, Metric]:
    found = [Metric("total_pending", "Open items", "items", ("total_pending",))]
    found += [
        Metric(f"pending_{each}", f"Open items, {each}", "items", ("by_priority", str(each))) for each in Priority
    ]
    found.append(Metric("oldest_item_hours", "Age of the oldest open item", "hours", ("oldest_item_hours",)))
    found.append(Metric("items_breaching_sla", "Open items past their deadline", "items", ("items_breaching_sla",)))
    return {each.name: each for each in found}


METRICS: Mapping[str, Metric] = MappingProxyType(_metrics())
