"""The figures of a small story that can be counted by hand, for every reader and every period."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from core import clock, db, looking
from core.errors import Invalid, NotPermitted
from core.metrics.reading import GROUPS, Metrics, metrics
from core.queue import claiming, deciding, escalating
from core.queue.deciding import Decision
from core.uow import perform
from tests.builders import claimed, opened, rows
from tests.cast import NOON, Cast

KEYS = {
    "bookings": "by_status today week month growth_rate",
    "complaints": "by_priority by_status today unresolved avg_resolution_hours",
    "sla": "at_risk breached compliance_rate avg_response_hours avg_resolution_hours",
    "revenue": "total by_status today week month average_order_value growth_rate",
    "realtime": "active_bookings pending_bookings active_complaints critical_complaints staff_workload",
    "queue": "total_pending by_priority by_queue by_status oldest_item_hours items_breaching_sla "
    "avg_resolution_hours_by_type resolutions_per_person_per_day escalation_rate",
}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def still(noon: datetime) -> datetime:
    looking.forget()
    return noon


def booked(status: str, payment: str, amount: float, hours: float, currency: str = "EUR") -> int:
    """A booking made so many hours ago."""
    with db.engine("app").begin() as connection:
        put = text(
            "INSERT INTO bookings (service, status, payment_status, amount, currency, created_at) "
            "VALUES ('x', :status, :payment, :amount, :currency, :at) RETURNING id"
        )
        told: dict[str, Any] = {"status": status, "payment": payment, "amount": amount, "currency": currency}
        return int(connection.execute(put, told | {"at": NOON - hours * HOUR}).scalar_one())


def paid(booking: int, status: str, amount: float, currency: str = "EUR") -> None:
    """A payment of a booking."""
    with db.engine("app").begin() as connection:
        put = text("INSERT INTO payments (booking_id, status, amount, currency) VALUES (:id, :status, :amount, :in)")
        connection.execute(put, {"id": booking, "status": status, "amount": amount, "in": currency})


def complained(priority: str, status: str, hours: float, took: float | None = None) -> None:
    """A complaint made so many hours ago, resolved after so many."""
    with db.engine("app").begin() as connection:
        put = text(
            "INSERT INTO complaints (category, subject, priority, status, created_at, resolved_at) "
            "VALUES ('x', 'x', :priority, :status, :at, :resolved)"
        )
        at = NOON - hours * HOUR
        resolved = None if took is None else at + took * HOUR
        connection.execute(put, {"priority": priority, "status": status, "at": at, "resolved": resolved})


def read(who: Any, period: str = "today", *include: str) -> Metrics:
    return perform(who, metrics, period, include)


def test_every_group_has_the_keys_that_programs_rely_on(cast: Cast) -> None:
    told = read(cast.manager).told()
    assert set(told) >= {"period", "generated_at", *GROUPS}
    assert told["left_out"] == []
    for group, keys in KEYS.items():
        assert set(keys.split()) <= set(told[group]), group


def test_over_nothing_averages_and_rates_are_null_and_counts_are_nought(cast: Cast) -> None:
    told = read(cast.manager, "month").told()
    numbers = {f"{group}.{key}": told[group][key] for group, keys in KEYS.items() for key in keys.split()}
    assert {key for key, value in numbers.items() if value is None} == {
        "bookings.growth_rate", "complaints.avg_resolution_hours", "sla.compliance_rate", "sla.avg_response_hours",
        "sla.avg_resolution_hours", "revenue.average_order_value", "revenue.growth_rate", "queue.oldest_item_hours",
        "queue.resolutions_per_person_per_day", "queue.escalation_rate",
    }  # fmt: skip
    assert told["bookings"]["by_status"] == dict.fromkeys(
        ("pending", "confirmed", "in_progress", "completed", "cancelled"), 0
    )
    assert numbers["revenue.total"] == 0


def test_without_the_permission_revenue_is_left_out_and_the_answer_says_so(cast: Cast) -> None:
    answer = read(cast.reviewer)
    assert (answer.revenue, answer.left_out) == (None, ("revenue",))
    assert "revenue" not in answer.told()
    alone = read(cast.viewer, "today", "revenue", "bookings")
    assert alone.bookings is not None
    assert (alone.left_out, alone.complaints) == (("revenue",), None)
    with pytest.raises(NotPermitted):
        read(cast.auditor)


def test_what_there_is_not_is_refused_by_name(cast: Cast) -> None:
    with pytest.raises(Invalid, match="today, week, month, all"):
        read(cast.viewer, "fortnight")
    with pytest.raises(Invalid, match="bookings, complaints"):
        read(cast.viewer, "today", "weather")


def test_a_look_is_on_record_with_period_and_groups(cast: Cast) -> None:
    read(cast.reviewer, "week", "sla", "bookings")
    assert rows("SELECT actor_name, metadata FROM ops_audit_log WHERE action = 'metrics.read'") == [
        ("reviewer", {"period": "week", "groups": ["bookings", "sla"]})
    ]


def test_bookings_count_in_the_period_they_were_made_in(cast: Cast) -> None:
    for hours in (0, 1, 12, 13, 30, 60, 61, 24 * 9, 24 * 14):
        booked("pending" if hours < 13 else "completed", "unpaid", 1, hours)
    booked("pending", "unpaid", 1, -1)  # not made yet
    for period, total, before in (("today", 3, 1), ("week", 6, 1), ("month", 8, 0), ("all", 9, None)):
        found = read(cast.viewer, period).bookings
        assert found is not None
        assert (found.total, found.previous, found.today, found.week, found.month) == (total, before, 3, 6, 8), period
        assert found.growth_rate == (100 * (total - before) / before if before else None)
        assert sum(found.by_status.values()) == total
        assert found.by_status["pending"] == 3


def test_revenue_is_what_was_paid_less_what_was_given_back(cast: Cast) -> None:
    booked("completed", "paid", 100, 1)
    booked("cancelled", "refunded", 80, 1)  # paid once, given back since
    booked("pending", "unpaid", 60, 1)
    booked("pending", "failed", 60, 1)
    part = booked("completed", "paid", 50, 2)
    paid(part, "refunded", -20)  # said to be paid, then given back in part
    split = booked("confirmed", "paid", 70, 3)
    for status, amount in (("paid", 30), ("failed", 40), ("paid", 40), ("refunded", -10)):
        paid(split, status, amount)
    over = booked("cancelled", "refunded", 10, 3)
    paid(over, "paid", 10)
    paid(over, "refunded", -15)  # nobody gives back more than there is
    booked("completed", "paid", 1000, 1, "USD")
    booked("completed", "paid", 50, 30)
    found = read(cast.manager).revenue
    assert found is not None
    assert [found.total, found.today, found.week, found.month, found.previous] == [190, 190, 240, 240, 50]
    assert found.paid_bookings == 3
    assert found.average_order_value == Decimal(190) / 3
    assert found.by_status == {"pending": 0, "confirmed": 60, "in_progress": 0, "completed": 130, "cancelled": 0}
    assert found.currency == "EUR"
    assert found.other_currencies == {"USD": 1000}


def test_complaints_count_when_made_and_their_times_when_resolved(cast: Cast) -> None:
    complained("critical", "open", 1)
    complained("high", "escalated", 400)
    complained("low", "resolved", 10, took=4)
    complained("low", "closed", 60, took=58)
    complained("low", "closed", 90, took=1)
    complained("low", "closed", 3, took=-1)  # resolved before it was made: no time
    found = read(cast.viewer).complaints
    assert found is not None
    assert (found.today, found.total, found.unresolved, found.resolved) == (3, 3, 2, 2)
    assert (found.avg_resolution_hours, found.p50_resolution_hours) == (31, 31)
    assert found.p90_resolution_hours == pytest.approx(4 + 0.9 * 54)
    assert found.by_priority == {"critical": 1, "high": 0, "medium": 0, "low": 2}
    assert found.by_status == {"open": 1, "in_progress": 0, "resolved": 1, "closed": 1, "escalated": 0}
    now = read(cast.viewer, "today", "realtime").realtime
    assert now is not None
    assert (now.active_complaints, now.critical_complaints) == (2, 1)


def test_a_fate_is_sealed_once_at_the_decision_or_the_deadline(cast: Cast) -> None:
    with clock.frozen(NOON - 10 * HOUR):
        kept, late, lying = (claimed(cast.reviewer, sla_hours=4, resource_id=str(n)) for n in range(3))
        opened(cast.reviewer, sla_hours=100, resource_id="far")
        opened(cast.reviewer, sla_hours=10.5, resource_id="near")
    with clock.frozen(NOON - 7 * HOUR):
        perform(cast.reviewer, deciding.decide, kept, Decision("resolve", "done", {}))
    perform(cast.reviewer, escalating.escalate, lying, "late")
    with clock.frozen(NOON - HOUR):
        perform(cast.reviewer, deciding.decide, late, Decision("resolve", "done", {}))
    answer = read(cast.viewer, "today", "sla", "queue", "realtime")
    sla, queue, now = answer.sla, answer.queue, answer.realtime
    assert sla is not None
    assert queue is not None
    assert now is not None
    assert (sla.sealed, sla.met) == (3, 1)
    assert sla.compliance_rate == pytest.approx(100 / 3)
    assert (sla.at_risk, sla.breached, sla.resolved, sla.avg_resolution_hours) == (1, 1, 2, 6)
    assert (sla.responded, sla.avg_response_hours) == (3, 0)
    assert (queue.total_pending, queue.items_breaching_sla, queue.oldest_item_hours) == (3, 1, 10)
    assert queue.by_status == {"open": 2, "in_progress": 1, "waiting": 0, "deferred": 0}
    assert (queue.resolutions_per_person_per_day, queue.escalation_rate) == (2, 20)
    assert queue.avg_resolution_hours_by_type == {"odd_thing": 6}
    assert (now.staff_workload[0].username, now.staff_workload[0].items) == ("reviewer", 1)


def test_who_claims_late_has_answered_late(cast: Cast) -> None:
    with clock.frozen(NOON - 6 * HOUR):
        numbers = [opened(cast.reviewer, resource_id=str(n)) for n in range(2)]
    with clock.frozen(NOON - 4 * HOUR):
        perform(cast.reviewer, claiming.claim, numbers[0])
    perform(cast.reviewer, claiming.claim, numbers[1])
    sla = read(cast.viewer).sla
    assert sla is not None
    assert (sla.responded, sla.avg_response_hours, sla.p50_response_hours) == (2, 4, 4)
