"""Batches: one deed for many items, kept so that it can be gone on with after whatever cut it off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, key, link, moment, one_of, words

GOING, STOPPED, ENDED = "going", "stopped", "ended"
_UNFINISHED = f"state <> '{ENDED}'"


class Batch(SQLModel, table=True):
    """One deed for many items by one person. `items` are numbers with the versions that were seen, done in the order
    of their numbers, of which `tried` have had their turn; `refusals` say of some why not."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("state", (GOING, STOPPED, ENDED), "batches_state"),
        Index("batches_unfinished", "staff_id", "id", postgresql_where=text(_UNFINISHED)),
        Index("batches_by_owner", "staff_id", "begun_at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    staff_id: int = Field(sa_column=link("staff.id", nullable=False))
    deed: str = Field(sa_column=words(nullable=False))
    told: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    items: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    refusals: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    tried: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    state: str = Field(default=GOING, sa_column=words(nullable=False, default=GOING))
    why: str | None = Field(default=None, sa_column=words())
    begun_at: datetime = Field(sa_column=moment(nullable=False))
