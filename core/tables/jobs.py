"""What the scheduled process keeps: its leader's lease, its runs, the outbox, the reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Text, text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, key, link, moment, one_of, words


class Runner(SQLModel, table=True):
    """A job runner that has been seen, and when last."""

    __tablename__ = "runners"
    name: str = Field(sa_column=Column(Text, primary_key=True))
    started_at: datetime = Field(sa_column=moment(nullable=False))
    seen_at: datetime = Field(sa_column=moment(nullable=False))


class Leadership(SQLModel, table=True):
    """The one row that says which runner leads, until when, and with which fencing token."""

    __tablename__ = "leadership"
    __table_args__ = (CheckConstraint("role = 'jobs'", name="leadership_one_row"),)
    role: str = Field(sa_column=Column(Text, primary_key=True))
    runner: str = Field(sa_column=words(nullable=False))
    fence: int = Field(sa_column=Column(BigInteger, nullable=False))
    leased_until: datetime = Field(sa_column=moment(nullable=False))


class JobRun(SQLModel, table=True):
    """One run of a job at one scheduled time: that pair exists once, whoever runs it."""

    __tablename__ = "job_runs"
    __table_args__ = (
        one_of("outcome", ("running", "done", "failed", "abandoned"), "job_runs_outcome"),
        Index("job_runs_once", "job", "scheduled_for", unique=True),
        Index("job_runs_by_job", "job", "started_at"),
        Index("job_runs_going", "job", postgresql_where=text("outcome = 'running'")),
    )
    id: int | None = Field(default=None, sa_column=key())
    job: str = Field(sa_column=words(nullable=False))
    scheduled_for: datetime = Field(sa_column=moment(nullable=False))
    runner: str = Field(sa_column=words(nullable=False))
    fence: int | None = Field(default=None, sa_column=Column(BigInteger))
    started_at: datetime = Field(sa_column=moment(nullable=False))
    tries: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    ended_at: datetime | None = Field(default=None, sa_column=moment())
    outcome: str = Field(default="running", sa_column=words(nullable=False, default="running"))
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    error: str | None = Field(default=None, sa_column=words())


class OutboxEntry(SQLModel, table=True):
    """An effect that is to leave: written by the transaction that causes it, sent at least once with a stable key."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", ("waiting", "leased", "done", "parked", "cancelled"), "outbox_state"),
        Index("outbox_once", "idempotency_key", unique=True),
        Index("outbox_due", "due_at", "id", postgresql_where=text("state IN ('waiting', 'leased')")),
        Index("outbox_by_item", "item_id"),
        Index("outbox_not_gone", "id", postgresql_where=text("state IN ('waiting', 'leased', 'parked')")),
    )
    id: int | None = Field(default=None, sa_column=key())
    kind: str = Field(sa_column=words(nullable=False))
    idempotency_key: str = Field(sa_column=words(nullable=False))
    item_id: int | None = Field(default=None, sa_column=link("work_items.id"))
    alert_id: int | None = Field(default=None, sa_column=link("alerts.id"))
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    state: str = Field(default="waiting", sa_column=words(nullable=False, default="waiting"))
    due_at: datetime = Field(sa_column=moment(nullable=False))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    fence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    leased_until: datetime | None = Field(default=None, sa_column=moment())
    last_error: str | None = Field(default=None, sa_column=words())
    created_at: datetime = Field(sa_column=moment(nullable=False))
    done_at: datetime | None = Field(default=None, sa_column=moment())


class Report(SQLModel, table=True):
    """A report as it was made for one day."""

    __tablename__ = "reports"
    __table_args__ = (Index("reports_once", "kind", "for_date", unique=True),)
    id: int | None = Field(default=None, sa_column=key())
    kind: str = Field(sa_column=words(nullable=False))
    for_date: date = Field(sa_column=Column(Date, nullable=False))
    figures: dict[str, Any] = Field(sa_column=document())
    made_at: datetime = Field(sa_column=moment(nullable=False))
    made_by: int | None = Field(default=None, sa_column=link("staff.id"))
