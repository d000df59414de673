"""What metrics are read from: facts summed by the hour, by the day and in all, what has come since, and records."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Numeric, Text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, key, link, moment, one_of, words


class MetricDelta(SQLModel, table=True):
    """A change of facts not folded into the rollups yet: appended by the tables' triggers, so that no row is hot.

    `hour` is the hour (UTC) in which the facts happened; `step` the class of their times, 0 where they have none.
    """

    __tablename__ = "metric_deltas"
    id: int | None = Field(default=None, sa_column=key())
    fact: str = Field(sa_column=words(nullable=False))
    hour: datetime = Field(sa_column=moment(nullable=False))
    a: str = Field(sa_column=words(nullable=False))
    b: str = Field(sa_column=words(nullable=False))
    step: int = Field(sa_column=Column(Integer, nullable=False))
    n: int = Field(sa_column=Column(BigInteger, nullable=False))
    marked: int = Field(sa_column=Column(BigInteger, nullable=False))
    amount: Decimal = Field(sa_column=Column(Numeric, nullable=False))


class MetricRollup(SQLModel, table=True):
    """The facts of one hour or day (UTC), or of all time, summed. Written by the folding job alone."""

    __tablename__ = "metric_rollups"
    __table_args__ = (one_of("span", ("hour", "day", "all"), "metric_rollups_span"),)
    fact: str = Field(sa_column=Column(Text, primary_key=True))
    span: str = Field(sa_column=Column(Text, primary_key=True))
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    a: str = Field(sa_column=Column(Text, primary_key=True))
    b: str = Field(sa_column=Column(Text, primary_key=True))
    step: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    n: int = Field(sa_column=Column(BigInteger, nullable=False))
    marked: int = Field(sa_column=Column(BigInteger, nullable=False))
    amount: Decimal = Field(sa_column=Column(Numeric, nullable=False))


class PastCycle(SQLModel, table=True):
    """A cycle of an item that another followed: how it ended, before the item was reopened."""

    __tablename__ = "past_cycles"
    __table_args__ = (
        Index("past_cycles_decided_at", "resolved_at"),
        Index("past_cycles_responded_at", "first_responded_at"),
        Index("past_cycles_due_at", "sla_deadline"),
    )
    item_id: int = Field(sa_column=link("work_items.id", primary_key=True))
    cycle: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    queue: str = Field(sa_column=words(nullable=False))
    item_type: str = Field(sa_column=words(nullable=False))
    priority: str = Field(sa_column=words(nullable=False))
    status: str = Field(sa_column=words(nullable=False))
    sla_started_at: datetime = Field(sa_column=moment(nullable=False))
    sla_deadline: datetime | None = Field(default=None, sa_column=moment())
    first_responded_at: datetime | None = Field(default=None, sa_column=moment())
    resolved_at: datetime = Field(sa_column=moment(nullable=False))
    resolved_by: int | None = Field(default=None, sa_column=link("staff.id"))


class MetricRecord(SQLModel, table=True):
    """How the queue stood at one minute, as the record that is printed."""

    __tablename__ = "metric_records"
    __table_args__ = (Index("metric_records_by_time", "at"),)
    id: int | None = Field(default=None, sa_column=key())
    at: datetime = Field(sa_column=moment(nullable=False))
    record: dict[str, Any] = Field(sa_column=document())
