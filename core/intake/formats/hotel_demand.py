"""Hotel bookings: each row one stay, known by its place among equals, since the set names none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.checking import checked_form
from core.errors import Invalid
from core.intake.drafts import Draft, Drafts, Format, Line, Problem, Reject, Rows, drafted
from core.intake.forms import BookingForm
from core.intake.values import Columns, Places, decimal, moment, text, whole
from core.words import BookingStatus, PaymentStatus

_NIGHTS = ("stays_in_weekend_nights", "stays_in_week_nights")
_GUESTS = ("adults", "children", "babies")
_COLUMNS = (
    "hotel",
    "is_canceled",
    "lead_time",
    "arrival_date_year",
    "arrival_date_month",
    "arrival_date_day_of_month",
    *_NIGHTS,
    *_GUESTS,
    "deposit_type",
    "adr",
    "reservation_status",
    "reservation_status_date",
)
_STATUS = {
    "Check-Out": BookingStatus.COMPLETED,
    "Canceled": BookingStatus.CANCELLED,
    "No-Show": BookingStatus.CANCELLED,
}


def _reader(rows: Rows, _as_of: datetime | None) -> Drafts:
    places = Places()
    for row in rows:
        yield row if isinstance(row, Reject) else drafted(row, lambda line: _read(line, places))


def _read(line: Line, places: Places) -> Draft:
    told = line.columns
    rate, nights = decimal(told, "adr"), sum(whole(told, name) for name in _NIGHTS)
    arrival = _arrival(told)
    booked = arrival - timedelta(days=whole(told, "lead_time"))
    settled = moment(told, "reservation_status_date", "%Y-%m-%d")
    deposit = told["deposit_type"] != "No Deposit"
    refundable = told["reservation_status"] == "Canceled" and deposit
    form = checked_form(
        BookingForm,
        {
            "external_ref": f"hotel-demand:{places.of(told)}",
            "service": f"{told['hotel']}, {nights} nights",
            "status": _STATUS.get(told["reservation_status"], told["reservation_status"]),
            "payment_status": _payment(told, deposit),
            "amount": (rate * nights).quantize(Decimal("0.01")),
            "currency": "EUR",
            "scheduled_at": arrival,
            "created_at": booked,
            "settled_at": settled,
            "request": "refund" if refundable else None,
            "request_reason": f"cancelled with a deposit ({told['deposit_type'].lower()})" if refundable else "",
        },
    )
    return Draft(line.number, form, tuple(_problems(told, rate, booked, settled)))


def _payment(told: Columns, deposit: bool) -> PaymentStatus:
    """Who stayed has paid, who gave a deposit too; more the set does not say."""
    return PaymentStatus.PAID if deposit or told["reservation_status"] == "Check-Out" else PaymentStatus.UNPAID


def _arrival(told: Columns) -> datetime:
    said = "{arrival_date_year} {arrival_date_month} {arrival_date_day_of_month}".format_map(told)
    try:
        return datetime.strptime(said, "%Y %B %d").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("arrival_date", "is a year, an English month and a day") from None


def _problems(told: Columns, rate: Decimal, booked: datetime, settled: datetime | None) -> list[Problem]:
    found = []
    if rate < 0:
        found.append(Problem(("amount",), "the rate is negative"))
    if all(text(told, name, ("0", "NA", "NULL", "")) is None for name in _GUESTS):
        found.append(Problem(("guests",), "a booking for nobody"))
    if settled is not None and settled < booked:
        found.append(Problem(("settled_at", "created_at"), "settled before it was booked"))
    return found


FORMAT = Format("hotel-demand", "bookings", _COLUMNS, _reader)
