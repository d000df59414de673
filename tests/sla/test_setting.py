"""Policies and calendars in the database: which applies, what follows when one changes, what a preview shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import clock, config
from core.errors import Invalid, NotPermitted
from core.queue import deciding, viewing, waiting
from core.sla import setting
from core.sla.setting import Policy
from core.uow import perform
from core.words import SlaState
from tests.builders import claimed, count, item, opened
from tests.cast import NOON, Cast

HOUR = timedelta(hours=1)
OFFICE = {
    "zone": "Europe/Berlin",
    "hours": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": {"dates": ["2026-03-13"]},
}


@pytest.mark.parametrize(("priority", "hours"), [("critical", 4), ("high", 24), ("medium", 168), ("low", 720)])
def test_without_a_policy_the_priorities_usual_hours_apply(cast: Cast, noon: object, priority: str, hours: int) -> None:
    found = item(opened(cast.reviewer, priority=priority))
    assert found.sla_deadline == NOON + hours * HOUR
    assert found.at_risk_at == found.sla_deadline - HOUR
    assert found.first_response_due_at == NOON + hours * HOUR / 4


def test_an_items_own_hours_and_its_sources_deadline_go_before_every_policy(cast: Cast, noon: object) -> None:
    perform(cast.admin, setting.set_policy, Policy(resolution_hours=1))
    assert item(opened(cast.reviewer, sla_hours=10)).sla_deadline == NOON + 10 * HOUR
    assert item(opened(cast.reviewer, due_at=NOON + 3 * HOUR)).sla_deadline == NOON + 3 * HOUR


def test_the_most_specific_policy_applies(cast: Cast) -> None:
    with clock.frozen(NOON):
        for policy in (
            Policy(resolution_hours=50),
            Policy(resolution_hours=40, priority="high"),
            Policy(resolution_hours=30, queue="automation"),
            Policy(resolution_hours=20, item_type="odd_thing"),
            Policy(resolution_hours=10, item_type="odd_thing", priority="high"),
        ):
            perform(cast.admin, setting.set_policy, policy)
    with clock.frozen(NOON + HOUR):
        due = {
            "nothing but everything's": opened(cast.reviewer, "other", queue="customer", priority="low"),
            "its priority's": opened(cast.reviewer, "other", queue="customer", priority="high"),
            "its queue's": opened(cast.reviewer, "other", queue="automation", priority="high"),
            "its type's": opened(cast.reviewer, queue="automation", priority="low"),
            "its type's and priority's": opened(cast.reviewer, queue="automation", priority="high"),
        }
    got = {why: (item(number).sla_deadline - NOON) / HOUR - 1 for why, number in due.items()}
    assert list(got.values()) == [50, 40, 30, 20, 10], got


def test_business_hours_and_holidays_move_the_deadline_and_the_derivation_says_so(cast: Cast) -> None:
    with clock.frozen(NOON):
        perform(cast.admin, setting.set_calendar, "office", OFFICE)
        perform(cast.admin, setting.set_policy, Policy(resolution_hours=8, calendar_name="office"))
    with clock.frozen(datetime(2026, 3, 12, 14, 0, tzinfo=UTC)):  # Thursday 15:00 in Berlin
        number = opened(cast.reviewer)
        told = perform(cast.reviewer, viewing.view, number).derivation
    assert item(number).sla_deadline == datetime(2026, 3, 16, 15, 0, tzinfo=UTC)  # Friday is a holiday
    assert any("8 h target" in line for line in told)
    assert any("due Mon 15:00" in line for line in told), told


def test_a_new_policy_aims_open_items_anew_and_leaves_decided_ones_alone(cast: Cast) -> None:
    with clock.frozen(NOON):
        still_open, done = opened(cast.reviewer), claimed(cast.reviewer)
        perform(cast.reviewer, deciding.reject, done, "no")
        before = item(done)
    with clock.frozen(NOON + HOUR):
        assert perform(cast.admin, setting.set_policy, Policy(priority="medium", resolution_hours=10)) == 1
    assert item(still_open).sla_deadline == NOON + 10 * HOUR
    assert item(done) == before
    assert count("sla_policies") == 1


def test_the_past_keeps_the_policy_of_its_time(cast: Cast) -> None:
    for hours, at in ((10, NOON), (20, NOON + HOUR)):
        with clock.frozen(at):
            perform(cast.admin, setting.set_policy, Policy(resolution_hours=hours))
    assert count("sla_policies", "resolution_hours = 10 AND valid_until = :at", at=NOON + HOUR) == 1
    assert count("sla_policies", "resolution_hours = 20 AND valid_until IS NULL") == 1


def test_a_preview_shows_who_changes_deadline_or_state_and_keeps_nothing(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = opened(cast.reviewer)
        opened(cast.reviewer, sla_hours=100)
    before = item(number)
    with clock.frozen(NOON + 2 * HOUR):
        changes = perform(cast.admin, setting.preview_policy, Policy(priority="medium", resolution_hours=1))
    assert [(each.item_id, each.state_before, each.state_after) for each in changes] == [
        (number, SlaState.ON_TRACK, SlaState.BREACHED)
    ]
    assert (changes[0].due_before, changes[0].due_after) == (before.sla_deadline, NOON + HOUR)
    assert item(number) == before
    assert count("sla_policies") == count("clock_events", "kind = 'reprioritise'") == 0
    assert count("ops_audit_log", "action = 'sla.policy_set'") == 0


def test_a_new_version_of_a_calendar_moves_the_items_counted_in_it(cast: Cast) -> None:
    with clock.frozen(NOON):
        perform(cast.admin, setting.set_calendar, "office", OFFICE)
        perform(cast.admin, setting.set_policy, Policy(resolution_hours=5, calendar_name="office"))
        number = opened(cast.reviewer)
        without_friday = OFFICE | {"exceptions": {"2026-03-12": []}}
        assert item(number).sla_deadline == datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
    with clock.frozen(NOON + HOUR / 60):
        assert len(perform(cast.admin, setting.preview_calendar, "office", without_friday)) == 1
        assert perform(cast.admin, setting.set_calendar, "office", without_friday) == 1
    assert item(number).sla_deadline == datetime(2026, 3, 16, 9, 0, tzinfo=UTC)


def test_waiting_stops_the_clock_only_where_the_policy_says_so(cast: Cast) -> None:
    with clock.frozen(NOON):
        pausing = Policy(item_type="patient_thing", resolution_hours=10, pauses_when_waiting=True)
        perform(cast.admin, setting.set_policy, pausing)
        patient, strict = claimed(cast.reviewer, "patient_thing"), claimed(cast.reviewer, sla_hours=10)
    with clock.frozen(NOON + HOUR):
        for number in (patient, strict):
            perform(cast.reviewer, waiting.wait_on, number, "customer")
    assert (item(patient).sla_deadline, item(patient).sla_paused) == (None, True)
    assert item(strict).sla_deadline == NOON + 10 * HOUR
    with clock.frozen(NOON + 6 * HOUR):
        for number in (patient, strict):
            perform(cast.reviewer, waiting.resume, number)
    assert item(patient).sla_deadline == NOON + 15 * HOUR
    assert item(strict).sla_deadline == NOON + 10 * HOUR


def test_a_policy_may_begin_at_risk_by_a_share_of_the_target(cast: Cast, noon: object) -> None:
    perform(cast.admin, setting.set_policy, Policy(resolution_hours=10, at_risk_share=0.8))
    assert item(opened(cast.reviewer)).at_risk_at == NOON + 8 * HOUR


def test_the_buffer_of_at_risk_is_a_setting_that_open_items_follow(cast: Cast, noon: object) -> None:
    old = opened(cast.reviewer, priority="high")
    perform(cast.admin, config.change, "SLA_BUFFER_HOURS", "2")
    for number in (old, opened(cast.reviewer, priority="high")):
        assert item(number).at_risk_at == NOON + 22 * HOUR


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"queue": "kitchen"}, "queue"),
        ({"priority": "urgent"}, "priority"),
        ({"resolution_hours": 0}, "resolution_hours"),
        ({"resolution_hours": float("nan")}, "resolution_hours"),
        ({"first_response_hours": True}, "first_response_hours"),
        ({"at_risk_share": 1.0}, "at_risk_share"),
        ({"calendar_name": "none such"}, "calendar_name"),
    ],
)
def test_a_policy_that_cannot_hold_is_refused_by_field(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        perform(cast.admin, setting.set_policy, replace(Policy(), **wrong))
    assert refusal.value.field == field


def test_only_administrators_set_and_preview(cast: Cast) -> None:
    hourly = Policy(resolution_hours=1)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: perform(cast.manager, setting.set_policy, hourly),
        lambda: perform(cast.manager, setting.preview_policy, hourly),
        lambda: perform(cast.manager, setting.set_calendar, "office", OFFICE),
        lambda: perform(cast.manager, setting.preview_calendar, "office", OFFICE),
    )
    for deed in deeds:
        with pytest.raises(NotPermitted):
            deed()
