"""Asking the payment provider how a booking's payment stands: what is asked, how the answer is read, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import Conflict
from core.outbox.kinds import Entry, Kind, Verdict, declare_kind
from core.outgoing.addresses import read
from core.outgoing.sending import Purpose, check, send
from core.resolutions.declaring import Outside
from core.resolutions.effects import Case
from core.resolutions.refunding import booking, told
from core.settings import settings
from core.text import is_text

CHECK_PAYMENT = "check_payment"


def _text(given: str) -> str:
    if not is_text(given):
        raise ValueError("holds characters that are no text")
    return given


Text = Annotated[str, AfterValidator(_text)]


class Standing(BaseModel):
    """What the provider answers. Money that has moved has its amount, its currency, and a reference of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)
    status: Literal["paid", "failed", "unpaid", "refunded"]
    amount: Decimal | None = Field(None, gt=0, max_digits=14, decimal_places=2)
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    failure_reason: Text | None = Field(None, max_length=500)
    reference: Text | None = Field(None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _whole(self) -> Standing:
        if self.status in {"paid", "refunded"} and None in {self.amount, self.currency, self.reference}:
            raise ValueError("money has an amount, a currency and a reference")
        return self


def provider() -> tuple[str, Purpose]:
    """The address to ask at, and to whom alone that may go. Raises Conflict when none is configured."""
    known = settings()
    if known.payment_check_url is None:
        raise Conflict("No payment provider is configured (PAYMENT_CHECK_URL), so nothing can be asked.")
    place = read(known.payment_check_url.replace("{reference}", "x"))
    return known.payment_check_url, Purpose("payments", (f"{place.host}:{place.port}",), known.payment_check_token)


def checkable(case: Case) -> None:
    """Raise why the provider cannot be asked: no booking, no reference, nobody to ask."""
    reference = _reference(case)
    template, purpose = provider()
    check(purpose, _address(template, reference))


def _reference(case: Case) -> str:
    found = booking(case)
    if not found["external_ref"]:
        raise Conflict(f"Booking {found['id']} has no reference that the payment provider would know.")
    return str(found["external_ref"])


def _address(template: str, reference: str) -> str:
    return template.replace("{reference}", quote(reference, safe=""))


def _question(case: Case) -> Mapping[str, Any]:
    return {"booking": booking(case)["id"], "reference": _reference(case)}


def ask(entry: Entry) -> Verdict:
    """Ask the provider. What is no answer to the question is told in words."""
    template, purpose = provider()
    answer = send(
        purpose, "GET", _address(template, entry.payload["reference"]), headers={"Accept": "application/json"}
    )
    if answer.status == HTTPStatus.NOT_FOUND:
        return Verdict(False, f"The payment provider knows nothing under {entry.payload['reference']}.")
    if answer.status != HTTPStatus.OK:
        return Verdict(False, f"The payment provider answered {answer.status}.")
    try:
        standing = Standing.model_validate_json(answer.body)
    except ValidationError as error:
        field = ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or "its whole"
        return Verdict(False, f"The payment provider's answer cannot be read: {field} is not as agreed.")
    return Verdict(True, _in_words(standing), outcome=standing.model_dump(mode="json", exclude_none=True))


def _follow(case: Case, outcome: Mapping[str, Any]) -> None:
    """The booking says how it stands, and what was paid or failed or went back is among its payments, once."""
    standing, found = Standing.model_validate(dict(outcome)), booking(case)
    if standing.currency not in {None, found["currency"]}:
        raise Conflict(f"The payment provider speaks of {standing.currency}; the booking is in {found['currency']}.")
    if standing.reference:
        _keep(case, found, standing, standing.reference)
    if found["payment_status"] != standing.status:
        case.change("bookings", found["id"], payment_status=standing.status, updated_at=case.now)


def _keep(case: Case, found: Mapping[str, Any], standing: Standing, reference: str) -> None:
    """The payment under its own reference: new, or brought up to date. A refund stands beside what it gives back."""
    if standing.status == "unpaid":
        return
    is_refund = standing.status == "refunded"
    known_as, amount = f"{reference}:refund" if is_refund else reference, standing.amount or Decimal(found["amount"])
    says = {
        "external_ref": known_as,
        "status": standing.status,
        "amount": -amount if is_refund else amount,
        "failure_reason": standing.failure_reason,
    }
    payment = _payment(case, found["id"], says)
    if payment is None:
        currency = standing.currency or found["currency"]
        case.add("payments", booking_id=found["id"], currency=currency, created_at=case.now, **says)
    elif payment["booking_id"] != found["id"]:
        raise Conflict(f"The payment provider names payment {payment['id']}, which is for another booking.")
    elif any(payment[name] != value for name, value in says.items()):
        case.change("payments", payment["id"], **says)


def _payment(case: Case, booking_id: int, says: Mapping[str, Any]) -> dict[str, Any] | None:
    """The payment of that reference, else the same money on record without one: noted here before it was heard of."""
    key = case.uow.execute(
        "SELECT id FROM payments WHERE external_ref = :external_ref OR (external_ref IS NULL "
        "AND booking_id = :booking AND status = :status AND amount = :amount) ORDER BY external_ref NULLS LAST LIMIT 1",
        {**says, "booking": booking_id},
    ).scalar_one_or_none()
    return None if key is None else case.find("payments", key)


def _in_words(standing: Standing) -> str:
    amount = f", {told(standing.amount, standing.currency)}" if standing.amount and standing.currency else ""
    reason = f": {standing.failure_reason}" if standing.failure_reason else ""
    return f"The payment provider says: {standing.status}{amount}{reason}."


CHECK = Outside(CHECK_PAYMENT, _question, _follow)
declare_kind(Kind(CHECK_PAYMENT, ask))
