"""The business records behind customer items: customers, bookings, payments, complaints."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core.pii import Kind, Personal
from core.tables.columns import digest, key, link, moment, money, one_of, personal, words
from core.words import BookingStatus, ComplaintStatus, PaymentStatus, Priority, Tier

COMPLAINT_OPEN = "status IN ('open', 'in_progress', 'escalated')"

UNMARKED = "email IS NOT NULL AND email_hash IS NULL OR mobile IS NOT NULL AND mobile_hash IS NULL"
"""Customers that cannot be found yet, as the hash of their address or number is missing."""


class Customer(SQLModel, table=True):
    """A person or company that buys. The hashes are those of `core/marking.py`; a trigger drops what is outdated."""

    __tablename__ = "customers"
    __table_args__ = (
        one_of("tier", Tier, "customers_tier"),
        Index("customers_by_email_hash", "email_hash"),
        Index("customers_by_mobile_hash", "mobile_hash"),
        Index("customers_unmarked", "id", postgresql_where=text(UNMARKED)),
    )
    model_config = {"arbitrary_types_allowed": True}
    id: int | None = Field(default=None, sa_column=key())
    name: Personal | None = Field(default=None, sa_column=personal(Kind.NAME))
    email: Personal | None = Field(default=None, sa_column=personal(Kind.EMAIL))
    mobile: Personal | None = Field(default=None, sa_column=personal(Kind.PHONE))
    email_hash: bytes | None = Field(default=None, sa_column=digest())
    mobile_hash: bytes | None = Field(default=None, sa_column=digest())
    tier: str = Field(default=Tier.STANDARD, sa_column=words(nullable=False, default="standard"))
    external_ref: str | None = Field(default=None, sa_column=words(unique=True))
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class Booking(SQLModel, table=True):
    """A service that a customer has reserved.

    `paid_amount` and `returned_amount` are what its payments come to, kept by a trigger; null while none says so.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        one_of("status", BookingStatus, "bookings_status"),
        one_of("payment_status", PaymentStatus, "bookings_payment_status"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="bookings_currency"),
        Index("bookings_by_status", "status", "payment_status", "created_at"),
        Index("bookings_by_customer", "customer_id"),
        Index("bookings_by_session", "session_id", postgresql_where=text("session_id IS NOT NULL")),
        Index("bookings_by_created", "created_at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    customer_id: int | None = Field(default=None, sa_column=link("customers.id"))
    service: str = Field(sa_column=words(nullable=False))
    status: str = Field(sa_column=words(nullable=False))
    payment_status: str = Field(sa_column=words(nullable=False))
    amount: Decimal = Field(sa_column=money(nullable=False))
    currency: str = Field(default="EUR", sa_column=words(nullable=False, default="EUR"))
    paid_amount: Decimal | None = Field(default=None, sa_column=money())
    returned_amount: Decimal | None = Field(default=None, sa_column=money())
    scheduled_at: datetime | None = Field(default=None, sa_column=moment())
    session_id: str | None = Field(default=None, sa_column=words())
    external_ref: str | None = Field(default=None, sa_column=words(unique=True))
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
    updated_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class Payment(SQLModel, table=True):
    """One attempt to take or give back money for a booking. A refund has a negative amount."""

    __tablename__ = "payments"
    __table_args__ = (
        one_of("status", PaymentStatus, "payments_status"),
        Index("payments_by_booking", "booking_id", "created_at"),
    )
    id: int | None = Field(default=None, sa_column=key())
    booking_id: int = Field(sa_column=link("bookings.id", nullable=False))
    status: str = Field(sa_column=words(nullable=False))
    amount: Decimal = Field(sa_column=money(nullable=False))
    currency: str = Field(default="EUR", sa_column=words(nullable=False, default="EUR"))
    failure_reason: str | None = Field(default=None, sa_column=words())
    external_ref: str | None = Field(default=None, sa_column=words(unique=True))
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class Complaint(SQLModel, table=True):
    """What a customer is unhappy about."""

    __tablename__ = "complaints"
    __table_args__ = (
        one_of("status", ComplaintStatus, "complaints_status"),
        one_of("priority", Priority, "complaints_priority"),
        Index(
            "complaints_open_due",
            "resolution_due_at",
            postgresql_where=text(COMPLAINT_OPEN),
        ),
        Index(
            "complaints_to_tell",
            "resolution_due_at",
            postgresql_where=text(f"{COMPLAINT_OPEN} AND late_told_for IS DISTINCT FROM resolution_due_at"),
        ),
        Index("complaints_by_status", "status", "priority", "created_at"),
        Index("complaints_by_customer", "customer_id", "created_at"),
        Index("complaints_by_created", "created_at"),
        Index(
            "complaints_by_resolved",
            "resolved_at",
            postgresql_include=["created_at", "status"],
            postgresql_where=text("resolved_at IS NOT NULL"),
        ),
    )
    model_config = {"arbitrary_types_allowed": True}
    id: int | None = Field(default=None, sa_column=key())
    customer_id: int | None = Field(default=None, sa_column=link("customers.id"))
    booking_id: int | None = Field(default=None, sa_column=link("bookings.id"))
    category: str = Field(sa_column=words(nullable=False))
    subject: str = Field(sa_column=words(nullable=False))
    description: Personal | None = Field(default=None, sa_column=personal(Kind.MESSAGE))
    priority: str = Field(sa_column=words(nullable=False))
    status: str = Field(sa_column=words(nullable=False))
    assigned_to: int | None = Field(default=None, sa_column=link("staff.id"))
    response_due_at: datetime | None = Field(default=None, sa_column=moment())
    resolution_due_at: datetime | None = Field(default=None, sa_column=moment())
    risk_told_for: datetime | None = Field(default=None, sa_column=moment())
    late_told_for: datetime | None = Field(default=None, sa_column=moment())
    responded_at: datetime | None = Field(default=None, sa_column=moment())
    resolved_at: datetime | None = Field(default=None, sa_column=moment())
    session_id: str | None = Field(default=None, sa_column=words())
    external_ref: str | None = Field(default=None, sa_column=words(unique=True))
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
    updated_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
