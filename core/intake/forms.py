"""What programs and files may say of a record: every field checked at the door, and nothing else let in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from core.checking import text_up_to
from core.words import BookingStatus, ComplaintStatus, PaymentStatus, Priority, Queue, Status, Tier

EARLIEST, LATEST = 1900, 2200
LONGEST = 16_000


def _written(given: object) -> object:
    """Numbers are no times: nobody knows what they count."""
    if isinstance(given, datetime) or (isinstance(given, str) and "-" in given[:5]):
        return given
    raise ValueError("is a time such as 2026-11-21T09:00:00+00:00")


def _sensible(given: datetime) -> datetime:
    if not EARLIEST <= given.year <= LATEST:
        raise ValueError(f"lies between the years {EARLIEST} and {LATEST}")
    return given


Line = Annotated[str, text_up_to(500)]
Words = Annotated[str, text_up_to(LONGEST)]
Reference = Annotated[str, Field(min_length=1), text_up_to(200)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_sensible)]
Money = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=14, decimal_places=2)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Form(BaseModel):
    """One record as it is told. `external_ref` is what its source knows it by."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)

    external_ref: Reference

    def known_at(self, moment: datetime) -> Self | None:
        """The record as far as it was known at `moment`; None when it did not exist yet."""
        began = getattr(self, "created_at", None)
        return None if began is not None and began > moment else self._without_what_came_after(moment)

    def _without_what_came_after(self, _moment: datetime) -> Self:
        return self

    def moved(self, by: timedelta) -> Self:
        """The record with every time in it, inner ones included, moved by so much."""
        timed = {name: value for name, value in self if isinstance(value, datetime | dict)}
        return self.model_copy(update={name: _moved(value, by) for name, value in timed.items()})


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, Mapping):
        return {name: _moved(inner, by) for name, inner in value.items()}
    return [_moved(inner, by) for inner in value] if isinstance(value, list) else value


class CustomerForm(BaseModel):
    """Whom a booking or complaint is from."""

    model_config = Form.model_config

    external_ref: Reference
    name: Line | None = None
    email: Line | None = None
    mobile: Line | None = None
    tier: Tier | None = None


class BookingForm(Form):
    """A booking. `request` is what its customer asks for now; `settled_at` is when it reached its status."""

    customer: CustomerForm | None = None
    service: Annotated[Line, Field(min_length=1)]
    status: BookingStatus = BookingStatus.PENDING
    payment_status: PaymentStatus = PaymentStatus.UNPAID
    amount: Money
    currency: Currency | None = None
    scheduled_at: Moment | None = None
    session_id: Line | None = None
    created_at: Moment | None = None
    settled_at: Moment | None = None
    request: Literal["cancellation", "refund"] | None = None
    request_reason: Words = ""

    def _without_what_came_after(self, moment: datetime) -> Self:
        if self.settled_at is None or self.settled_at <= moment:
            return self
        before = {"status": BookingStatus.CONFIRMED, "settled_at": None, "request": None, "request_reason": ""}
        return self.model_copy(update=before)


class PaymentForm(Form):
    """One attempt to take or give back the money of the booking with the reference `booking_ref`."""

    booking_ref: Reference
    status: PaymentStatus
    amount: Money
    currency: Currency | None = None
    failure_reason: Line | None = None
    created_at: Moment | None = None


class ComplaintForm(Form):
    """A complaint. A source that sets deadlines says so: then none given means that there is none."""

    customer: CustomerForm | None = None
    booking_ref: Reference | None = None
    category: Annotated[Line, Field(min_length=1)]
    subject: Annotated[Line, Field(min_length=1)]
    description: Words | None = None
    priority: Priority = Priority.MEDIUM
    status: ComplaintStatus = ComplaintStatus.OPEN
    response_due_at: Moment | None = None
    resolution_due_at: Moment | None = None
    deadline_set_by_source: bool = False
    responded_at: Moment | None = None
    resolved_at: Moment | None = None
    resolution: Line | None = None
    session_id: Line | None = None
    created_at: Moment | None = None
    context: dict[str, Any] = Field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Whether its source has settled it."""
        return self.status in {ComplaintStatus.RESOLVED, ComplaintStatus.CLOSED}

    def _without_what_came_after(self, moment: datetime) -> Self:
        return self.model_copy(update=_later_deeds(self, moment, ComplaintStatus.OPEN))


class ProviderForm(Form):
    """A provider of care: a person, or an organisation."""

    npi: Line | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    organisation: Line | None = None
    taxonomy: Line | None = None
    phone: Line | None = None
    fax: Line | None = None
    address_line1: Line | None = None
    address_line2: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Line | None = None
    country: Line | None = None
    is_active: bool = True
    enumerated_on: Moment | None = None
    details: dict[str, Any] = Field(default_factory=dict)


class WorkForm(Form):
    """An item for the queue: an incident, a failed transfer, or anything that a mapping describes."""

    item_type: Annotated[Line, Field(min_length=1)]
    resource_type: Line | None = None
    resource_id: Line | None = None
    title: Line = ""
    reason: Words = ""
    priority: Priority | None = None
    queue: Queue | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    confidence_score: Annotated[float, Field(ge=0, le=1)] = 1.0
    stake_amount: Money | None = None
    session_id: Line | None = None
    sla_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    due_at: Moment | None = None
    created_at: Moment | None = None
    responded_at: Moment | None = None
    status: Literal[Status.OPEN, Status.RESOLVED, Status.REJECTED] = Status.OPEN
    resolved_at: Moment | None = None
    resolution: Line | None = None

    @model_validator(mode="after")
    def _decided_some_time(self) -> Self:
        if (self.status is Status.OPEN) != (self.resolved_at is None):
            raise ValueError("resolved_at: belongs to an item that is resolved or rejected, and to no other")
        return self

    def _without_what_came_after(self, moment: datetime) -> Self:
        return self.model_copy(update=_later_deeds(self, moment, Status.OPEN))


def _later_deeds(form: ComplaintForm | WorkForm, moment: datetime, open_status: str) -> dict[str, Any]:
    """What has to be unsaid of a record so that nobody knows more of it than was known at `moment`."""
    unknown: dict[str, Any] = {}
    if form.responded_at is not None and form.responded_at > moment:
        unknown["responded_at"] = None
    if form.resolved_at is not None and form.resolved_at > moment:
        unknown |= {"resolved_at": None, "resolution": None, "status": open_status}
    return unknown
