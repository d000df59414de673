"""The SLA clock, event by event: what moves a deadline, what does not, and what a reading says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from core.errors import Invalid
from core.sla.calendars import AROUND_THE_CLOCK, Calendar
from core.sla.clock import Reading, read, sla_state
from core.sla.events import Event, EventKind, Targets
from core.words import SlaState
from tests.sla.oracle import utc

HOUR = timedelta(hours=1)
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAUSING = Targets(resolution=4 * HOUR, first_response=HOUR, pauses_when_waiting=True)
STEADY = Targets(resolution=4 * HOUR, first_response=HOUR)


def at(hours: float) -> datetime:
    """So many hours after nine."""
    return NINE + hours * HOUR


def told(*events: Event, now: float = 0, calendar: Calendar = AROUND_THE_CLOCK) -> Reading:
    return read(events, calendar, at(now))


def start(targets: Targets | None = STEADY, **more: Any) -> Event:
    return Event(EventKind.START, NINE, targets=targets, **more)


def event(kind: EventKind, hours: float, **more: Any) -> Event:
    return Event(kind, at(hours), **more)


def test_a_fresh_clock_is_due_after_its_target_and_at_risk_an_hour_before() -> None:
    reading = told(start(), now=1.5)
    assert (reading.resolution_due_at, reading.at_risk_at) == (at(4), at(3))
    assert (reading.counted, reading.remaining) == (1.5 * HOUR, 2.5 * HOUR)
    assert reading.first_response_due_at == at(1)
    assert reading.state is SlaState.ON_TRACK


@pytest.mark.parametrize(
    ("now", "state"),
    [(2.9, SlaState.ON_TRACK), (3, SlaState.AT_RISK), (3.9, SlaState.AT_RISK), (4, SlaState.BREACHED)],
)
def test_states_begin_at_their_moment(now: float, state: SlaState) -> None:
    assert told(start(), now=now).state is state


def test_waiting_pauses_only_where_the_targets_say_so() -> None:
    waits = event(EventKind.PAUSE, 1, reason="waiting on customer")
    standing, running = told(start(PAUSING), waits, now=9), told(start(STEADY), waits, now=9)
    assert (standing.paused, standing.resolution_due_at, standing.at_risk_at) == (True, None, None)
    assert (standing.counted, standing.state) == (HOUR, SlaState.PAUSED)
    assert (running.paused, running.resolution_due_at) == (False, at(4))


def test_a_resumed_clock_is_due_later_by_the_pause() -> None:
    reading = told(start(PAUSING), event(EventKind.PAUSE, 1), event(EventKind.RESUME, 6))
    assert (reading.resolution_due_at, reading.at_risk_at) == (at(9), at(8))


def test_a_breach_outlasts_a_later_pause() -> None:
    reading = told(start(PAUSING), event(EventKind.PAUSE, 5), now=20)
    assert (reading.resolution_due_at, reading.state) == (at(4), SlaState.BREACHED)


def test_pausing_twice_and_resuming_what_runs_change_nothing() -> None:
    once = told(start(PAUSING), event(EventKind.PAUSE, 1), event(EventKind.RESUME, 2), now=3)
    twice = told(
        start(PAUSING),
        event(EventKind.RESUME, 0.5),
        event(EventKind.PAUSE, 1),
        event(EventKind.PAUSE, 1.5),
        event(EventKind.RESUME, 2),
        event(EventKind.RESUME, 2.5),
        now=3,
    )
    assert twice == once


def test_a_pause_of_no_length_leaves_no_trace() -> None:
    reading = told(start(PAUSING), event(EventKind.PAUSE, 1), event(EventKind.RESUME, 1))
    assert reading == told(start(PAUSING))


def test_a_pause_at_the_very_start_is_a_pause() -> None:
    reading = told(start(PAUSING), event(EventKind.PAUSE, 0), event(EventKind.RESUME, 2))
    assert reading.resolution_due_at == at(6)


def test_an_item_at_risk_from_its_start_is_so_even_if_it_waits_at_once() -> None:
    short = Targets(resolution=HOUR, pauses_when_waiting=True)
    reading = told(start(short), event(EventKind.PAUSE, 0), event(EventKind.RESUME, 2))
    assert (reading.at_risk_at, reading.resolution_due_at) == (at(0), at(3))


def test_events_are_read_in_order_of_time_however_they_come() -> None:
    events = [start(PAUSING), event(EventKind.PAUSE, 1), event(EventKind.RESUME, 2), event(EventKind.RESPOND, 3)]
    readings = [read(order, AROUND_THE_CLOCK, at(5)) for order in permutations(events)]
    assert all(reading == readings[0] for reading in readings)


def test_events_of_one_moment_keep_their_order() -> None:
    pause, resume = event(EventKind.PAUSE, 1), event(EventKind.RESUME, 1)
    assert told(start(PAUSING), pause, resume, now=2).paused is False
    assert told(start(PAUSING), resume, pause, now=2).paused is True


def test_a_new_priority_aims_the_whole_cycle_anew_and_keeps_what_counted() -> None:
    longer = event(EventKind.REPRIORITISE, 2, targets=Targets(resolution=24 * HOUR))
    reading = told(start(), longer, now=3)
    assert (reading.resolution_due_at, reading.counted) == (at(24), 3 * HOUR)


def test_a_shorter_target_can_be_past_at_once() -> None:
    reading = told(start(), event(EventKind.REPRIORITISE, 3, targets=Targets(resolution=HOUR)), now=3)
    assert (reading.resolution_due_at, reading.state, reading.remaining) == (at(1), SlaState.BREACHED, -2 * HOUR)


def test_a_new_priority_keeps_the_pauses_and_rules_only_those_to_come() -> None:
    steady = event(EventKind.REPRIORITISE, 3, targets=STEADY)
    reading = told(start(PAUSING), event(EventKind.PAUSE, 1), steady)
    assert reading.resolution_due_at == at(6), "waiting from 1 to 3 paused; from 3 on it no longer does"
    pausing = event(EventKind.REPRIORITISE, 3, targets=PAUSING)
    assert told(start(STEADY), event(EventKind.PAUSE, 1), pausing, now=3).counted == 3 * HOUR


def test_a_reopened_item_begins_a_new_cycle_with_the_targets_it_had() -> None:
    reading = told(
        start(PAUSING),
        event(EventKind.RESPOND, 1),
        event(EventKind.FULFIL, 2),
        event(EventKind.REOPEN, 50, cycle=2),
        now=51,
    )
    assert (reading.cycle, reading.started_at, reading.counted) == (2, at(50), HOUR)
    assert (reading.resolution_due_at, reading.first_responded_at, reading.fulfilled_at) == (at(54), None, None)


def test_a_reopened_item_may_bring_targets_of_its_own() -> None:
    reopened = event(EventKind.REOPEN, 50, cycle=2, targets=Targets(resolution=HOUR))
    assert told(start(), event(EventKind.FULFIL, 2), reopened).resolution_due_at == at(51)


def test_a_decision_stops_the_count_and_keeps_the_deadline() -> None:
    reading = told(start(), event(EventKind.FULFIL, 2), event(EventKind.PAUSE, 3), now=100)
    assert (reading.fulfilled_at, reading.resolution_due_at, reading.counted) == (at(2), at(4), 2 * HOUR)
    assert (reading.met, reading.state) == (True, SlaState.ON_TRACK)


@pytest.mark.parametrize(("decided", "met"), [(3.99, True), (4, True), (4.01, False)])
def test_a_decision_by_the_deadline_meets_it(decided: float, met: bool) -> None:
    assert told(start(), event(EventKind.FULFIL, decided), now=5).met is met


def test_a_decision_taken_back_leaves_the_clock_as_if_it_had_run_on() -> None:
    reading = told(start(), event(EventKind.FULFIL, 2), event(EventKind.UNFULFIL, 2.1), now=3)
    assert (reading.fulfilled_at, reading.met, reading.counted) == (None, None, 3 * HOUR)
    assert reading.resolution_due_at == at(4)


def test_the_first_response_counts_once_and_later_pauses_do_not_move_its_deadline() -> None:
    reading = told(
        start(PAUSING),
        event(EventKind.RESPOND, 0.5),
        event(EventKind.PAUSE, 0.5),
        event(EventKind.RESPOND, 7),
        now=8,
    )
    assert (reading.first_responded_at, reading.first_response_due_at) == (at(0.5), at(1))
    assert reading.first_response_met is True
    assert told(start(), event(EventKind.RESPOND, 2)).first_response_met is False
    assert told(start()).first_response_met is None


def test_a_deadline_that_the_source_set_is_moved_by_nothing() -> None:
    fixed = Targets(resolution=HOUR, resolution_due_at=at(10), pauses_when_waiting=True)
    weekdays = Calendar.from_json({"zone": "UTC", "hours": {"mon": [["09:00", "10:00"]]}})
    reading = told(start(fixed), event(EventKind.PAUSE, 1), now=4, calendar=weekdays)
    assert (reading.resolution_due_at, reading.at_risk_at) == (at(10), at(9))
    assert (reading.target, reading.remaining) == (None, 6 * HOUR)


def test_a_source_deadline_before_the_start_is_breached_from_the_start() -> None:
    reading = told(start(Targets(resolution_due_at=at(-5))))
    assert (reading.resolution_due_at, reading.at_risk_at) == (at(-5), at(0))
    assert reading.state is SlaState.BREACHED


@pytest.mark.parametrize(
    ("share", "lead", "expected"),
    [(0.75, None, 3), (0.5, HOUR, 2), (0, None, 0), (None, 3 * HOUR, 1), (None, 9 * HOUR, 0), (1, None, 4)],
)
def test_at_risk_begins_at_the_policys_share_or_lead_but_never_before_the_start(
    share: float | None, lead: timedelta | None, expected: float
) -> None:
    targets = Targets(resolution=4 * HOUR, at_risk_share=share, at_risk_lead=lead)
    assert told(start(targets)).at_risk_at == at(expected)


def test_at_risk_is_counted_in_open_time_so_that_somebody_is_there_to_act() -> None:
    hours = [["09:00", "17:00"]]
    office = Calendar.from_json({"zone": "UTC", "hours": {"fri": hours, "mon": hours}})
    friday = Event(EventKind.START, utc("2026-11-20 13:30"), targets=Targets(resolution=4 * HOUR))
    reading = read([friday], office, utc("2026-11-20 13:30"))
    assert reading.resolution_due_at == utc("2026-11-23 09:30")
    assert reading.at_risk_at == utc("2026-11-20 16:30")


def test_no_target_means_no_deadline() -> None:
    for reading in (told(start(None), now=5), told(start(Targets()), now=5)):
        assert (reading.resolution_due_at, reading.at_risk_at, reading.remaining) == (None, None, None)
        assert reading.first_response_due_at is None
        assert (reading.counted, reading.state) == (5 * HOUR, SlaState.ON_TRACK)
    assert told(start(None), event(EventKind.FULFIL, 2), now=5).met is True


def test_a_clock_without_events_is_refused() -> None:
    with pytest.raises(Invalid):
        read([], AROUND_THE_CLOCK, NINE)


@pytest.mark.parametrize(
    "impossible",
    [
        {"resolution": -HOUR},
        {"first_response": -HOUR},
        {"at_risk_lead": -HOUR},
        {"at_risk_share": 1.5},
        {"at_risk_share": float("nan")},
    ],
)
def test_impossible_targets_are_refused_naming_the_field(impossible: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        Targets(**impossible)
    assert refusal.value.field in impossible


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 9, 0)
    for wrong in (
        lambda: Event(EventKind.START, naive),
        lambda: Targets(resolution_due_at=naive),
        lambda: read([start()], AROUND_THE_CLOCK, naive),
    ):
        with pytest.raises(ValueError, match="zone"):
            wrong()


@pytest.mark.parametrize(
    "targets",
    [
        Targets(),
        STEADY,
        PAUSING,
        Targets(resolution_due_at=NINE, at_risk_share=0.0, at_risk_lead=HOUR, label="critical"),
    ],
)
def test_targets_survive_their_own_json(targets: Targets) -> None:
    assert Targets.from_json(targets.to_json()) == targets


def test_an_open_item_without_a_deadline_is_on_track() -> None:
    assert sla_state(None, None, NINE) is SlaState.ON_TRACK
    assert sla_state(None, None, NINE, paused=True) is SlaState.PAUSED
