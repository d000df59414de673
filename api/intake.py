"""Records for programs: bookings, complaints, payments and providers, each known by what its source calls it."""

from __future__ import annotations

from fastapi import Response

from api.asking import Ordered
from api.routing import router_of
from api.schemas import told
from api.schemas.sent import OneOrMany, many
from api.taking import ANSWERS, taken
from core.intake.bookings import receive_bookings
from core.intake.complaints import receive_complaints
from core.intake.forms import BookingForm, ComplaintForm, PaymentForm, ProviderForm
from core.intake.payments import receive_payments
from core.intake.providers import receive_providers

router = router_of("records")


@router.post("/bookings", status_code=201, responses=ANSWERS)
def bookings(order: Ordered, body: OneOrMany[BookingForm], response: Response) -> list[told.Accepted]:
    """Keep one booking or many; a refund or cancellation that is asked for becomes an item at once."""
    return taken(order, receive_bookings, many(body), is_one=not isinstance(body, list), response=response)


@router.post("/complaints", status_code=201, responses=ANSWERS)
def complaints(order: Ordered, body: OneOrMany[ComplaintForm], response: Response) -> list[told.Accepted]:
    """Keep one complaint or many; each new one becomes an item at once."""
    return taken(order, receive_complaints, many(body), is_one=not isinstance(body, list), response=response)


@router.post("/payments", status_code=201, responses=ANSWERS)
def payments(order: Ordered, body: OneOrMany[PaymentForm], response: Response) -> list[told.Accepted]:
    """Keep one payment or many; a failed one becomes an item of its booking at once."""
    return taken(order, receive_payments, many(body), is_one=not isinstance(body, list), response=response)


@router.post("/providers", status_code=201, responses=ANSWERS)
def providers(order: Ordered, body: OneOrMany[ProviderForm], response: Response) -> list[told.Accepted]:
    """Keep one provider record or many; a job finds twins and gaps among them."""
    return taken(order, receive_providers, many(body), is_one=not isinstance(body, list), response=response)
