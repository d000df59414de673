"""Alerts, who has read them, the rules that raise them, and who is on call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from core.permissions import Role
from core.tables.columns import document, key, link, moment, one_of, words
from core.words import AlertType, Queue, Severity


class Alert(SQLModel, table=True):
    """A message about something that needs attention: to one person, a role, a queue's people, or everybody."""

    __tablename__ = "alerts"
    __table_args__ = (
        one_of("alert_type", AlertType, "alerts_type"),
        one_of("severity", Severity, "alerts_severity"),
        one_of("for_role", Role, "alerts_role"),
        one_of("for_queue", Queue, "alerts_queue"),
        CheckConstraint("occurrences >= 1", name="alerts_occurrences"),
        Index("alerts_once_per_condition", "condition_key", unique=True),
        Index("alerts_live", "last_seen_at", "id", postgresql_where=text("resolved_at IS NULL")),
        Index(
            "alerts_by_audience",
            "staff_id",
            "for_role",
            "for_queue",
            "last_seen_at",
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("alerts_by_resource", "resource_type", "resource_id"),
        Index("alerts_by_rule", "rule_id", postgresql_where=text("rule_id IS NOT NULL")),
        Index("alerts_loud", "loud_at", postgresql_where=text("resolved_at IS NULL AND severity = 'critical'")),
    )
    id: int | None = Field(default=None, sa_column=key())
    alert_type: str = Field(sa_column=words(nullable=False))
    severity: str = Field(sa_column=words(nullable=False))
    title: str = Field(sa_column=words(nullable=False))
    message: str = Field(sa_column=words(nullable=False))
    resource_type: str | None = Field(default=None, sa_column=words())
    resource_id: str | None = Field(default=None, sa_column=words())
    staff_id: int | None = Field(default=None, sa_column=link("staff.id"))
    for_role: str | None = Field(default=None, sa_column=words())
    for_queue: str | None = Field(default=None, sa_column=words())
    details: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    condition_key: str = Field(sa_column=words(nullable=False))
    occurrences: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    rule_id: int | None = Field(default=None, sa_column=link("alert_rules.id"))
    created_at: datetime = Field(sa_column=moment(nullable=False))
    last_seen_at: datetime = Field(sa_column=moment(nullable=False))
    loud_at: datetime = Field(sa_column=moment(nullable=False, now=True))
    silent: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    expires_at: datetime | None = Field(default=None, sa_column=moment())
    resolved_at: datetime | None = Field(default=None, sa_column=moment())


class AlertReceipt(SQLModel, table=True):
    """What one person did with an alert: one's reading does not mark it read for the others."""

    __tablename__ = "alert_receipts"
    __table_args__ = (Index("alert_receipts_by_staff", "staff_id", "alert_id"),)
    alert_id: int = Field(sa_column=link("alerts.id", primary_key=True))
    staff_id: int = Field(sa_column=link("staff.id", primary_key=True))
    read_at: datetime | None = Field(default=None, sa_column=moment())
    dismissed_at: datetime | None = Field(default=None, sa_column=moment())
    snoozed_until: datetime | None = Field(default=None, sa_column=moment())
    acknowledged_at: datetime | None = Field(default=None, sa_column=moment())
    acknowledged_until: datetime | None = Field(default=None, sa_column=moment())


class MaintenanceWindow(SQLModel, table=True):
    """Planned work: alerts of these types and queues (null: any) raised within are kept, but make no sound."""

    __tablename__ = "maintenance_windows"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="maintenance_windows_span"),
        Index("maintenance_windows_by_end", "ends_at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    reason: str = Field(sa_column=words(nullable=False))
    alert_types: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    queues: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    starts_at: datetime = Field(sa_column=moment(nullable=False))
    ends_at: datetime = Field(sa_column=moment(nullable=False))
    planned_by: int | None = Field(default=None, sa_column=link("staff.id"))


class AlertRule(SQLModel, table=True):
    """An administrator's own condition that raises alerts. `owner_id` is who saved it last, for whom it runs."""

    __tablename__ = "alert_rules"
    __table_args__ = (
        one_of("kind", ("event", "threshold", "schedule", "sla"), "alert_rules_kind"),
        Index("alert_rules_name", "name", unique=True),
    )
    id: int | None = Field(default=None, sa_column=key())
    name: str = Field(sa_column=words(nullable=False))
    kind: str = Field(sa_column=words(nullable=False))
    definition: dict[str, Any] = Field(sa_column=document())
    enabled: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    last_error: str | None = Field(default=None, sa_column=words())
    created_by: int | None = Field(default=None, sa_column=link("staff.id"))
    owner_id: int | None = Field(default=None, sa_column=link("staff.id"))
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
    changed_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
    since: datetime | None = Field(default=None, sa_column=moment())
    last_event: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    last_record: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    last_moment: datetime | None = Field(default=None, sa_column=moment())
    state: dict[str, Any] = Field(default_factory=dict, sa_column=document())


class AlertRuleVersion(SQLModel, table=True):
    """What was done to a rule, and how it read from then on; it outlives the rule."""

    __tablename__ = "alert_rule_versions"
    __table_args__ = (Index("alert_rule_versions_by_rule", "rule_id", "id"),)
    id: int | None = Field(default=None, sa_column=key())
    rule_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    deed: str = Field(sa_column=words(nullable=False))
    name: str = Field(sa_column=words(nullable=False))
    definition: dict[str, Any] = Field(sa_column=document())
    by_name: str = Field(sa_column=words(nullable=False))
    at: datetime = Field(sa_column=moment(nullable=False))


class RuleEvent(SQLModel, table=True):
    """Something that happened, with what rules may know of it: the closed fields of its record, nothing personal."""

    __tablename__ = "rule_events"
    __table_args__ = (
        Index("rule_events_once", "source_key", unique=True),
        Index("rule_events_by_kind", "kind", "id"),
        Index("rule_events_by_time", "at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    source_key: str = Field(sa_column=words(nullable=False))
    kind: str = Field(sa_column=words(nullable=False))
    at: datetime = Field(sa_column=moment(nullable=False))
    subject_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    facts: dict[str, Any] = Field(sa_column=document())
    holder: int | None = Field(default=None, sa_column=Column(BigInteger))
    queue: str = Field(sa_column=words(nullable=False))
    deadline: datetime | None = Field(default=None, sa_column=moment())


class RuleRecording(SQLModel, table=True):
    """The one row that says how far events are recorded: up to which row of the audit log, and which moment."""

    __tablename__ = "rule_recording"
    __table_args__ = (CheckConstraint("role = 'recorder'", name="rule_recording_one_row"),)
    role: str = Field(sa_column=Column(Text, primary_key=True))
    last_row: int = Field(sa_column=Column(BigInteger, nullable=False))
    marked_at: datetime = Field(sa_column=moment(nullable=False))


class RuleFiring(SQLModel, table=True):
    """That a rule fired for something (a record, or the rule itself) at a moment: once, whoever evaluates it."""

    __tablename__ = "rule_firings"
    __table_args__ = (
        Index("rule_firings_once", "rule_id", "subject_key", "at", unique=True),
        Index("rule_firings_by_rule", "rule_id", "at"),
        Index("rule_firings_by_time", "at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    rule_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    subject_key: str = Field(sa_column=words(nullable=False))
    at: datetime = Field(sa_column=moment(nullable=False))


class AlertSubscription(SQLModel, table=True):
    """Whether and by which channels one person hears of one type of alert."""

    __tablename__ = "alert_subscriptions"
    __table_args__ = (one_of("alert_type", AlertType, "alert_subscriptions_type"),)
    staff_id: int = Field(sa_column=link("staff.id", primary_key=True))
    alert_type: str = Field(sa_column=Column(Text, primary_key=True))
    enabled: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    channels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{in_app}'")))


class OncallShift(SQLModel, table=True):
    """Who is on call for a queue (null: all), from when until when."""

    __tablename__ = "oncall_shifts"
    __table_args__ = (
        one_of("queue", Queue, "oncall_shifts_queue"),
        CheckConstraint("ends_at > starts_at", name="oncall_shifts_span"),
        Index("oncall_shifts_by_time", "starts_at", "ends_at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    staff_id: int = Field(sa_column=link("staff.id", nullable=False))
    queue: str | None = Field(default=None, sa_column=words())
    starts_at: datetime = Field(sa_column=moment(nullable=False))
    ends_at: datetime = Field(sa_column=moment(nullable=False))
