"""Who can sign in, their sessions and tokens, and how often somebody tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlmodel import Field, SQLModel

from core.permissions import Role
from core.tables.columns import document, key, link, moment, one_of, words
from core.words import Queue


class Staff(SQLModel, table=True):
    """A person who can sign in. Never deleted, only switched off: their record outlives them."""

    __tablename__ = "staff"
    __table_args__ = (
        one_of("role", Role, "staff_role"),
        CheckConstraint("capacity BETWEEN 0 AND 1000", name="staff_capacity"),
        CheckConstraint("username = lower(username) AND username <> ''", name="staff_username"),
        Index("staff_email", text("lower(email)"), unique=True, postgresql_where=text("email IS NOT NULL")),
    )
    id: int | None = Field(default=None, sa_column=key())
    username: str = Field(sa_column=words(nullable=False, unique=True))
    email: str | None = Field(default=None, sa_column=words())
    full_name: str = Field(sa_column=words(nullable=False))
    role: str = Field(sa_column=words(nullable=False))
    password_hash: str | None = Field(default=None, sa_column=words())
    must_change_password: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    capacity: int = Field(default=10, sa_column_kwargs={"server_default": text("10")})
    queues: list[str] = Field(
        default_factory=lambda: list(Queue),
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{customer,automation,provider_data}'")),
    )
    skills: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    zone: str = Field(default="UTC", sa_column=words(nullable=False, default="UTC"))
    session_epoch: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    failed_logins: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    locked_until: datetime | None = Field(default=None, sa_column=moment())
    last_seen_at: datetime | None = Field(default=None, sa_column=moment())
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class StaffSession(SQLModel, table=True):
    """One sign-in: the hash of its cookie's random value, and until when it lives."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index("staff_sessions_by_staff", "staff_id", postgresql_where=text("ended_at IS NULL")),)
    id: int | None = Field(default=None, sa_column=key())
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    staff_id: int = Field(sa_column=link("staff.id", nullable=False))
    epoch: int
    created_at: datetime = Field(sa_column=moment(nullable=False))
    last_used_at: datetime = Field(sa_column=moment(nullable=False))
    idle_until: datetime = Field(sa_column=moment(nullable=False))
    expires_at: datetime = Field(sa_column=moment(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=moment())
    ended_because: str | None = Field(default=None, sa_column=words())
    ip: str | None = Field(default=None, sa_column=words())
    user_agent: str | None = Field(default=None, sa_column=words())


class SignInThrottle(SQLModel, table=True):
    """How many sign-ins failed of late for one name or one address, shared by every process."""

    __tablename__ = "sign_in_throttles"
    subject: str = Field(sa_column=Column(Text, primary_key=True))
    failures: int = Field(sa_column_kwargs={"server_default": text("0")})
    window_started_at: datetime = Field(sa_column=moment(nullable=False))
    blocked_until: datetime | None = Field(default=None, sa_column=moment())


class ApiToken(SQLModel, table=True):
    """A program's key: stored hashed, scoped below its owner's permissions, expiring, revocable."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index("api_tokens_by_staff", "staff_id"),)
    id: int | None = Field(default=None, sa_column=key())
    staff_id: int = Field(sa_column=link("staff.id", nullable=False))
    label: str = Field(sa_column=words(nullable=False))
    prefix: str = Field(sa_column=words(nullable=False))
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(sa_column=moment(nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=moment())
    revoked_at: datetime | None = Field(default=None, sa_column=moment())
    last_used_at: datetime | None = Field(default=None, sa_column=moment())


class Allowance(SQLModel, table=True):
    """When somebody used one of their counted allowances within the last hour: exact across all processes."""

    __tablename__ = "allowances"
    staff_id: int = Field(sa_column=link("staff.id", primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    used_at: list[datetime] = Field(
        sa_column=Column(ARRAY(TIMESTAMP(timezone=True)), nullable=False, server_default=text("'{}'"))
    )


class SavedView(SQLModel, table=True):
    """A named set of filters: one person's own, or shared by a manager."""

    __tablename__ = "saved_views"
    __table_args__ = (Index("saved_views_name", "staff_id", "name", unique=True),)
    id: int | None = Field(default=None, sa_column=key())
    staff_id: int = Field(sa_column=link("staff.id", nullable=False))
    name: str = Field(sa_column=words(nullable=False))
    shared: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    filters: dict[str, Any] = Field(sa_column=document())
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class ExportTicket(SQLModel, table=True):
    """Leave to fetch one export, once: who may, which items it holds, until when."""

    __tablename__ = "export_tickets"
    __table_args__ = (Index("export_tickets_by_expiry", "expires_at"),)
    id: int | None = Field(default=None, sa_column=key())
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    staff_id: int = Field(sa_column=link("staff.id", nullable=False))
    contents: str = Field(sa_column=words(nullable=False))
    filters: dict[str, Any] = Field(sa_column=document())
    expires_at: datetime = Field(sa_column=moment(nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=moment())
