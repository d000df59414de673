"""Thresholds and schedules: held long enough, calm in between, over when it is over; the same live as in the past."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.alerts.rules import evaluating, keeping
from core.alerts.rules.folding import moments
from core.alerts.rules.language import ScheduleRule
from core.alerts.rules.parsing import parse
from core.settings import PROJECT
from core.uow import perform
from tests.alerts.rules.saying import (
    JOB,
    alerts,
    at,
    evaluate,
    fired,
    forget_records,
    kept,
    past,
    record,
    rule,
    threshold,
)
from tests.builders import count
from tests.cast import NOON, Cast

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def minutes(*values: float | None) -> list[tuple[datetime, float | None]]:
    """One reading a minute from NOON on."""
    return [(NOON + place * MINUTE, value) for place, value in enumerate(values)]


def live(points: list[tuple[datetime, float | None]]) -> None:
    """Let each reading come, and the rules be evaluated right after it."""
    for moment, value in points:
        with at(moment):
            record([(moment, value)])
            evaluate()


def offsets(number: int) -> list[int]:
    return [(moment - NOON) // MINUTE for _, moment in fired(number)]


@pytest.mark.parametrize(
    ("said", "values", "fires"),
    [
        ({}, (5, 11, 12, 5, 11), [1, 4]),
        ({"operator": "at_least"}, (9, 10), [1]),
        ({"operator": "less_than", "value": 3}, (3, 2), [1]),
        ({"operator": "at_most", "value": 3}, (4, 3), [1]),
        ({"held_minutes": 2}, (11, 11, 5, 11, 11, 11, 11), [5]),
        ({"held_minutes": 2}, (11, 11, None, 11, 11, 11), [5]),
        ({"cooldown_minutes": 4}, (11, 5, 11, 5, 11, 11), [0, 4]),
        ({"clears_at": 5}, (11, 8, 11, 8, 5, 11), [0, 5]),
        ({"operator": "less_than", "value": 3, "clears_at": 6}, (2, 4, 2, 6, 2), [0, 4]),
    ],
)
def test_a_threshold_fires_when_it_is_held_and_again_when_it_was_over(
    cast: Cast, said: dict[str, Any], values: tuple[float | None, ...], fires: list[int]
) -> None:
    with at(NOON - MINUTE):
        number = kept(cast.manager, threshold(cooldown_minutes=0) | said)
    live(minutes(*values))
    assert offsets(number) == fires


def test_its_alert_stands_while_it_lasts_and_is_over_when_it_is_over(cast: Cast) -> None:
    with at(NOON - MINUTE):
        kept(cast.manager, threshold(title="{metric}: {value} is more than {limit}", cooldown_minutes=0))
    live(minutes(11, 12))
    assert alerts("resolved_at IS NULL") == ["Open items: 11 is more than 10"]
    live([(NOON + 2 * MINUTE, 5)])
    assert count("alerts", "alert_type = 'threshold' AND resolved_at = :at", at=NOON + 2 * MINUTE) == 1
    live([(NOON + 3 * MINUTE, 20)])
    assert alerts("resolved_at IS NULL") == ["Open items: 20 is more than 10"]


def test_fired_and_over_between_two_evaluations_leaves_nothing_standing(cast: Cast) -> None:
    with at(NOON - MINUTE):
        number = kept(cast.manager, threshold())
    record(minutes(11, 5))
    with at(NOON + HOUR):
        evaluate()
    assert (len(fired(number)), count("alerts", "resolved_at IS NULL")) == (1, 0)


_points = st.lists(st.none() | st.integers(0, 20), min_size=1, max_size=40)
_rules = st.fixed_dictionaries(
    {
        "operator": st.sampled_from(["more_than", "at_least"]),
        "value": st.integers(5, 15),
        "held_minutes": st.integers(0, 4),
        "cooldown_minutes": st.integers(0, 8),
        "clears_at": st.none() | st.integers(0, 5),
    }
)


@given(_points, _rules, st.integers(1, 7))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_however_it_is_cut_live_and_back_test_agree(
    cast: Cast, points: list[float | None], said: dict[str, Any], step: int
) -> None:
    definition, told = threshold(**said), minutes(*points)
    with at(NOON):
        number = kept(cast.manager, definition)
    for start in range(0, len(told), step):
        record(told[start : start + step])
        with at(told[min(start + step, len(told)) - 1][0]):
            perform(JOB, evaluating.evaluate, number)
    assert fired(number) == past(cast.manager, definition, NOON, NOON + HOUR)
    perform(cast.manager, keeping.delete, number, 2)
    forget_records()


def test_a_schedule_tells_the_figures_once_and_skips_what_was_slept_through(cast: Cast) -> None:
    record([(NOON, 1234)])
    with at(NOON):
        number = kept(
            cast.manager, rule("schedule", time="12:30", title="{total_pending} open, oldest {oldest_item_hours}")
        )
    for moment in (29, 30, 31, 32):
        with at(NOON + moment * MINUTE):
            evaluate()
    assert alerts() == ["1,234 open, oldest n/a"]
    with at(NOON + timedelta(days=3, hours=2)):
        evaluate()
    assert [moment for _, moment in fired(number)] == [NOON + 30 * MINUTE, NOON + timedelta(days=3, minutes=30)]


@given(
    st.sampled_from(
        sorted(available_timezones() & {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"})
    ),
    st.integers(0, 23),
    st.sampled_from([0, 15, 30, 45]),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),
)
@settings(max_examples=200, deadline=None)
def test_a_schedule_strikes_once_a_day_first_reading_or_jump(
    zone: str, hour: int, minute: int, start: datetime
) -> None:
    said = parse(rule("schedule", time=f"{hour:02}:{minute:02}", zone=zone))
    assert isinstance(said, ScheduleRule)
    since = start.replace(tzinfo=UTC)
    struck = list(moments(said, since, since + timedelta(days=400)))
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in struck]
    assert all((later - earlier).days == 1 for earlier, later in pairwise(days))
    for moment in struck:
        local = moment.astimezone(ZoneInfo(zone))
        wall = local.replace(tzinfo=None)
        on_time = (wall.hour, wall.minute) == (hour, minute)
        before = (moment - MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert (on_time and local.fold == 0) or before + MINUTE != wall, "late only where clocks jump past it"


def test_however_often_it_is_asked_a_schedule_strikes_the_same() -> None:
    said = parse(rule("schedule", time="02:30", zone="Europe/Berlin", days=["sunday", "monday"]))
    assert isinstance(said, ScheduleRule)
    begin, end = datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)
    whole = list(moments(said, begin, end))
    steps, moment = list[datetime](), begin
    while moment < end:
        onward = min(moment + timedelta(minutes=37), end)
        steps += moments(said, moment, onward)
        moment = onward
    assert steps == whole
    assert datetime(2026, 3, 29, 1, 0, tzinfo=UTC) in whole, "02:30 is skipped: it comes when clocks jump to 03:00"
    assert datetime(2026, 10, 25, 0, 30, tzinfo=UTC) in whole, "02:30 comes twice: the first one counts"
    assert datetime(2026, 10, 25, 1, 30, tzinfo=UTC) not in whole


LABELLED = PROJECT.parent / "shared" / "data" / "alerts"


@dataclass(frozen=True)
class Series:
    """A real series of a metric, and the spans of time that a person labelled as out of the ordinary."""

    points: list[tuple[datetime, float]]
    windows: list[tuple[datetime, datetime]]


def _series(folder: Path, name: str) -> Series:
    with (folder / name).open() as file:
        points = [(_utc(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
    labelled = json.loads((folder / "windows.json").read_text())[name]
    return Series(points, [(_utc(begins), _utc(ends)) for begins, ends in labelled])


def _utc(given: str) -> datetime:
    return datetime.fromisoformat(given).replace(tzinfo=UTC)


def default_rules(points: list[tuple[datetime, float]]) -> Iterator[dict[str, Any]]:
    """What somebody would set who has seen the first 15 % of a series and no labels: beyond what is usual by 3
    standard deviations either way for 30 minutes, calm for a day, over when back within 2."""
    seen = [value for _, value in points[: len(points) * 15 // 100]]
    mean = sum(seen) / len(seen)
    spread = (sum((value - mean) ** 2 for value in seen) / len(seen)) ** 0.5
    usual = {"held_minutes": 30, "cooldown_minutes": 1_440}
    yield threshold(operator="more_than", value=mean + 3 * spread, clears_at=mean + 2 * spread, **usual)
    yield threshold(operator="less_than", value=mean - 3 * spread, clears_at=mean - 2 * spread, **usual)


NAMES = (
    "ambient_temperature_system_failure.csv",
    "cpu_utilization_asg_misconfiguration.csv",
    "ec2_request_latency_system_failure.csv",
    "machine_temperature_system_failure.csv",
    "nyc_taxi.csv",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.skipif(not LABELLED.exists(), reason="the labelled series are not on this machine")
def test_on_real_series_live_and_back_test_agree_and_the_guide_tells_how_well_they_did(cast: Cast, name: str) -> None:
    series = _series(LABELLED, name)
    begin, end = series.points[0][0], series.points[-1][0] + MINUTE
    numbers = []
    with at(begin):
        for place, definition in enumerate(default_rules(series.points)):
            numbers.append((kept(cast.manager, definition, f"rule {place}"), definition))
    for start in range(0, len(series.points), 97):
        part = series.points[start : start + 97]
        record(part)
        with at(part[-1][0]):
            for number, _ in numbers:
                perform(JOB, evaluating.evaluate, number)
    found: list[datetime] = []
    for number, definition in numbers:
        assert fired(number) == past(cast.manager, definition, begin, end)
        found += [moment for _, moment in fired(number)]
    caught = sum(any(a <= moment <= b for moment in found) for a, b in series.windows)
    false = sum(not any(a <= moment <= b for a, b in series.windows) for moment in found)
    said = f"| {name.removesuffix('.csv')} | {len(series.windows)} | {caught} | {false} |"
    assert said in (PROJECT / "docs" / "alerts.md").read_text(), said
