"""The quick calendar and clock against the slow ones, over random hours, zones, events and clock changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.sla.calendars import WEEKDAYS, Calendar
from core.sla.clock import Reading, read
from core.sla.events import Event, EventKind, Targets
from tests.sla.oracle import MINUTE, Told, WallClock, tell, utc

# Each zone with days at which its clocks change: forwards and back, at midnight, by half an hour, over a date.
CHANGES = {
    "UTC": ["2026-02-28"],
    "Europe/Berlin": ["2026-03-29", "2026-10-25"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "Australia/Adelaide": ["2026-04-05", "2026-10-04"],
    "Asia/Kolkata": ["2026-12-31"],
    "Asia/Kathmandu": ["2026-06-01"],
    "America/Santiago": ["2026-04-05", "2026-09-06"],
    "America/Sao_Paulo": ["2018-11-04", "2019-02-17"],
    "Africa/Cairo": ["2026-04-24", "2026-10-30"],
    "Asia/Beirut": ["2026-03-29", "2026-10-25"],
    "America/St_Johns": ["2010-03-14", "2010-11-07"],
    "Pacific/Apia": ["2011-12-30"],
    "Pacific/Chatham": ["2026-04-05", "2026-09-27"],
    "Antarctica/Troll": ["2026-03-29", "2026-10-25"],
}
COUNTRIES = [("DE", "BY"), ("US", None), ("AU", "SA"), ("BR", None), ("JP", None)]
THOROUGH = settings(max_examples=90, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def hours(draw: st.DrawFn) -> list[list[str]]:
    """Up to three stretches of a day, often with bounds in the small hours, where clocks change."""
    minute = st.one_of(st.sampled_from([0, 60, 90, 120, 150, 180, 1380, 1410, 1440]), st.integers(0, 1440))
    bounds = sorted(draw(st.sets(minute, max_size=6)))
    return [[_time(since), _time(until)] for since, until in zip(bounds[::2], bounds[1::2], strict=False)]


@st.composite
def situations(draw: st.DrawFn) -> tuple[dict[str, Any], datetime, int]:
    """A calendar document, a start shortly before a change of its clocks, and a number of minutes to watch."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = utc(draw(st.sampled_from(CHANGES[zone])))
    near = st.integers(-4, 6).map(lambda days: (change + timedelta(days=days)).date().isoformat())
    document: dict[str, Any] = {"zone": zone, "hours": {day: draw(hours()) for day in WEEKDAYS}}
    document["hours"]["wed"] = document["hours"]["wed"] or [["09:00", "17:30"]]
    document["holidays"] = {"dates": draw(st.lists(near, max_size=2))}
    if draw(st.booleans()):
        country, subdivision = draw(st.sampled_from(COUNTRIES))
        document["holidays"] |= {"country": country} | ({"subdivision": subdivision} if subdivision else {})
    document["exceptions"] = draw(st.dictionaries(near, hours(), max_size=2))
    start = change - timedelta(minutes=draw(st.integers(0, 3 * 1440)))
    return document, start, draw(st.integers(1, 5 * 1440))


@THOROUGH
@given(situations(), st.data())
def test_open_time_is_what_a_wall_clock_watched_by_the_minute_says(
    situation: tuple[dict[str, Any], datetime, int], data: st.DataObject
) -> None:
    document, start, length = situation
    calendar, end = Calendar.from_json(document), start + length * MINUTE
    seen = WallClock(document).open_minutes(start, end)
    assert calendar.open_between(start, end) == sum(seen) * MINUTE
    assert list(calendar.intervals(start, end)) == _stretches(seen, start)
    closings = [sum(seen[: (until - start) // MINUTE]) for _, until in _stretches(seen, start)]
    wanted = data.draw(st.sampled_from([0, *closings]) | st.integers(0, sum(seen)))
    assert calendar.add(start, wanted * MINUTE) == _earliest(seen, start, wanted)


def _stretches(seen: list[bool], start: datetime) -> list[tuple[datetime, datetime]]:
    found, at = [], start
    for is_open, run in groupby(seen):
        until = at + len(list(run)) * MINUTE
        if is_open:
            found.append((at, until))
        at = until
    return found


def _earliest(seen: list[bool], start: datetime, wanted: int) -> datetime:
    at = start
    for is_open in seen:
        if not wanted:
            return at
        wanted -= is_open
        at += MINUTE
    return at


@st.composite
def targets(draw: st.DrawFn) -> dict[str, Any]:
    """Targets in minutes, within what a window can hold."""
    return {
        "resolution": draw(st.integers(0, 3000)),
        "first_response": draw(st.integers(0, 1000)),
        "pauses": draw(st.booleans()),
    }


@st.composite
def stories(draw: st.DrawFn, length: int) -> list[tuple[int, str, dict[str, Any]]]:
    """What happens to an item within `length` minutes, senseless sequences among it."""
    kinds = st.sampled_from(["pause", "pause", "resume", "resume", "reprioritise"])
    moments = sorted(draw(st.lists(st.integers(0, length - 1), max_size=8)))
    later = [(at, draw(kinds)) for at in moments]
    told = [(at, kind, draw(targets()) if kind == "reprioritise" else {}) for at, kind in later]
    return [(0, "start", draw(targets())), *told]


@THOROUGH
@given(situations(), st.data())
def test_the_clock_reads_what_counting_minutes_reads(
    situation: tuple[dict[str, Any], datetime, int], data: st.DataObject
) -> None:
    document, start, length = situation
    story = data.draw(stories(length))
    lead, end = data.draw(st.integers(0, 300)), start + length * MINUTE
    expected = tell(story, WallClock(document).open_minutes(start, end), start, lead)
    events = [_event(start, *told) for told in story]
    reading = read(events, Calendar.from_json(document), end, lead * MINUTE)
    _agree(reading, expected, end)


def _event(start: datetime, minute: int, kind: str, promised: dict[str, Any]) -> Event:
    kept = promised and Targets(
        resolution=promised["resolution"] * MINUTE,
        first_response=promised["first_response"] * MINUTE,
        pauses_when_waiting=promised["pauses"],
    )
    return Event(EventKind(kind), start + minute * MINUTE, targets=kept or None)


def _agree(reading: Reading, expected: Told, end: datetime) -> None:
    assert reading.counted == expected.counted * MINUTE
    assert reading.paused == expected.standing
    pairs = (
        (reading.resolution_due_at, expected.due_at),
        (reading.first_response_due_at, expected.responded_by),
    )
    for ours, theirs in pairs:
        if theirs is None:  # not reached in the window: later, or not at all while the clock stands
            assert ours is None if expected.standing else ours is not None and ours > end
        else:
            assert ours == theirs
    if expected.due_at:
        assert reading.at_risk_at == expected.at_risk_at


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.isoformat()).map(utc),
    st.timedeltas(timedelta(0), timedelta(hours=200)),
    st.sampled_from(sorted(CHANGES)),
)
def test_adding_and_measuring_open_time_undo_each_other(start: datetime, span: timedelta, zone: str) -> None:
    calendar = Calendar.from_json({"zone": zone, "hours": {day: [["08:15", "17:45"]] for day in WEEKDAYS[:5]}})
    end = calendar.add(start, span)
    assert calendar.open_between(start, end) == span
    assert calendar.open_between(start, end - timedelta.resolution) < span or not span
    assert date(2025, 1, 1) <= end.date()
