"""The vocabulary: every closed list of words that tables, verbs and doors share."""

from __future__ import annotations

from enum import StrEnum


class Queue(StrEnum):
    """The family an item belongs to."""

    CUSTOMER = "customer"
    AUTOMATION = "automation"
    PROVIDER_DATA = "provider_data"


class Priority(StrEnum):
    """How much it matters that nothing has happened yet."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical to 3 for low."""
        return list(Priority).index(self)

    @classmethod
    def heard(cls, said: object) -> Priority | None:
        """The priority that other systems mean by 1 to 5 or by its name; None for what is none."""
        named = {"1": "critical", "2": "high", "3": "medium", "4": "low", "5": "low"}.get(str(said), str(said))
        return cls(named) if named in set(cls) and not isinstance(said, bool) else None


class Status(StrEnum):
    """Where an item stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    DEFERRED = "deferred"
    RESOLVED = "resolved"
    REJECTED = "rejected"


OPEN_STATUSES = (Status.OPEN, Status.IN_PROGRESS, Status.WAITING, Status.DEFERRED)
REVIEWED_STATUSES = (Status.RESOLVED, Status.REJECTED)


class WaitingOn(StrEnum):
    """Whose answer an item waits for."""

    CUSTOMER = "customer"
    COLLEAGUE = "colleague"
    SUPPLIER = "supplier"


class ActionKind(StrEnum):
    """One entry in an item's history."""

    OPEN = "OPEN"
    MERGE = "MERGE"
    COMMENT = "COMMENT"
    FIELD_UPDATE = "FIELD_UPDATE"
    CLAIM = "CLAIM"
    RELEASE = "RELEASE"
    ASSIGN = "ASSIGN"
    WAIT = "WAIT"
    RESUME = "RESUME"
    DEFER = "DEFER"
    WAKE = "WAKE"
    ESCALATE = "ESCALATE"
    RETRY = "RETRY"
    RESPOND = "RESPOND"
    RESOLVE = "RESOLVE"
    REJECT = "REJECT"
    REOPEN = "REOPEN"
    UNDO = "UNDO"
    PRIORITY_CHANGE = "PRIORITY_CHANGE"
    EFFECT = "EFFECT"
    PROPOSE = "PROPOSE"
    SEND_BACK = "SEND_BACK"


class SlaState(StrEnum):
    """How an open item stands to its deadline."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    PAUSED = "paused"


class Severity(StrEnum):
    """How loud an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertType(StrEnum):
    """What an alert is about."""

    SLA_AT_RISK = "sla_at_risk"
    SLA_BREACH = "sla_breach"
    CRITICAL_COMPLAINT = "critical_complaint"
    HIGH_PRIORITY_ITEM = "high_priority_item"
    ESCALATED_ITEM = "escalated_item"
    HIGH_WORKLOAD = "high_workload"
    UNASSIGNED_ITEM = "unassigned_item"
    PAYMENT_FAILURE = "payment_failure"
    THRESHOLD = "threshold"
    DAILY_SUMMARY = "daily_summary"
    BROADCAST = "broadcast"
    RULE = "rule"
    MANUAL_RESOLUTION_SLA_BREACH = "manual_resolution_sla_breach"
    SYSTEM = "system"


class BookingStatus(StrEnum):
    """Where a booking stands."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PaymentStatus(StrEnum):
    """Whether a booking's or payment's money has come."""

    UNPAID = "unpaid"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"


class ComplaintStatus(StrEnum):
    """Where a complaint stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ESCALATED = "escalated"


class Tier(StrEnum):
    """How the business ranks a customer."""

    STANDARD = "standard"
    PLUS = "plus"
    PREMIUM = "premium"
