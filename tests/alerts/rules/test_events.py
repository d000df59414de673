"""Rules over what happens: each event recorded once with closed fields, each firing once, live as in the back-test."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from core.alerts.inbox import AlertFilter
from core.alerts.inbox import alerts as listed
from core.alerts.rules import evaluating, keeping, recording
from core.alerts.rules.backtesting import backtest
from core.alerts.rules.firing import GROUPED_FROM
from core.errors import Invalid, NotPermitted
from core.intake.bookings import receive_bookings
from core.intake.forms import BookingForm, PaymentForm
from core.intake.payments import receive_payments
from core.permissions import Principal
from core.queue import claiming
from core.queue.deciding import reject
from core.queue.newcomers import NewItem
from core.queue.noting import change_priority
from core.queue.opening import open_item
from core.sealing import seal
from core.uow import UnitOfWork, perform
from tests.alerts.rules.saying import JOB, alerts, at, evaluate, fired, kept, past, rule
from tests.builders import count, opened, rows
from tests.cast import NOON, Cast

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CRITICAL = {"op": "is", "field": "priority", "value": "critical"}


def test_a_rule_fires_for_what_meets_its_condition_and_says_why(cast: Cast) -> None:
    with at(NOON):
        number = kept(cast.manager, rule(condition=CRITICAL, title="{item_type} {number} is {priority}"))
        item = opened(cast.reviewer, "odd_thing", priority="critical")
        opened(cast.reviewer, "odd_thing", priority="low", resource_id=2)
        assert evaluate() == {"fired": 1, "failed": 0}
        assert evaluate() == {"fired": 0, "failed": 0}
    assert fired(number) == [(f"item:{item}", NOON)]
    assert alerts("alert_type = 'rule'") == [f"odd_thing {item} is critical"]
    [row] = rows("SELECT * FROM alerts WHERE alert_type = 'rule'")
    assert (row.rule_id, row.resource_id, row.expires_at) == (number, str(item), NOON + DAY)
    assert row.details["because"] == ["Priority is critical"]


def test_what_happened_before_it_was_switched_on_is_none_of_its_business(cast: Cast) -> None:
    with at(NOON):
        opened(cast.reviewer)
    with at(NOON + MINUTE):
        number = kept(cast.manager, rule())
        evaluate()
    assert fired(number) == []


def test_the_cooldown_counts_for_each_record_or_for_the_rule(cast: Cast) -> None:
    with at(NOON):
        each = kept(cast.manager, rule(event="item.claimed", cooldown_minutes=10), "each")
        whole = kept(cast.manager, rule(event="item.claimed", cooldown_minutes=10, per="rule"), "whole")
        one, other = opened(cast.reviewer), opened(cast.reviewer, resource_id=2)
    for minute, item in ((0, one), (1, other), (5, one), (10, one)):
        with at(NOON + minute * MINUTE):
            perform(cast.reviewer, claiming.claim, item)
            perform(cast.reviewer, claiming.release, item)
            evaluate()
    assert fired(each) == [(f"item:{one}", NOON), (f"item:{other}", NOON + MINUTE), (f"item:{one}", NOON + 10 * MINUTE)]
    assert fired(whole) == [("rule", NOON), ("rule", NOON + 10 * MINUTE)]


def test_whoever_holds_it_is_told_else_those_who_serve_the_queue(cast: Cast) -> None:
    with at(NOON):
        kept(cast.manager, rule(event="item.claimed", audience={"to": "assignee"}), "claimed")
        kept(cast.manager, rule(audience={"to": "assignee"}), "opened")
        kept(
            cast.manager, rule(audience={"to": "staff", "ids": [cast.viewer.staff_id, cast.auditor.staff_id]}), "named"
        )
        item = opened(cast.reviewer2)
        evaluate()
        perform(cast.reviewer, claiming.claim, item)
        evaluate()
    found = rows("SELECT staff_id, for_queue FROM alerts WHERE alert_type = 'rule'")
    [queue] = rows("SELECT queue FROM work_items")
    people = {(person.staff_id, None) for person in (cast.viewer, cast.auditor, cast.reviewer)}
    assert {tuple(row) for row in found} == {(None, queue.queue), *people}


def test_an_item_that_is_decided_ends_its_alert(cast: Cast) -> None:
    with at(NOON):
        kept(cast.manager, rule())
        item = opened(cast.reviewer)
        evaluate()
        perform(cast.reviewer, claiming.claim, item)
        perform(cast.reviewer, reject, item, "not ours")
    assert count("alerts", "alert_type = 'rule' AND resolved_at = :now", now=NOON) == 1


def test_bookings_and_payments_are_events_and_their_people_are_not_in_them(cast: Cast) -> None:
    with at(NOON):
        number = kept(
            cast.manager,
            rule(
                event="payment.received",
                condition={"op": "at_least", "field": "amount", "value": 100},
                title="{amount} {status}",
            ),
        )
        booking = {
            "external_ref": "B1",
            "service": "Massage",
            "status": "pending",
            "payment_status": "unpaid",
            "amount": "120",
        }
        customer = {
            "external_ref": "C1",
            "name": "Canary Bird",
            "email": "canary@example.com",
            "mobile": "+491701234567",
        }
        perform(cast.reviewer, receive_bookings, [BookingForm(**booking, customer=customer)])
        payment = {
            "external_ref": "P1",
            "booking_ref": "B1",
            "status": "failed",
            "amount": "120",
            "failure_reason": "Canary Bird",
        }
        perform(cast.reviewer, receive_payments, [PaymentForm(**payment)])
        evaluate()
    assert [key for key, _ in fired(number)] == ["payment:1"]
    assert alerts("alert_type = 'rule'") == ["120 failed"]
    assert {row.kind for row in rows("SELECT kind FROM rule_events")} >= {"booking.received", "payment.received"}
    assert not count("rule_events", "CAST(facts AS text) ILIKE '%canary%'")


def test_marks_of_a_deadline_fire_once_each_and_another_deadline_anew(cast: Cast) -> None:
    with at(NOON):
        near = kept(cast.manager, rule("sla", mark="before_1h"), "near")
        late = kept(cast.manager, rule("sla", mark="late_1h"), "late")
        item = opened(cast.reviewer, sla_hours=4)
    for hours in (2, 3, 4, 5, 6):
        with at(NOON + hours * HOUR):
            evaluate()
    assert [moment for _, moment in fired(near)] == [NOON + 3 * HOUR]
    assert [moment for _, moment in fired(late)] == [NOON + 5 * HOUR]
    assert alerts("alert_type = 'sla_at_risk' AND rule_id IS NOT NULL") == [f"Item {item}"]


def test_a_deadline_that_moves_ends_what_was_told_of_the_old_one(cast: Cast) -> None:
    with at(NOON):
        number = kept(cast.manager, rule("sla", mark="before_1h"))
        item = opened(cast.reviewer, "complaint", priority="critical")
    with at(NOON + 3 * HOUR):
        evaluate()
        perform(cast.reviewer, change_priority, item, "low", "it can wait")
    assert len(fired(number)) == 1
    assert count("alerts", "rule_id IS NOT NULL AND resolved_at IS NOT NULL") == 1


def test_jobs_that_were_down_for_a_working_day_tell_of_each_mark_once(cast: Cast) -> None:
    with at(NOON):
        number = kept(cast.manager, rule("sla", mark="due"))
        opened(cast.reviewer, sla_hours=1)
        evaluate()
    for hours in (9, 9.5, 10):
        with at(NOON + hours * HOUR):
            evaluate()
    assert [moment for _, moment in fired(number)] == [NOON + HOUR]


def test_an_action_that_commits_late_is_neither_lost_nor_told_twice(cast: Cast) -> None:
    """A row whose number was drawn before others, and which appears after them, is waited for by the seal."""
    number = kept(cast.manager, rule())
    with UnitOfWork(cast.reviewer) as slow:
        open_item(slow, NewItem("odd_thing", resource_id=1))
        opened(cast.reviewer2, resource_id=2)
        assert perform(JOB, seal, patience_seconds=0.1) == 0
        perform(JOB, recording.record_events)
    evaluate()
    evaluate()
    assert len(fired(number)) == len({key for key, _ in fired(number)}) == 2


def test_two_runners_at_once_fire_each_thing_once(cast: Cast) -> None:
    number = kept(cast.manager, rule())
    for each in range(30):
        opened(cast.reviewer, resource_id=each)
    perform(JOB, seal)
    runners = [threading.Thread(target=_run) for _ in range(4)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert len(fired(number)) == count("rule_events", "kind = 'item.opened'") == 30
    assert count("alerts", "alert_type = 'rule' AND occurrences = 1") == 30


def _run() -> None:
    perform(JOB, recording.record_events)
    evaluating.evaluate_all(lambda verb, *args: perform(JOB, verb, *args))


def test_a_storm_is_told_by_one_alert_and_every_firing_is_counted(cast: Cast) -> None:
    number = kept(cast.manager, rule())
    for each in range(GROUPED_FROM + 1):
        opened(cast.reviewer, resource_id=each)
    evaluate()
    assert len(fired(number)) == GROUPED_FROM + 1
    assert alerts("alert_type = 'rule'") == [f"Trial: {GROUPED_FROM + 1} at once"]


def test_live_and_back_test_agree_firing_for_firing(cast: Cast) -> None:
    said: list[dict[str, Any]] = [
        rule(condition=CRITICAL),
        rule(event="item.claimed", cooldown_minutes=7),
        rule(event="item.released", cooldown_minutes=15, per="rule"),
        rule("sla", mark="before_1h", condition={"op": "is", "field": "held", "value": True}),
        rule("sla", mark="due", per="rule", cooldown_minutes=30),
        rule("schedule", time="13:10", zone="Europe/Berlin"),
    ]
    with at(NOON):
        numbers = [kept(cast.manager, each, f"rule {place}") for place, each in enumerate(said)]
    for minute in range(1, 90):
        with at(NOON + minute * MINUTE):
            _live_a_little(cast, minute)
            evaluate()
    for number, each in zip(numbers, said, strict=True):
        assert fired(number) == past(cast.manager, each, NOON, NOON + 90 * MINUTE), each
        assert fired(number), each


def _live_a_little(cast: Cast, minute: int) -> None:
    if minute % 5 == 0:
        opened(cast.reviewer, priority=("critical", "low")[minute % 2], resource_id=minute, sla_hours=1.25)
    item = minute // 10 + 1
    if minute % 3 == 0 and count("work_items", "id = :id AND status = 'open'", id=item):
        perform(cast.reviewer, claiming.claim, item)
    elif minute % 4 == 0 and count("work_items", "id = :id AND status = 'in_progress'", id=item):
        perform(cast.reviewer, claiming.release, item)


def test_the_back_test_counts_all_lists_the_last_and_leaves_nothing_behind(cast: Cast) -> None:
    with at(NOON):
        opened(cast.reviewer, priority="critical")
        evaluate()
    with at(NOON + DAY):
        tried = perform(cast.manager, backtest, rule(condition=CRITICAL), days=2)
    assert (tried.count, dict(tried.by_day)) == (1, {NOON.date(): 1})
    assert [(each.at, each.title, each.because) for each in tried.firings] == [
        (NOON, "Item 1", ("Priority is critical",))
    ]
    assert tried.reaches_to == NOON
    assert (count("rule_firings"), count("alerts", "alert_type = 'rule'")) == (0, 0)
    with pytest.raises(Invalid, match="days"):
        perform(cast.manager, backtest, rule(), days=91)


def test_recorded_events_are_forgotten_in_time(cast: Cast) -> None:
    with at(NOON):
        opened(cast.reviewer)
        evaluate()
    with at(NOON + 61 * DAY):
        assert perform(JOB, recording.forget_events) == 1
    assert not count("rule_events")


def test_an_alerts_reader_sees_the_rules_words_scrubbed(cast: Cast) -> None:
    with at(NOON):
        kept(cast.manager, rule(title="Ask jane@example.com"))
        opened(cast.reviewer)
        evaluate()
        assert "jane@" not in str(perform(cast.reviewer, listed, AlertFilter(alert_type="rule")))


@pytest.mark.parametrize("who", ["viewer", "reviewer", "senior", "auditor", "stranger"])
def test_only_who_manages_alerts_keeps_and_tries_rules(cast: Cast, who: str) -> None:
    person: Principal = getattr(cast, who)
    for verb, args in ((keeping.create, ("x", rule())), (keeping.rules, ()), (backtest, (rule(),))):
        with pytest.raises(NotPermitted, match=r"alerts\.manage"):
            perform(person, verb, *args)  # type: ignore[arg-type]
