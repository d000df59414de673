"""Settlings of failure groups: the plan of each, how far it is, and what came of each item."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, key, link, moment, one_of, sql_list, words

MOVING = ("canaries", "rest")
IS_MOVING = f"state IN ({sql_list(MOVING)})"


class GroupRun(SQLModel, table=True):
    """One settling of a failure group by one person. A `sitting` begins when it is started and when it is resumed."""

    __tablename__ = "group_runs"
    __table_args__ = (
        one_of("state", (*MOVING, "stopped", "done"), "group_runs_state"),
        CheckConstraint("canaries > 0 AND most_failures >= 0", name="group_runs_bounds"),
        Index("group_runs_by_group", "failure_signature", "id"),
        Index("group_runs_one_moving", "failure_signature", unique=True, postgresql_where=text(IS_MOVING)),
    )
    id: int | None = Field(default=None, sa_column=key())
    failure_signature: str = Field(sa_column=words(nullable=False))
    item_type: str = Field(sa_column=words(nullable=False))
    staff_id: int = Field(sa_column=link("staff.id", nullable=False))
    option: str = Field(sa_column=words(nullable=False))
    justification: str = Field(sa_column=words(nullable=False))
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    canaries: int = Field(sa_column=Column(Integer, nullable=False))
    most_failures: int = Field(sa_column=Column(Integer, nullable=False))
    state: str = Field(default="canaries", sa_column=words(nullable=False, default="canaries"))
    sitting: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    untried: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    why: str | None = Field(default=None, sa_column=words())
    started_at: datetime = Field(sa_column=moment(nullable=False))
    stepped_at: datetime = Field(sa_column=moment(nullable=False))


class GroupOutcome(SQLModel, table=True):
    """What came of one item in a settling of its group; tried again, it is the same row."""

    __tablename__ = "group_outcomes"
    __table_args__ = (
        one_of("state", ("under_way", "done", "failed"), "group_outcomes_state"),
        Index("group_outcomes_by_item", "item_id"),
        Index("group_outcomes_under_way", "run_id", postgresql_where=text("state = 'under_way'")),
    )
    run_id: int = Field(sa_column=link("group_runs.id", primary_key=True))
    item_id: int = Field(sa_column=link("work_items.id", primary_key=True))
    sitting: int = Field(sa_column=Column(Integer, nullable=False))
    state: str = Field(sa_column=words(nullable=False))
    why: str | None = Field(default=None, sa_column=words())
    at: datetime = Field(sa_column=moment(nullable=False))
