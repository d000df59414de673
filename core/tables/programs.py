"""What is kept about the programs that call: answers they may ask for again, and how often they called."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, link, moment


class KeptAnswer(SQLModel, table=True):
    """What was answered under an Idempotency-Key, and the hash of what was asked: kept by the effect's transaction."""

    __tablename__ = "kept_answers"
    __table_args__ = (Index("kept_answers_by_age", "created_at"),)
    token_id: int = Field(sa_column=link("api_tokens.id", primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    asked: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    answer: dict[str, Any] = Field(sa_column=document())
    created_at: datetime = Field(sa_column=moment(nullable=False))


class CallRate(SQLModel, table=True):
    """How many calls of this minute the processes have drawn for a token, and how many the last of them drew."""

    __tablename__ = "call_rates"
    token_id: int = Field(sa_column=link("api_tokens.id", primary_key=True))
    window_started_at: datetime = Field(sa_column=moment(nullable=False))
    taken: int = Field(sa_column=Column(Integer, nullable=False))
    drawn: int = Field(sa_column=Column(Integer, nullable=False))
