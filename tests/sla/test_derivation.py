"""The derivation of a deadline, as the reviewer reads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from core.sla.calendars import AROUND_THE_CLOCK, Calendar
from core.sla.clock import read
from core.sla.derivation import explain, steps
from core.sla.events import Event, EventKind, Targets

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar.from_json(
    {
        "zone": "Europe/Berlin",
        "hours": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": {"country": "DE", "subdivision": "BY"},
    }
)
FOUR = Targets(resolution=4 * HOUR, label="critical")
DAY = Targets(resolution=24 * HOUR, label="high", pauses_when_waiting=True)


def local(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def started(moment: datetime, targets: Targets) -> Event:
    return Event(EventKind.START, moment, targets=targets)


def lines(*events: Event, now: datetime, calendar: Calendar = OFFICE, zone: str = "Europe/Berlin") -> list[str]:
    return explain(read(events, calendar, now), ZoneInfo(zone))


def test_a_weekend_between_is_told() -> None:
    assert lines(started(local(20, 16, 50), FOUR), now=local(23, 12)) == [
        "4 h target (critical)",
        "1 h 10 min counted Fri 16:50–18:00",
        "closed until Mon 09:00 (weekend)",
        "2 h 50 min counted Mon 09:00–11:50",
        "at risk from Mon 10:50",
        "due Mon 11:50",
    ]


def test_what_has_counted_is_told_apart_from_what_is_to_come() -> None:
    told = lines(started(local(20, 16, 50), FOUR), now=local(20, 17, 20))
    assert told[1:3] == ["30 min counted Fri 16:50–17:20", "40 min to come Fri 17:20–18:00"]


def test_times_are_the_readers_own() -> None:
    told = lines(started(local(20, 16, 50), FOUR), now=local(23, 12), zone="Asia/Kolkata")
    assert told[1] == "1 h 10 min counted Fri 21:20–22:30"


def test_a_pause_names_its_reason_as_written_and_leaves_the_deadline_open() -> None:
    waits = Event(EventKind.PAUSE, local(24, 10), reason="waiting on {customer}")
    told = lines(started(local(24, 9), DAY), waits, now=local(24, 11, 30))
    assert told == [
        "24 h target (high)",
        "1 h counted Tue 09:00–10:00",
        "paused Tue 10:00–11:30: waiting on {customer}",
    ]


def test_a_changed_target_says_since_when() -> None:
    changed = Event(EventKind.REPRIORITISE, local(24, 12), targets=FOUR)
    told = lines(started(local(24, 9), DAY), changed, now=local(24, 12))
    assert told[:2] == ["24 h target (high)", "4 h target (critical) since Tue 12:00"]
    assert told[-1] == "due Tue 13:00"


def test_a_decision_is_told_in_time_or_late() -> None:
    begun = started(local(24, 9), FOUR)
    for hour, words in ((11, "decided Tue 11:00, in time"), (15, "decided Tue 15:00, late")):
        assert lines(begun, Event(EventKind.FULFIL, local(24, hour)), now=local(25, 9))[-1] == words


def test_holidays_are_named_and_long_stories_carry_dates_and_a_summed_middle() -> None:
    told = lines(started(local(1, 8, month=12), Targets(resolution=168 * HOUR)), now=local(1, 8, month=12))
    assert "closed until Mon 28 Dec 09:00 (Christmas Day, Second Day of Christmas, weekend)" in told
    assert "126 h more Thu 3 Dec 09:00–Wed 23 Dec 09:00" in told
    assert told[-1] == "due Mon 28 Dec 15:00"


def test_around_the_clock_long_targets_are_said_in_days() -> None:
    week = Targets(resolution=timedelta(days=7), label="medium")
    told = lines(started(local(1, 8, month=12), week), now=local(4, 13, month=12), calendar=AROUND_THE_CLOCK)
    assert told[:2] == ["7 d target (medium)", "3 d 5 h counted Tue 1 Dec 08:00–Fri 4 Dec 13:00"]


def test_years_are_told_where_they_differ() -> None:
    month = Targets(resolution=timedelta(days=30))
    told = lines(started(local(20, 8, month=12), month), now=local(20, 8, month=12), calendar=AROUND_THE_CLOCK)
    assert told[-1] == "due Tue 19 Jan 2027 08:00"


def test_a_deadline_that_the_source_set_counts_nothing() -> None:
    told = lines(started(local(24, 9), Targets(resolution_due_at=local(25, 9))), now=local(24, 9))
    assert told == ["deadline set by the source", "at risk from Wed 08:00", "due Wed 09:00"]


def test_no_target_says_so() -> None:
    told = lines(started(local(24, 9), Targets()), now=local(24, 10))
    assert told == ["no target", "1 h counted Tue 09:00–10:00"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 20_000), max_size=60), st.integers(1, 400), st.integers(0, 30_000))
def test_however_long_the_story_it_is_short_and_its_open_time_adds_up(turns: list[int], hours: int, now: int) -> None:
    begun, turn = local(2, 9), [EventKind.PAUSE, EventKind.RESUME]
    targets = Targets(resolution=hours * HOUR, pauses_when_waiting=True)
    moments = [begun + timedelta(minutes=minute) for minute in sorted(turns)]
    events = [Event(turn[place % 2], moment) for place, moment in enumerate(moments)]
    reading = read([started(begun, targets), *events], OFFICE, begun + timedelta(minutes=now))
    told = steps(reading)
    assert len(told) <= 15
    assert len(explain(reading, BERLIN)) == len(told)
    summed = sum((step.span for step in told), timedelta(0))
    if reading.resolution_due_at:
        assert summed == targets.resolution
    timeline = [step for step in told if step.since < step.until]
    assert all(earlier.until == later.since for earlier, later in pairwise(timeline))
