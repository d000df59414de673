"""Records that come in make their items by themselves, in the same transaction, once each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock, config
from core.checking import checked_form
from core.errors import Invalid, NotPermitted
from core.intake.bookings import pending_too_long, receive_bookings
from core.intake.complaints import receive_complaints
from core.intake.forms import BookingForm, ComplaintForm, PaymentForm, ProviderForm, WorkForm
from core.intake.payments import receive_payments
from core.intake.providers import receive_providers
from core.intake.work import receive_work
from core.queue import noting
from core.uow import perform
from tests.cast import NOON, Cast
from tests.intake.shared import OPERATOR, one, rows

BOOKING = {"external_ref": "b-1", "service": "Massage", "amount": "60.00", "session_id": "s-1"}
COMPLAINT = {"external_ref": "c-1", "category": "service", "subject": "Nobody came"}
JANE = {"external_ref": "jane", "name": "Jane Smith", "email": "jane@example.com", "tier": "premium"}


def booking(**told: Any) -> BookingForm:
    """A booking, as a program tells of it."""
    return checked_form(BookingForm, BOOKING | told)


def complaint(**told: Any) -> ComplaintForm:
    """A complaint, as a program tells of it."""
    return checked_form(ComplaintForm, COMPLAINT | told)


def items() -> list[tuple[Any, ...]]:
    """Type and priority of every item."""
    return rows("SELECT item_type, priority FROM work_items ORDER BY id")


def test_a_new_complaint_is_an_item_about_its_customer_and_booking(cast: Cast) -> None:
    perform(cast.reviewer, receive_bookings, [booking(customer=JANE)])
    given = complaint(customer=JANE, session_id="s-1", priority="high")
    assert [kept.outcome for kept in perform(cast.reviewer, receive_complaints, [given])] == ["new"]
    assert rows(
        "SELECT i.item_type, i.priority, i.summary->>'service', c.tier FROM work_items i "
        "JOIN customers c ON c.id = i.customer_id"
    ) == [("complaint", "high", "Massage", "premium")]


def test_a_critical_complaint_alerts_at_once(cast: Cast) -> None:
    perform(cast.reviewer, receive_complaints, [complaint(priority="critical")])
    assert rows("SELECT alert_type, for_queue FROM alerts") == [("critical_complaint", "customer")]


def test_the_deadline_that_a_source_has_set_is_the_items(cast: Cast) -> None:
    due = NOON + timedelta(days=3)
    perform(cast.reviewer, receive_complaints, [complaint(resolution_due_at=due)])
    assert one("SELECT sla_deadline FROM work_items") == due


def test_no_deadline_by_its_source_stays_none_whatever_the_priority(cast: Cast) -> None:
    perform(cast.reviewer, receive_complaints, [complaint(deadline_set_by_source=True)])
    perform(cast.reviewer, noting.change_priority, one("SELECT id FROM work_items"), "critical", "a child is hurt")
    assert rows("SELECT priority, sla_deadline FROM work_items") == [("critical", None)]


def test_a_known_record_is_brought_up_to_date_and_makes_no_second_item(cast: Cast) -> None:
    perform(cast.reviewer, receive_complaints, [complaint(customer=JANE)])
    plain = {"external_ref": "jane", "name": "Jane Jones"}
    again = perform(cast.reviewer, receive_complaints, [complaint(subject="Nobody came again", customer=plain)])
    same = perform(cast.reviewer, receive_complaints, [complaint(subject="Nobody came again", customer=plain)])
    assert [kept.outcome for kept in again + same] == ["changed", "known"]
    assert rows("SELECT subject FROM complaints") == [("Nobody came again",)]
    assert rows("SELECT name, tier, email FROM customers") == [("Jane Jones", "premium", "jane@example.com")]
    assert items() == [("complaint", "medium")]


def test_a_failed_payment_is_an_item_and_the_booking_says_so(cast: Cast) -> None:
    perform(cast.reviewer, receive_bookings, [booking()])
    told = {"booking_ref": "b-1", "amount": "60.00", "created_at": NOON}
    failed = checked_form(
        PaymentForm, {"external_ref": "p-1", "status": "failed", "failure_reason": "declined", **told}
    )
    perform(cast.reviewer, receive_payments, [failed])
    perform(cast.reviewer, receive_payments, [failed])
    assert items() == [("booking", "high")]
    assert one("SELECT payment_status FROM bookings") == "failed"
    paid = {"external_ref": "p-2", "status": "paid", **told, "created_at": NOON + timedelta(hours=1)}
    perform(cast.reviewer, receive_payments, [checked_form(PaymentForm, paid)])
    assert one("SELECT payment_status FROM bookings") == "paid"


def test_a_payment_for_nothing_is_refused_and_nothing_of_it_kept(cast: Cast) -> None:
    told = {"external_ref": "p-1", "booking_ref": "b-9", "status": "paid", "amount": 1}
    with pytest.raises(Invalid, match="booking_ref"):
        perform(cast.reviewer, receive_payments, [checked_form(PaymentForm, told)])
    assert one("SELECT count(*) FROM payments") == 0


@pytest.mark.parametrize("request_", ["cancellation", "refund"])
def test_what_a_customer_asks_for_is_an_item_once(cast: Cast, request_: str) -> None:
    asked = booking(request=request_, request_reason="ill")
    for _ in range(2):
        perform(cast.reviewer, receive_bookings, [asked])
    assert rows("SELECT item_type, stake_amount::text, session_id, reason FROM work_items") == [
        (request_, "60.00", "s-1", "ill")
    ]


def test_a_request_may_follow_a_booking_that_is_known(cast: Cast) -> None:
    perform(cast.reviewer, receive_bookings, [booking()])
    perform(cast.reviewer, receive_bookings, [booking(status="cancelled", request="refund")])
    assert [kind for kind, _ in items()] == ["refund"]


def test_a_booking_pending_too_long_becomes_an_item_once(cast: Cast) -> None:
    hours = config.number("PENDING_BOOKING_HOURS")
    with clock.frozen(NOON):
        old, young = NOON - timedelta(hours=hours), NOON - timedelta(hours=hours - 1)
        forms = [booking(created_at=old), booking(external_ref="b-2", created_at=young)]
        confirmed = booking(external_ref="b-3", created_at=old, status="confirmed")
        perform(cast.reviewer, receive_bookings, [*forms, confirmed])
        assert perform(OPERATOR, pending_too_long) == 1
        assert perform(OPERATOR, pending_too_long) == 0
    assert rows("SELECT item_type, title FROM work_items") == [("booking", "Pending too long: Massage")]


def test_providers_come_in_without_items(cast: Cast) -> None:
    told = {"external_ref": "x", "npi": "1497758544", "organisation": "Hospital"}
    perform(cast.reviewer, receive_providers, [checked_form(ProviderForm, told)])
    assert rows("SELECT npi, organisation, is_active FROM individual_providers") == [("1497758544", "Hospital", True)]
    assert items() == []


def test_work_comes_in_decided_or_open_and_its_history_says_when(cast: Cast) -> None:
    told = {
        "external_ref": "INC1", "item_type": "incident", "created_at": NOON, "status": "resolved",
        "resolved_at": NOON + timedelta(hours=2), "resolution": "restarted",
    }  # fmt: skip
    perform(cast.reviewer, receive_work, [checked_form(WorkForm, told)], source="desk")
    assert rows("SELECT kind, at, status_after FROM work_actions ORDER BY id") == [
        ("OPEN", NOON, "open"),
        ("RESOLVE", NOON + timedelta(hours=2), "resolved"),
    ]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"id": 7}, "id"),
        ({"assigned_to": 1}, "assigned_to"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e400"}, "amount"),
        ({"amount": "9" * 20}, "amount"),
        ({"status": "lost"}, "status"),
        ({"service": "\x00"}, "service"),
        ({"service": "\ud800"}, "service"),
        ({"service": " "}, "service"),
        ({"service": "x" * 501}, "service"),
        ({"currency": "euro"}, "currency"),
        ({"created_at": "2026-03-11T12:00:00"}, "created_at"),
        ({"created_at": "0000-01-01T00:00:00Z"}, "created_at"),
        ({"scheduled_at": "99999-01-01T00:00:00Z"}, "scheduled_at"),
        ({"external_ref": ""}, "external_ref"),
        ({"customer": {"external_ref": "j", "role": "admin"}}, "customer.role"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_field(told: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_form(BookingForm, BOOKING | told)
    assert refused.value.field == field
    assert "jane" not in refused.value.reason


@pytest.mark.parametrize(
    "verb", [receive_bookings, receive_complaints, receive_payments, receive_providers, receive_work]
)
def test_intake_needs_the_permission_to_write(cast: Cast, verb: Any) -> None:
    with pytest.raises(NotPermitted, match=r"ops\.write"):
        perform(cast.viewer, verb, [])


def test_records_are_told_of_as_far_as_they_were_known() -> None:
    told = booking(created_at=NOON, status="cancelled", settled_at=NOON + timedelta(days=2), request="refund")
    assert told.known_at(NOON - timedelta(seconds=1)) is None
    before = told.known_at(NOON + timedelta(days=1))
    assert before is not None
    assert (before.status, before.request) == ("confirmed", None)
    moved = complaint(created_at=NOON, context={"way": [{"at": NOON}]}).moved(timedelta(days=1))
    assert moved.created_at == datetime.fromisoformat("2026-03-12T12:00+00:00") == moved.context["way"][0]["at"]
