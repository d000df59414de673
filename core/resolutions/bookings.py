"""What deciding about a booking does to it: confirmed, cancelled with or without a fee, kept, refunded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from core.errors import Conflict, Invalid
from core.resolutions.declaring import Fact, Parameter
from core.resolutions.effects import Case
from core.resolutions.refunding import booking, booking_of, give_back, money_of, something_left, told
from core.words import BookingStatus, PaymentStatus

_AHEAD = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


def bookable(case: Case) -> None:
    """Raise Conflict unless the service still lies ahead."""
    found = booking(case)
    if found["status"] not in _AHEAD:
        raise Conflict(f"Booking {found['id']} is {_word(found['status'])} and can no longer be confirmed.")


def cancellable(case: Case) -> None:
    """Raise Conflict when the service is being given or was given."""
    found = booking(case)
    if found["status"] in (BookingStatus.IN_PROGRESS, BookingStatus.COMPLETED):
        raise Conflict(f"Booking {found['id']} is {_word(found['status'])} and can no longer be cancelled.")


def fee_possible(case: Case) -> None:
    """Raise Conflict unless the booking can be cancelled and there is money to keep a fee from."""
    cancellable(case)
    something_left(case)


def kept(case: Case) -> None:
    """Raise Conflict when there is no booking left to keep."""
    found = booking(case)
    if found["status"] == BookingStatus.CANCELLED:
        raise Conflict(f"Booking {found['id']} is cancelled already.")


def confirm(case: Case) -> None:
    """The booking is confirmed."""
    _become(case, BookingStatus.CONFIRMED)


def cancel(case: Case) -> None:
    """The booking is cancelled; its money stays where it is."""
    _become(case, BookingStatus.CANCELLED)


def accept_cancellation(case: Case) -> dict[str, str] | None:
    """The booking is cancelled and all that was paid goes back."""
    left = money_of(case, booking(case)).left
    cancel(case)
    return give_back(case, left) if left else None


def accept_with_fee(case: Case) -> dict[str, str]:
    """The booking is cancelled; the fee is kept and the rest goes back. Raises Invalid for a fee above that."""
    money, fee = something_left(case), case.parameters["fee"]
    if not 0 < fee <= money.left:
        raise Invalid("fee", f"lies above 0 and is at most the {told(money.left, money.currency)} that were paid")
    cancel(case)
    given = give_back(case, money.left - fee) if fee < money.left else {"returned": "0.00"}
    return given | {"fee": str(fee)}


def approve_refund(case: Case) -> dict[str, str]:
    """What was asked for goes back, or the amount that the reviewer filled in."""
    return give_back(case, case.parameters.get("amount") or _requested(case))


def requested(case: Case) -> tuple[Parameter, ...]:
    """The amount, which begins as what was asked for."""
    hint = "Left empty, all that was asked for is given back."
    suggested = f"{_requested(case):.2f}" if booking_of(case) else None
    return (Parameter("amount", "Amount to give back", "number", required=False, help=hint, suggested=suggested),)


def _requested(case: Case) -> Decimal:
    """What the item says is wanted, at most what is left; all of it where the item does not say."""
    left = money_of(case, booking(case)).left
    try:
        wanted = Decimal(str(case.context.get("amount") or case.item["stake_amount"] or left))
        return min(wanted, left) if wanted > 0 else left
    except InvalidOperation:  # no number, or NaN, which has no order
        return left


def paid(case: Case) -> str | None:
    """A reason to confirm: the money has come, and all of it."""
    found = booking(case)
    is_paid = found["payment_status"] == PaymentStatus.PAID and money_of(case, found).taken >= found["amount"]
    return "It is paid." if is_paid else None


def passed_unpaid(case: Case) -> str | None:
    """A reason to cancel: nobody paid, and the time has passed."""
    found = booking(case)
    passed = found["scheduled_at"] and datetime.fromisoformat(found["scheduled_at"]) < case.now
    unpaid = found["payment_status"] in (PaymentStatus.UNPAID, PaymentStatus.FAILED)
    return "The time of the service has passed unpaid." if passed and unpaid else None


def asked_back(case: Case) -> str | None:
    """A reason to approve: the service will not be given, and its money is still here."""
    return "The booking is cancelled and its money is still here." if _cancelled_and_paid(case) else None


def _cancelled_and_paid(case: Case) -> bool:
    found = booking(case)
    return found["status"] == BookingStatus.CANCELLED and money_of(case, found).left > 0


def facts(case: Case) -> tuple[Fact, ...]:
    """The booking and its money, where the item leads to one."""
    found = booking_of(case)
    if found is None:
        return ()
    money = money_of(case, found)
    return (
        Fact("Booking", f"{found['id']}: {_word(found['status'])}, {_word(found['payment_status'])}"),
        Fact("Price", told(found["amount"], money.currency)),
        Fact("Paid", told(money.taken, money.currency)),
        Fact("Given back", told(money.returned, money.currency)),
        Fact("Failed payments", str(money.failures)),
    )


def _become(case: Case, status: BookingStatus) -> None:
    found = booking(case)
    if found["status"] != status:
        case.change("bookings", found["id"], status=status, updated_at=case.now)


def _word(status: str) -> str:
    return status.replace("_", " ")
