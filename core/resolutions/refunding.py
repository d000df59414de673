"""The money of one booking: what has been taken, what was given back, and giving back more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.errors import Conflict, Invalid
from core.resolutions.effects import Case, GivenBack, number_of
from core.words import PaymentStatus

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Money:
    """A booking's money in its currency: `taken` from the customer, `returned` so far (both from 0 up)."""

    taken: Decimal
    returned: Decimal
    currency: str
    failures: int

    @property
    def left(self) -> Decimal:
        """What could still be given back."""
        return max(self.taken - self.returned, Decimal(0))


def booking_of(case: Case) -> dict[str, Any] | None:
    """The booking that the item is about: by its record, its complaint's, or its session; None when there is none."""
    key = _booking_key(case)
    return None if key is None else case.find("bookings", key)


def booking(case: Case) -> dict[str, Any]:
    """The booking that the item is about. Raises Conflict when there is none."""
    found = booking_of(case)
    if found is None:
        raise Conflict("The item leads to no booking, so this cannot be carried out.")
    return found


def _booking_key(case: Case) -> int | None:
    key = number_of(case.item["resource_id"] or "")
    if case.item["resource_type"] == "booking":
        return key
    if case.item["resource_type"] == "complaint" and key is not None:
        complaint = case.find("complaints", key)
        if complaint and complaint["booking_id"]:
            return int(complaint["booking_id"])
    return case.uow.execute(
        "SELECT id FROM bookings WHERE session_id = :session ORDER BY created_at DESC, id DESC LIMIT 1",
        {"session": case.item["session_id"]},
    ).scalar_one_or_none()


def money_of(case: Case, booked: Mapping[str, Any]) -> Money:
    """What has been taken and returned. A booking said to be paid without any payment on record counts in full."""
    sums = case.uow.execute(
        "SELECT sum(amount) FILTER (WHERE status = 'paid') AS taken, "
        "coalesce(-sum(amount) FILTER (WHERE status = 'refunded'), 0) AS returned, "
        "count(*) FILTER (WHERE status = 'failed') AS failures FROM payments WHERE booking_id = :id",
        {"id": booked["id"]},
    ).one()
    said = booked["amount"] if booked["payment_status"] == PaymentStatus.PAID else 0
    taken = Decimal(said) if sums.taken is None else sums.taken
    return Money(taken, sums.returned, booked["currency"], sums.failures)


def something_left(case: Case) -> Money:
    """The booking's money. Raises Conflict when nothing of it could be given back."""
    booked = booking(case)
    money = money_of(case, booked)
    if not money.left:
        raise Conflict(f"Nothing that was paid for booking {booked['id']} is left to give back.")
    return money


def give_back(case: Case, amount: Decimal, field: str = "amount") -> dict[str, str]:
    """Return `amount` of what was paid: a negative payment, and the booking is refunded once nothing is left.

    Raises Invalid naming `field` when it is not above 0 and at most what is left.
    """
    booked, money = booking(case), something_left(case)
    cents = amount.quantize(CENT, ROUND_HALF_UP)
    if not 0 < cents <= money.left:
        raise Invalid(field, f"lies above 0 and is at most the {told(money.left, money.currency)} that are left")
    case.add(
        "payments",
        booking_id=booked["id"],
        status=PaymentStatus.REFUNDED,
        amount=-cents,
        currency=money.currency,
        created_at=case.now,
    )
    if cents == money.left:
        case.change("bookings", booked["id"], payment_status=PaymentStatus.REFUNDED, updated_at=case.now)
    case.given_back = GivenBack(cents, money.returned + cents, money.currency)
    return {"returned": str(cents), "currency": money.currency}


def told(amount: Decimal, currency: str) -> str:
    """An amount as people read it: "1,240.00 EUR"."""
    return f"{amount:,.2f} {currency}"
