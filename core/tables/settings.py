"""What administrators change while Opsdesk runs: settings, and item types of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Float, Integer, Text, text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, link, moment, one_of, words
from core.words import Priority, Queue


class OpsConfig(SQLModel, table=True):
    """One runtime setting that was changed from its default. `core.config` declares them all."""

    __tablename__ = "ops_config"
    config_key: str = Field(sa_column=Column(Text, primary_key=True))
    config_value: str = Field(sa_column=words(nullable=False))
    description: str = Field(default="", sa_column=words(nullable=False, default=""))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    changed_at: datetime = Field(sa_column=moment(nullable=False))
    changed_by: int | None = Field(default=None, sa_column=link("staff.id"))


class OwnItemType(SQLModel, table=True):
    """An item type that an administrator made. A name stays here for good, so that it never means something else."""

    __tablename__ = "item_types"
    __table_args__ = (
        one_of("queue", Queue, "item_types_queue"),
        one_of("default_priority", Priority, "item_types_priority"),
    )
    name: str = Field(sa_column=Column(Text, primary_key=True))
    label: str = Field(sa_column=words(nullable=False))
    queue: str = Field(sa_column=words(nullable=False))
    resource_type: str = Field(sa_column=words(nullable=False))
    default_priority: str = Field(sa_column=words(nullable=False))
    options: list[Any] = Field(sa_column=document(default="[]"))
    context_keys: list[Any] = Field(sa_column=document(default="[]"))
    optional_keys: list[Any] = Field(sa_column=document(default="[]"))
    runbook: str = Field(default="", sa_column=words(nullable=False, default=""))
    sla_hours: float | None = Field(default=None, sa_column=Column(Float))
    lease_minutes: int | None = Field(default=None, sa_column=Column(Integer))
    first_response_by: str = Field(default="claim", sa_column=words(nullable=False, default="claim"))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    changed_at: datetime = Field(sa_column=moment(nullable=False))
    changed_by: int | None = Field(default=None, sa_column=link("staff.id"))
    retired_at: datetime | None = Field(default=None, sa_column=moment())
