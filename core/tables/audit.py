"""The audit log and the seals that prove it whole. Only ever appended to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from core.tables.columns import document, key, moment, words


class AuditRow(SQLModel, table=True):
    """Who saw or did what. The actor is copied in, without a foreign key, so that the row outlives the person."""

    __tablename__ = "ops_audit_log"
    __table_args__ = (
        Index("audit_by_person", "actor_name", "action", "at"),
        Index("audit_by_time", "at"),
        Index("audit_by_pii", "at", "actor_name", postgresql_where=text("pii_accessed")),
        Index("audit_by_resource", "resource_type", "resource_id", "at"),
        Index("audit_by_action", "action", "at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    at: datetime = Field(sa_column=moment(nullable=False))
    actor_kind: str = Field(sa_column=words(nullable=False))
    staff_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    actor_name: str = Field(sa_column=words(nullable=False))
    action: str = Field(sa_column=words(nullable=False))
    resource_type: str = Field(sa_column=words(nullable=False))
    resource_id: str | None = Field(default=None, sa_column=words())
    pii_accessed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column("metadata", document().type, nullable=False))
    ip: str | None = Field(default=None, sa_column=words())
    user_agent: str | None = Field(default=None, sa_column=words())


class AuditSeal(SQLModel, table=True):
    """A link of the chain: what the rows from `first_id` to `last_id` were, under a key the database does not hold."""

    __tablename__ = "audit_seals"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    first_id: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    last_id: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    row_count: int = Field(sa_column=Column(BigInteger, nullable=False))
    sealed_at: datetime = Field(sa_column=moment(nullable=False))
    mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
