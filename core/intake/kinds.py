"""The kinds of records that can be imported: how each is told, and what takes it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.intake.bookings import receive_bookings
from core.intake.complaints import receive_complaints
from core.intake.forms import BookingForm, ComplaintForm, Form, PaymentForm, ProviderForm, WorkForm
from core.intake.payments import receive_payments
from core.intake.providers import receive_providers
from core.intake.work import receive_work
from core.uow import UnitOfWork


class Received(Protocol):
    """What became of one record."""

    @property
    def id(self) -> int: ...

    @property
    def outcome(self) -> str: ...


@dataclass(frozen=True)
class Kind:
    """A kind of records that can be imported: how each is told, what takes them in, and what they are about."""

    form: type[Form]
    receive: Callable[[UnitOfWork, Sequence[Any], str], Sequence[Received]]
    resource_type: str | None


_WORK = Kind(WorkForm, lambda uow, forms, source: receive_work(uow, forms, source=source), None)
KINDS: Mapping[str, Kind] = {
    "bookings": Kind(
        BookingForm, lambda uow, forms, source: receive_bookings(uow, forms, source=source, overwrite=False), "booking"
    ),
    "complaints": Kind(
        ComplaintForm,
        lambda uow, forms, source: receive_complaints(uow, forms, source=source, overwrite=False),
        "complaint",
    ),
    "payments": Kind(
        PaymentForm, lambda uow, forms, source: receive_payments(uow, forms, source=source, overwrite=False), "payment"
    ),
    "providers": Kind(
        ProviderForm,
        lambda uow, forms, source: receive_providers(uow, forms, source=source, overwrite=False),
        "provider",
    ),
    "incidents": _WORK,
    "transfers": _WORK,
    "work_items": _WORK,
}
