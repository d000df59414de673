"""Bookings as they come in, and the items that they cause: what their customers ask, and what nobody confirms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from core import config
from core.intake.customers import keep_customers
from core.intake.forms import BookingForm
from core.intake.keeping import Kept, keep
from core.permissions import Permission, requires
from core.queue.newcomers import NewItem
from core.queue.opening import open_items
from core.uow import UnitOfWork

_COLUMNS = {
    "external_ref",
    "service",
    "status",
    "payment_status",
    "amount",
    "scheduled_at",
    "session_id",
    "created_at",
}


@requires(Permission.OPS_WRITE, leaves="bookings.received")
def receive_bookings(
    uow: UnitOfWork, forms: Sequence[BookingForm], *, source: str = "api", overwrite: bool = True
) -> list[Kept]:
    """Keep bookings, each known by its reference, and open an item for each request that comes with one.

    The answers stand in the order of `forms`. With `overwrite` False a known booking is left as it is.
    """
    customers = keep_customers(uow, [form.customer for form in forms], overwrite=overwrite)
    kept = keep(uow, "bookings", [_row(form, customers) for form in forms], "booking.received", overwrite=overwrite)
    fresh = [pair for pair in zip(forms, kept, strict=True) if pair[1].outcome != "known"]
    asked = [(form, booking) for form, booking in fresh if form.request is not None]
    if asked:
        open_items(uow, [_request(form, booking, source) for form, booking in asked])
    uow.record("bookings.received", "booking", None, count=len(forms), requests=len(asked), source=source)
    return kept


def _row(form: BookingForm, customers: dict[str, int]) -> dict[str, Any]:
    return form.model_dump(include=_COLUMNS) | {
        "currency": form.currency or config.word("CURRENCY"),
        "customer_id": customers[form.customer.external_ref] if form.customer else None,
    }


def _request(form: BookingForm, booking: Kept, source: str) -> NewItem:
    """What the customer asks for; once for each booking, however often the booking comes."""
    assert form.request is not None
    return NewItem(
        item_type=form.request,
        resource_type="booking",
        resource_id=booking.id,
        title=f"{form.request.capitalize()}: {form.service}"[:500],
        reason=form.request_reason or f"the customer asks for a {form.request}",
        context={"amount": form.amount, "requested_by": "customer"},
        stake_amount=max(form.amount, Decimal(0)),
        session_id=form.session_id,
        created_at=form.settled_at,
        source=source,
        external_ref=f"{form.request}:{form.external_ref}",
    )


@requires(Permission.OPS_WRITE, leaves=None)
def pending_too_long(uow: UnitOfWork, limit: int = 1000) -> int:
    """Open an item for each booking that nobody has confirmed for too long: one batch. Returns how many."""
    since = uow.now - timedelta(hours=config.number("PENDING_BOOKING_HOURS"))
    rows = uow.rows(_PENDING, {"since": since, "limit": limit})
    if rows:
        open_items(uow, [_stuck(row) for row in rows])
    return len(rows)


_PENDING = """
SELECT b.id, b.service, b.amount, b.session_id, b.customer_id, b.created_at FROM bookings b
WHERE b.status = 'pending' AND b.created_at <= :since AND NOT EXISTS (
    SELECT FROM work_items i WHERE i.source = 'intake' AND i.external_ref = 'pending-booking:' || b.id)
ORDER BY b.created_at, b.id LIMIT :limit"""


def _stuck(row: Any) -> NewItem:
    return NewItem(
        item_type="booking",
        resource_type="booking",
        resource_id=row.id,
        title=f"Pending too long: {row.service}"[:500],
        reason=f"pending since {row.created_at:%Y-%m-%d %H:%M} UTC without confirmation",
        stake_amount=max(row.amount, Decimal(0)),
        customer_id=row.customer_id,
        session_id=row.session_id,
        source="intake",
        external_ref=f"pending-booking:{row.id}",
    )
