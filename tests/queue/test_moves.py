"""Every move: it works, it leaves a trail, it refuses each wrong state and each wrong person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import clock, config
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.permissions import Principal, process
from core.queue import assigning, claiming, deciding, deferring, escalating, noting, opening, waiting
from core.queue.deciding import Decision
from core.queue.lifecycle import Moved
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.builders import claimed, count, history, item, opened
from tests.cast import NOON, Cast

HOUR = timedelta(hours=1)
DONE = Decision("resolve", "settled by phone", {})
CLOCKWORK = process("job", "test")


def test_a_claim_puts_the_item_into_one_pair_of_hands(cast: Cast, noon: object) -> None:
    number = opened(cast.reviewer)
    moved = perform(cast.reviewer, claiming.claim, number)
    found = item(number)
    assert (moved.version, found.status, found.assigned_to) == (2, "in_progress", cast.reviewer.staff_id)
    assert found.lease_expires_at == NOON + timedelta(minutes=30)
    assert found.first_responded_at == NOON
    assert history(number) == ["OPEN", "CLAIM"]


def test_the_second_claimant_hears_who_was_first_and_when(cast: Cast, noon: object) -> None:
    number = claimed(cast.reviewer)
    with pytest.raises(Conflict, match="taken by Rita Reviewer at 12:00 UTC on 11 Mar"):
        perform(cast.reviewer2, claiming.claim, number)


def test_a_stale_version_is_refused_with_what_changed(cast: Cast) -> None:
    number = opened(cast.reviewer)
    perform(cast.manager, noting.change_priority, number, "critical", "an angry call")
    with pytest.raises(Conflict, match="priority_change by Mona Manager") as refusal:
        perform(cast.reviewer, claiming.claim, number, 1)
    assert [change["kind"] for change in refusal.value.current["changes"]] == ["PRIORITY_CHANGE"]


def test_nobody_decides_what_they_do_not_hold(cast: Cast) -> None:
    number = claimed(cast.reviewer)
    for person in (cast.reviewer2, cast.senior, cast.manager, cast.admin):
        with pytest.raises(Conflict, match="Rita Reviewer"):
            perform(person, deciding.decide, number, DONE)
    assert item(number).status == "in_progress"


def test_a_manager_takes_over_and_decides(cast: Cast) -> None:
    number = claimed(cast.reviewer)
    perform(cast.manager, assigning.take_over, number)
    perform(cast.manager, deciding.decide, number, DONE)
    found = item(number)
    assert (found.status, found.resolved_by, found.resolution) == ("resolved", cast.manager.staff_id, "resolve")


def test_a_decision_needs_a_justification(cast: Cast) -> None:
    number = claimed(cast.reviewer)
    with pytest.raises(Invalid, match="justification"):
        perform(cast.reviewer, deciding.decide, number, Decision("resolve", "  ", {}))


def test_take_next_hands_out_the_most_pressing_then_the_oldest(cast: Cast) -> None:
    low, high, also_high = (opened(cast.reviewer, priority=name) for name in ("low", "high", "high"))
    taken = [perform(cast.reviewer, claiming.claim_next) for _ in range(3)]
    assert [each.id for each in taken if isinstance(each, Moved)] == [high, also_high, low]


def test_take_next_says_why_there_is_nothing(cast: Cast) -> None:
    claimed(cast.reviewer2)
    perform(cast.reviewer, deferring.defer, opened(cast.reviewer), _later())
    answer = perform(cast.reviewer, claiming.claim_next)
    assert isinstance(answer, claiming.NothingToTake)
    assert answer.sentence == "Nothing is waiting for you: 1 in other hands, 1 deferred."


def test_take_next_stops_at_the_callers_limit(cast: Cast) -> None:
    _own_row(cast.reviewer, "capacity = 1")
    opened(cast.reviewer)
    claimed(cast.reviewer)
    answer = perform(cast.reviewer, claiming.claim_next)
    assert isinstance(answer, claiming.NothingToTake)
    assert "limit" in answer.sentence


def test_take_next_keeps_to_the_queues_one_serves(cast: Cast) -> None:
    _own_row(cast.reviewer, "queues = '{customer}'")
    opened(cast.reviewer, queue="automation")
    answer = perform(cast.reviewer, claiming.claim_next)
    assert isinstance(answer, claiming.NothingToTake)
    assert answer.out_of_sight == 1


def _own_row(who: Principal, change: str) -> None:
    from sqlalchemy import text

    from core import db

    with db.engine("app").begin() as connection:
        connection.execute(text(f"UPDATE staff SET {change} WHERE id = :id"), {"id": who.staff_id})


def test_a_lease_that_runs_out_gives_the_item_back_with_its_draft(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = claimed(cast.reviewer)
        assert perform(cast.reviewer, claiming.keep_draft, number, "half a thought")
    with clock.frozen(NOON + timedelta(minutes=29)):
        assert perform(CLOCKWORK, claiming.expire_leases) == 0
    with clock.frozen(NOON + timedelta(minutes=30)):
        assert perform(CLOCKWORK, claiming.expire_leases) == 1
    found = item(number)
    assert (found.status, found.assigned_to, found.draft_note) == ("open", None, "half a thought")
    assert history(number)[-1] == "RELEASE"


def test_a_lease_in_use_is_renewed_silently(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = claimed(cast.reviewer)
    with clock.frozen(NOON + timedelta(minutes=20)):
        until = perform(cast.reviewer, claiming.renew_lease, number)
        assert perform(cast.reviewer2, claiming.renew_lease, number) is None
    assert until == NOON + timedelta(minutes=50)
    assert history(number) == ["OPEN", "CLAIM"]


def test_waiting_keeps_the_holder_and_resuming_goes_on(cast: Cast) -> None:
    number = claimed(cast.reviewer)
    perform(cast.reviewer, waiting.wait_on, number, "supplier", "asked for the invoice")
    found = item(number)
    assert (found.status, found.waiting_on, found.assigned_to) == ("waiting", "supplier", cast.reviewer.staff_id)
    with pytest.raises(Conflict):
        perform(cast.reviewer2, waiting.resume, number)
    perform(cast.reviewer, waiting.resume, number)
    assert item(number).status == "in_progress"


def test_an_answer_that_arrives_resumes_the_item_for_its_holder(cast: Cast) -> None:
    number = claimed(cast.reviewer)
    perform(cast.reviewer, waiting.wait_on, number, "customer")
    perform(CLOCKWORK, waiting.resume, number)
    assert (item(number).status, item(number).assigned_to) == ("in_progress", cast.reviewer.staff_id)


def test_a_deferred_item_sleeps_until_its_moment_and_the_clock_wakes_it(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = opened(cast.reviewer)
        deadline = item(number).sla_deadline
        perform(cast.reviewer, deferring.defer, number, NOON + HOUR, "until the bank opens")
        with pytest.raises(Conflict, match="deferred until 13:00"):
            perform(cast.reviewer, claiming.claim, number)
    with clock.frozen(NOON + HOUR):
        assert perform(CLOCKWORK, deferring.wake_deferred) == 1
    assert (item(number).status, item(number).sla_deadline) == ("open", deadline)


def test_a_deferred_item_can_be_claimed_once_its_time_has_come(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = opened(cast.reviewer)
        perform(cast.reviewer, deferring.defer, number, NOON + HOUR)
    with clock.frozen(NOON + HOUR):
        perform(cast.reviewer, claiming.claim, number)
    assert item(number).status == "in_progress"


@pytest.mark.parametrize("ahead", [timedelta(0), -HOUR, timedelta(days=91)])
def test_an_item_is_deferred_only_ahead_and_not_for_ever(cast: Cast, noon: object, ahead: timedelta) -> None:
    number = opened(cast.reviewer)
    with pytest.raises(Invalid, match="until"):
        perform(cast.reviewer, deferring.defer, number, NOON + ahead)


def test_escalating_raises_the_level_and_leaves_the_holder_alone(cast: Cast) -> None:
    number = claimed(cast.reviewer)
    perform(cast.reviewer2, escalating.escalate, number, "the customer is a minister")
    found = item(number)
    assert (found.escalation_level, found.status, found.assigned_to) == (1, "in_progress", cast.reviewer.staff_id)


def test_a_decision_can_be_taken_back_within_the_window_by_who_made_it(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = claimed(cast.reviewer)
        perform(cast.reviewer, deciding.decide, number, DONE)
        with pytest.raises(Conflict):
            perform(cast.manager, deciding.undo, number)
    with clock.frozen(NOON + timedelta(seconds=9)):
        perform(cast.reviewer, deciding.undo, number)
    assert (item(number).status, item(number).resolved_at) == ("in_progress", None)


def test_after_the_window_a_decision_stands(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = claimed(cast.reviewer)
        perform(cast.reviewer, deciding.decide, number, DONE)
    with clock.frozen(NOON + timedelta(seconds=10)), pytest.raises(Conflict, match="time to undo"):
        perform(cast.reviewer, deciding.undo, number)


def test_reopening_begins_a_new_cycle_and_keeps_the_old_one(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = claimed(cast.reviewer, priority="high")
        perform(cast.reviewer, deciding.reject, number, "not ours")
    with clock.frozen(NOON + HOUR):
        perform(cast.manager, deciding.reopen, number, "it was ours after all")
    found = item(number)
    assert (found.status, found.sla_cycle, found.assigned_to) == ("open", 2, None)
    assert found.sla_deadline == NOON + 25 * HOUR
    assert count("clock_events", "item_id = :id AND kind = 'fulfil' AND cycle = 1", id=number) == 1


def test_reopening_does_not_double_what_is_open_already(cast: Cast) -> None:
    first = claimed(cast.reviewer, resource_type="thing", resource_id=7)
    perform(cast.reviewer, deciding.decide, first, DONE)
    opened(cast.reviewer, resource_type="thing", resource_id=7)
    with pytest.raises(Conflict, match="same thing"):
        perform(cast.manager, deciding.reopen, first, "again")


def test_a_newcomer_about_the_same_thing_is_merged_and_may_raise_the_priority(cast: Cast, noon: object) -> None:
    first = opened(cast.reviewer, resource_type="thing", resource_id=7, priority="low")
    again = perform(
        cast.reviewer, opening.open_item, NewItem("odd_thing", "thing", 7, priority="critical", reason="worse")
    )
    found = item(first)
    assert (again.id, again.outcome, found.occurrences, found.priority) == (first, "merged", 2, "critical")
    assert found.sla_deadline == NOON + 4 * HOUR
    assert history(first) == ["OPEN", "MERGE"]


def test_a_newcomer_of_lower_priority_does_not_lower_it(cast: Cast) -> None:
    first = opened(cast.reviewer, resource_type="thing", resource_id=7, priority="critical")
    opened(cast.reviewer, resource_type="thing", resource_id=7, priority="low")
    assert item(first).priority == "critical"


def test_a_batch_with_repeats_is_folded_into_one_item(cast: Cast) -> None:
    news = [NewItem("odd_thing", "thing", number % 3) for number in range(9)]
    answers = perform(cast.reviewer, opening.open_items, news)
    assert len({answer.id for answer in answers}) == count("work_items") == 3
    assert [found.id for found in answers[:3]] == [found.id for found in answers[3:6]]
    assert item(answers[0].id).occurrences == 3


def test_what_a_source_has_sent_before_is_known(cast: Cast) -> None:
    sent = NewItem("odd_thing", source="crm", external_ref="A-1")
    first = perform(cast.reviewer, opening.open_item, sent)
    again = perform(cast.reviewer, opening.open_item, sent)
    assert (again.id, again.outcome, item(first.id).version) == (first.id, "known", 1)


def test_a_comment_needs_words_and_an_item(cast: Cast) -> None:
    number = opened(cast.reviewer)
    perform(cast.reviewer, noting.comment, number, " called back ")
    assert history(number) == ["OPEN", "COMMENT"]
    assert item(number).version == 1
    for wrong in ("", "\x00", "\ud800", "x" * 16_001):
        with pytest.raises(Invalid, match="comment"):
            perform(cast.reviewer, noting.comment, number, wrong)
    with pytest.raises(NotFound):
        perform(cast.reviewer, noting.comment, 999, "hello?")


def test_a_change_of_priority_moves_the_deadline_from_the_items_beginning(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = opened(cast.reviewer, priority="low")
    with clock.frozen(NOON + HOUR):
        perform(cast.reviewer, noting.change_priority, number, "critical", "a lawyer wrote")
    assert item(number).sla_deadline == NOON + 4 * HOUR


@pytest.mark.parametrize(
    ("known", "field"),
    [
        ({"priority": "urgent"}, "priority"),
        ({"queue": "kitchen"}, "queue"),
        ({"sla_hours": float("nan")}, "sla_hours"),
        ({"sla_hours": -1}, "sla_hours"),
        ({"sla_hours": True}, "sla_hours"),
        ({"confidence_score": 1.5}, "confidence_score"),
        ({"context": {"x": float("inf")}}, "context"),
        ({"context": {"x": "\x00"}}, "context"),
        ({"title": "x" * 501}, "title"),
        ({"reason": "\ud800"}, "reason"),
        ({"created_at": NOON.replace(tzinfo=None)}, "created_at"),
        ({"item_type": "no such; thing"}, "item_type"),
    ],
)
def test_a_newcomer_with_a_bad_field_is_refused_by_name(cast: Cast, known: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        opened(cast.reviewer, **known)
    assert refusal.value.field == field
    assert count("work_items") == 0


Deed = Callable[[Principal, int], object]
DEEDS: dict[str, Deed] = {
    "item.claimed": lambda who, number: perform(who, claiming.claim, number),
    "item.opened": lambda who, _: opened(who),
    "queue.take_next": lambda who, _: perform(who, claiming.claim_next),
    "item.deferred": lambda who, number: perform(who, deferring.defer, number, _later()),
    "item.escalated": lambda who, number: perform(who, escalating.escalate, number, "look at this"),
    "item.commented": lambda who, number: perform(who, noting.comment, number, "hm"),
    "item.priority_changed": lambda who, number: perform(who, noting.change_priority, number, "high", "so"),
}
HOLDERS_DEEDS: dict[str, Deed] = {
    "item.released": lambda who, number: perform(who, claiming.release, number),
    "item.waiting": lambda who, number: perform(who, waiting.wait_on, number, "customer"),
    "item.decided": lambda who, number: perform(who, deciding.decide, number, DONE),
    "item.resolved": lambda who, number: perform(who, deciding.decide, number, DONE),
    "item.rejected": lambda who, number: perform(who, deciding.reject, number, "no"),
}


def _later() -> Any:
    from datetime import UTC, datetime

    return (clock.frozen_at() or datetime.now(UTC)) + HOUR


@pytest.mark.parametrize("action", [*DEEDS, *HOLDERS_DEEDS])
def test_every_deed_is_on_record_with_its_actor(cast: Cast, action: str) -> None:
    number = claimed(cast.reviewer) if action in HOLDERS_DEEDS else opened(cast.senior)
    ({**DEEDS, **HOLDERS_DEEDS})[action](cast.reviewer, number)
    assert count("ops_audit_log", "action = :action AND actor_name = 'reviewer'", action=action) >= 1


@pytest.mark.parametrize("action", [*DEEDS, *HOLDERS_DEEDS])
def test_who_may_only_look_can_do_none_of_it(cast: Cast, action: str) -> None:
    number = opened(cast.reviewer)
    before = item(number)
    for person in (cast.viewer, cast.auditor, cast.stranger):
        with pytest.raises(NotPermitted, match=r"ops\.write"):
            ({**DEEDS, **HOLDERS_DEEDS})[action](person, number)
    assert item(number) == before


@pytest.mark.parametrize("person", ["viewer", "reviewer", "senior", "auditor", "stranger"])
def test_only_managers_assign_take_over_and_reopen(cast: Cast, person: str) -> None:
    number = claimed(cast.reviewer)
    who = getattr(cast, person)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: perform(who, assigning.assign, number, cast.senior.staff_id or 0),
        lambda: perform(who, assigning.take_over, number),
        lambda: perform(who, deciding.reopen, number, "please"),
    )
    for deed in deeds:
        with pytest.raises(NotPermitted):
            deed()


def test_an_item_is_assigned_only_to_who_can_hold_it(cast: Cast) -> None:
    number = opened(cast.reviewer)
    for unable in (cast.viewer, cast.auditor):
        with pytest.raises(Invalid, match="cannot hold"):
            perform(cast.manager, assigning.assign, number, unable.staff_id or 0)
    perform(cast.manager, assigning.assign, number, cast.reviewer2.staff_id or 0)
    assert item(number).assigned_to == cast.reviewer2.staff_id


def test_the_lease_follows_its_setting(cast: Cast, noon: object) -> None:
    perform(cast.admin, config.change, "LEASE_MINUTES", "5")
    assert item(claimed(cast.reviewer)).lease_expires_at == NOON + timedelta(minutes=5)
