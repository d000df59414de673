"""Payments as they come in: a failed one makes an item of its booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import config
from core.errors import Invalid
from core.intake.forms import PaymentForm
from core.intake.keeping import Kept, keep, numbers
from core.permissions import Permission, requires
from core.queue.newcomers import NewItem
from core.queue.opening import open_items
from core.uow import UnitOfWork
from core.words import PaymentStatus

_COLUMNS = {"external_ref", "status", "amount", "failure_reason", "created_at"}
_SAY_SO = """
UPDATE bookings b SET payment_status = p.status, updated_at = :now
FROM (SELECT DISTINCT ON (booking_id) booking_id, status FROM payments WHERE booking_id = ANY(:bookings)
      ORDER BY booking_id, created_at DESC, id DESC) p
WHERE b.id = p.booking_id AND b.payment_status <> p.status"""


@requires(Permission.OPS_WRITE, leaves="payments.received")
def receive_payments(
    uow: UnitOfWork, forms: Sequence[PaymentForm], *, source: str = "api", overwrite: bool = True
) -> list[Kept]:
    """Keep payments, each known by its reference; the booking says from now on how its latest payment went.

    A failed payment makes an item of its booking. The answers stand in the order of `forms`. Raises Invalid when a
    booking is not known.
    """
    bookings = numbers(uow, "bookings", [form.booking_ref for form in forms])
    rows = [_row(form, bookings) for form in forms]
    kept = keep(uow, "payments", rows, "payment.received", overwrite=overwrite)
    fresh = [pair for pair in zip(forms, kept, strict=True) if pair[1].outcome != "known"]
    touched = {bookings[form.booking_ref] for form, _ in fresh}
    uow.execute(_SAY_SO, {"bookings": sorted(touched), "now": uow.now})
    failed = [pair for pair in fresh if pair[0].status is PaymentStatus.FAILED]
    if failed:
        open_items(uow, [_failure(form, payment, bookings, source) for form, payment in failed])
    uow.record("payments.received", "payment", None, count=len(forms), failed=len(failed), source=source)
    return kept


def _row(form: PaymentForm, bookings: Mapping[str, int]) -> dict[str, Any]:
    if form.booking_ref not in bookings:
        raise Invalid("booking_ref", "names no booking that has come in")
    return form.model_dump(include=_COLUMNS) | {
        "booking_id": bookings[form.booking_ref],
        "currency": form.currency or config.word("CURRENCY"),
    }


def _failure(form: PaymentForm, payment: Kept, bookings: Mapping[str, int], source: str) -> NewItem:
    reason = form.failure_reason or "no reason given"
    return NewItem(
        item_type="booking",
        resource_type="booking",
        resource_id=bookings[form.booking_ref],
        title=f"Payment failed: {reason}"[:500],
        reason=f"payment failed: {reason}",
        context={"payment_id": payment.id, "failure_reason": reason},
        stake_amount=abs(form.amount),
        created_at=form.created_at,
        source=source,
        external_ref=f"payment:{form.external_ref}",
    )
