"""Effects that leave the item in hand: an answer by e-mail, a message to a booking's customer, a payment check."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock
from core.errors import Conflict, OpsError
from core.permissions import Principal
from core.queue import deciding
from core.resolutions.guiding import Offer, guide
from core.settings import settings
from core.uow import perform
from tests.builders import count, history, item, rows
from tests.cast import NOON, Cast
from tests.outbox.payments import Provider
from tests.outbox.postbox import Postbox
from tests.outbox.test_delivering import LATER, deliver, entry
from tests.resolutions import records as r
from tests.resolutions.records import decided, held

PAID = {"status": "paid", "amount": "120.50", "currency": "EUR", "reference": "pay-1"}


def offer(who: Principal, number: int, name: str) -> Offer:
    return next(each for each in perform(who, guide, number).options if each.name == name)


def complained(who: Principal, **customer: Any) -> int:
    """A complaint of Jane's in hand."""
    found = r.complaint(customer_id=r.customer(**customer), subject="Late\r\nBcc: x@y.test")
    return held(who, "complaint", ("complaint", found))


def booked(who: Principal, **booking: Any) -> int:
    """A booking of Jane's in hand, known to the provider as ref-1."""
    usual = {"customer_id": r.customer(), "external_ref": "ref-1"}
    return held(who, "booking", ("booking", r.booking(**usual | booking)))


def test_an_answer_is_mailed_and_counts_from_when_it_was_decided(cast: Cast, postbox: Postbox, noon: datetime) -> None:
    number = complained(cast.reviewer)
    assert "sent by e-mail" in offer(cast.reviewer, number, "respond").help
    decided(cast.reviewer, number, "respond", message="We are looking into it.")
    assert (item(number).resolution, item(number).first_responded_at) == ("respond", None)
    assert deliver() == {"done": 1}
    (got,) = postbox.got
    assert (got["To"], got["Subject"]) == ("jane@example.com", "Re: Late Bcc: x@y.test")
    assert got.get_content().strip() == "We are looking into it."
    after = item(number)
    assert (after.status, after.assigned_to, after.resolution) == ("in_progress", cast.reviewer.staff_id, None)
    assert after.first_responded_at == NOON
    assert after.lease_expires_at > NOON + LATER
    assert history(number)[-2:] == ["EFFECT", "RESPOND"]
    assert count("clock_events", "kind = 'respond' AND at = :at AND item_id = :id", at=NOON, id=number) == 1
    found = r.row("complaints", 1)
    assert (found["status"], datetime.fromisoformat(found["responded_at"])) == ("in_progress", NOON)
    told = rows("SELECT payload FROM work_actions WHERE kind = 'EFFECT'")[0].payload
    assert told["outcome"] == {"message": "We are looking into it."}
    decided(cast.reviewer, number, "resolve")
    assert item(number).status == "resolved"


def test_an_answer_that_does_not_arrive_is_back_in_hand_and_no_response(
    cast: Cast, postbox: Postbox, noon: datetime
) -> None:
    number = complained(cast.reviewer, email="550@example.com")
    decided(cast.reviewer, number, "respond", message="Dear Jane")
    assert deliver() == {"returned": 1}
    after = item(number)
    assert (after.status, after.resolution, after.first_responded_at) == ("in_progress", None, None)
    assert "answered 550" in rows("SELECT payload FROM work_actions ORDER BY id DESC LIMIT 1")[0].payload["error"]
    assert r.row("complaints", 1)["responded_at"] is None
    assert count("outbox", "payload ? 'letter'") == 0


def test_an_answer_that_may_yet_be_taken_is_tried_again_while_the_item_waits(
    cast: Cast, postbox: Postbox, noon: datetime
) -> None:
    number = complained(cast.reviewer, email="drop@example.com")
    decided(cast.reviewer, number, "respond", message="Dear Jane")
    assert deliver() == {"again": 1}
    assert item(number).resolution == "respond"
    with pytest.raises(Conflict, match="on its way"):
        perform(cast.reviewer, deciding.undo, number)
    at = entry().due_at
    while deliver(at) == {"again": 1}:
        at = entry().due_at
    assert item(number).resolution is None
    assert len(postbox.got) == 8
    assert len(set(postbox.keys())) == 1


def test_an_answer_is_taken_back_before_it_has_left(cast: Cast, postbox: Postbox, noon: datetime) -> None:
    number = complained(cast.reviewer)
    decided(cast.reviewer, number, "respond", message="Oops")
    perform(cast.reviewer, deciding.undo, number)
    assert deliver() == {}
    assert (postbox.got, item(number).first_responded_at, item(number).resolution) == ([], None, None)


def test_without_a_mail_server_an_answer_is_noted_and_the_screen_says_so(cast: Cast, noon: datetime) -> None:
    number = complained(cast.reviewer)
    shown = offer(cast.reviewer, number, "respond")
    assert not shown.leaves_the_house
    assert "nothing can be sent. Answer by other means" in shown.help
    decided(cast.reviewer, number, "respond", message="I rang her.")
    assert (item(number).first_responded_at, count("outbox")) == (NOON, 0)


def test_who_has_no_address_is_answered_by_other_means(cast: Cast, postbox: Postbox, noon: datetime) -> None:
    number = complained(cast.reviewer, email=None)
    assert "no e-mail address" in offer(cast.reviewer, number, "respond").help
    decided(cast.reviewer, number, "respond", message="I rang her.")
    assert (item(number).first_responded_at, count("outbox")) == (NOON, 0)


def test_a_bookings_customer_is_written_to(cast: Cast, postbox: Postbox, noon: datetime) -> None:
    number = booked(cast.reviewer)
    decided(cast.reviewer, number, "contact", message="Did you mean Tuesday?")
    assert deliver() == {"done": 1}
    assert [(got["To"], got["Subject"]) for got in postbox.got] == [("jane@example.com", "Your booking: Cleaning")]
    assert (item(number).status, item(number).resolution) == ("in_progress", None)


def test_who_cannot_be_written_to_is_refused_with_the_reason(cast: Cast, noon: datetime) -> None:
    assert "No mail server" in (offer(cast.reviewer, booked(cast.reviewer), "contact").refusal or "")


@pytest.mark.parametrize(("customer", "why"), [({"email": None}, "no e-mail address"), (None, "leads to no customer")])
def test_a_customer_without_an_address_is_not_written_to(
    cast: Cast, postbox: Postbox, noon: datetime, customer: dict[str, Any] | None, why: str
) -> None:
    number = booked(cast.reviewer, customer_id=None if customer is None else r.customer(**customer))
    with pytest.raises(Conflict, match=why):
        decided(cast.reviewer, number, "contact", message="Hello")
    assert count("outbox") == 0


def check(cast: Cast, provider: Provider, answer: Any, status: int = 200, **booking: Any) -> int:
    """An item whose payment was asked after, and answered."""
    provider.answers["ref-1"] = (status, answer)
    number = booked(cast.reviewer, **booking)
    decided(cast.reviewer, number, "retry_payment_check")
    return number


def payments() -> list[Any]:
    return rows("SELECT status, amount::text, external_ref, failure_reason FROM payments ORDER BY id")


def test_what_is_paid_makes_confirming_the_advice(cast: Cast, provider: Provider, noon: datetime) -> None:
    number = check(cast, provider, PAID)
    assert deliver() == {"done": 1}
    assert provider.asked == [("/payments/ref-1", None, "Bearer pay-token")]
    assert payments() == [("paid", "120.50", "pay-1", None)]
    assert (r.row("bookings", 1)["payment_status"], item(number).status) == ("paid", "in_progress")
    assert item(number).summary["payment_status"] == "paid"
    advised = perform(cast.reviewer, guide, number).recommended
    assert advised is not None
    assert (advised.name, advised.reason) == ("confirm", "It is paid.")
    told = rows("SELECT payload FROM work_actions ORDER BY id DESC LIMIT 1")[0].payload["told"]
    assert told == "The payment provider says: paid, 120.50 EUR."


def test_less_than_the_price_is_no_reason_to_confirm(cast: Cast, provider: Provider, noon: datetime) -> None:
    number = check(cast, provider, PAID | {"amount": "20.00"})
    assert deliver() == {"done": 1}
    assert perform(cast.reviewer, guide, number).recommended is None


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({"status": "unpaid"}, []),
        ({"status": "unpaid", "reference": "pay-1"}, []),
        ({"status": "failed", "failure_reason": "card expired"}, []),
        (
            {"status": "failed", "failure_reason": "card expired", "reference": "pay-1"},
            [("failed", "120.50", "pay-1", "card expired")],
        ),
        (PAID | {"status": "refunded", "amount": 20.5}, [("refunded", "-20.50", "pay-1:refund", None)]),
    ],
)
def test_the_booking_says_what_the_provider_says(
    cast: Cast, provider: Provider, noon: datetime, answer: dict[str, Any], kept: list[Any]
) -> None:
    check(cast, provider, answer, payment_status="paid")
    assert deliver() == {"done": 1}
    assert r.row("bookings", 1)["payment_status"] == answer["status"]
    assert payments() == kept


def test_one_payment_is_kept_once_however_often_it_is_asked_after(
    cast: Cast, provider: Provider, noon: datetime
) -> None:
    number = check(cast, provider, {"status": "failed", "reference": "pay-1"})
    deliver()
    provider.answers["ref-1"] = (200, PAID)
    for again in (1, 2):
        with clock.frozen(NOON + again * timedelta(minutes=1)):
            decided(cast.reviewer, number, "retry_payment_check")
        assert deliver(NOON + timedelta(minutes=again, seconds=11)) == {"done": 1}
    assert payments() == [("paid", "120.50", "pay-1", None)]


def test_money_noted_before_it_was_heard_of_is_not_counted_twice(
    cast: Cast, provider: Provider, noon: datetime
) -> None:
    key = r.paid_booking(external_ref="ref-1")
    provider.answers["ref-1"] = (200, PAID)
    decided(cast.reviewer, held(cast.reviewer, "booking", ("booking", key)), "retry_payment_check")
    assert deliver() == {"done": 1}
    assert payments() == [("paid", "120.50", "pay-1", None)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"paid",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{" * 50_000,
        b'{"status": "paid", "filler": "' + b"x" * 70_000 + b'"}',
        {"status": "PAID"},
        {"status": "paid"},
        PAID | {"more": 1},
        PAID | {"amount": "NaN"},
        PAID | {"amount": 0},
        PAID | {"amount": "-5"},
        PAID | {"amount": "1e400"},
        PAID | {"amount": 1.005},
        PAID | {"currency": "eur"},
        PAID | {"reference": ""},
        PAID | {"reference": "x" * 201},
        PAID | {"reference": "a\x00b"},
        {"status": "failed", "failure_reason": "x" * 501},
    ],
)
def test_what_is_no_answer_comes_back_in_words_and_changes_nothing(
    cast: Cast, provider: Provider, noon: datetime, body: Any
) -> None:
    number = check(cast, provider, body)
    assert deliver() == {"returned": 1}
    assert "cannot be read" in rows("SELECT payload FROM work_actions ORDER BY id DESC LIMIT 1")[0].payload["error"]
    assert (payments(), r.row("bookings", 1)["payment_status"]) == ([], "unpaid")
    assert (item(number).status, item(number).resolution) == ("in_progress", None)


@pytest.mark.parametrize(
    ("status", "told"), [(404, "knows nothing under ref-1"), (503, "answered 503"), (302, "answered 302")]
)
def test_a_provider_in_trouble_says_so_at_once(
    cast: Cast, provider: Provider, noon: datetime, status: int, told: str
) -> None:
    number = check(cast, provider, {}, status)
    assert deliver() == {"returned": 1}
    assert told in rows("SELECT payload FROM work_actions ORDER BY id DESC LIMIT 1")[0].payload["error"]
    assert item(number).resolution is None


def test_a_provider_that_does_not_answer_is_not_waited_for(
    cast: Cast, provider: Provider, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.outgoing.sending.send.__kwdefaults__", {"headers": None, "body": None, "deadline": 0.3})
    number = booked(cast.reviewer, external_ref="slow")
    decided(cast.reviewer, number, "retry_payment_check")
    assert deliver() == {"returned": 1}
    assert "in time" in entry().last_error


def test_money_in_another_currency_comes_back_and_changes_nothing(
    cast: Cast, provider: Provider, noon: datetime
) -> None:
    number = check(cast, provider, PAID | {"currency": "USD"})
    assert deliver() == {"returned": 1}
    assert "speaks of USD" in rows("SELECT payload FROM work_actions ORDER BY id DESC LIMIT 1")[0].payload["error"]
    assert (payments(), item(number).resolution) == ([], None)


def test_a_payment_of_another_booking_comes_back(cast: Cast, provider: Provider, noon: datetime) -> None:
    other = r.booking()
    r.put("payments", booking_id=other, status="paid", amount="120.50", currency="EUR", external_ref="pay-1")
    check(cast, provider, PAID)
    assert deliver() == {"returned": 1}
    assert count("payments") == 1


@pytest.mark.parametrize("reference", ["../admin", "a/b", "a?b=c", "a b", "ä", "%2e%2e"])
def test_no_reference_leads_elsewhere(cast: Cast, provider: Provider, noon: datetime, reference: str) -> None:
    number = booked(cast.reviewer, external_ref=reference)
    try:
        decided(cast.reviewer, number, "retry_payment_check")
    except OpsError:
        return
    assert deliver() == {"returned": 1}
    assert [path.startswith("/payments/") and "?" not in path for path, *_ in provider.asked] == [True]


def test_who_cannot_be_asked_after_is_refused_with_the_reason(
    cast: Cast, provider: Provider, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless = booked(cast.reviewer, external_ref=None)
    assert "no reference" in (offer(cast.reviewer, nameless, "retry_payment_check").refusal or "")
    monkeypatch.delenv("PAYMENT_CHECK_URL")
    settings.cache_clear()
    number = booked(cast.reviewer)
    assert "No payment provider" in (offer(cast.reviewer, number, "retry_payment_check").refusal or "")
