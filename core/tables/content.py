"""The records that automations look after: meal plans, quiz answers, the blacklist, retention holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from core.pii import Kind, Personal
from core.tables.columns import document, key, link, moment, personal, words


class MealPlan(SQLModel, table=True):
    """A plan made for a customer, with its stored PDF until that is deleted."""

    __tablename__ = "meal_plans"
    __table_args__ = (Index("meal_plans_by_customer", "customer_id"),)
    id: int | None = Field(default=None, sa_column=key())
    customer_id: int | None = Field(default=None, sa_column=link("customers.id"))
    title: str = Field(sa_column=words(nullable=False))
    pdf_url: str | None = Field(default=None, sa_column=words())
    pdf_generated_at: datetime | None = Field(default=None, sa_column=moment())
    pdf_deleted_at: datetime | None = Field(default=None, sa_column=moment())
    external_ref: str | None = Field(default=None, sa_column=words(unique=True))
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class QuizResponse(SQLModel, table=True):
    """One answered quiz; orphaned while nobody owns it."""

    __tablename__ = "quiz_responses"
    __table_args__ = (Index("quiz_responses_by_plan", "meal_plan_id"),)
    id: int | None = Field(default=None, sa_column=key())
    user_id: int | None = Field(default=None, sa_column=link("customers.id"))
    meal_plan_id: int | None = Field(default=None, sa_column=link("meal_plans.id"))
    answers: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    external_ref: str | None = Field(default=None, sa_column=words(unique=True))
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class BlacklistEntry(SQLModel, table=True):
    """An address that may not order, why, and what its owner says to that."""

    __tablename__ = "blacklist_entries"
    __table_args__ = (Index("blacklist_active_email", "email", unique=True, postgresql_where=text("active")),)
    model_config = {"arbitrary_types_allowed": True}
    id: int | None = Field(default=None, sa_column=key())
    email: Personal = Field(sa_column=personal(Kind.EMAIL, nullable=False))
    reason: str = Field(sa_column=words(nullable=False))
    appeal: Personal | None = Field(default=None, sa_column=personal(Kind.MESSAGE))
    active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
    decided_at: datetime | None = Field(default=None, sa_column=moment())


class RetentionHold(SQLModel, table=True):
    """A duty to keep a record, and until when; released when `released_at` is set."""

    __tablename__ = "retention_holds"
    __table_args__ = (
        Index(
            "retention_holds_live",
            "resource_type",
            "resource_id",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, sa_column=key())
    resource_type: str = Field(sa_column=words(nullable=False))
    resource_id: str = Field(sa_column=words(nullable=False))
    reason: str = Field(sa_column=words(nullable=False))
    hold_until: datetime | None = Field(default=None, sa_column=moment())
    released_at: datetime | None = Field(default=None, sa_column=moment())
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
