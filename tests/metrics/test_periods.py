"""Periods begin at local midnight, on Monday and on the first, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.periods import BEGINNING, INSTANT, asked

HOUR = timedelta(hours=1)


def utc(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "period", "since", "before_since", "before_until"),
    [
        ("UTC", "2026-03-11 12:00", "today", "2026-03-11 00:00", "2026-03-10 00:00", "2026-03-10 12:00"),
        ("UTC", "2026-03-11 12:00", "week", "2026-03-09 00:00", "2026-03-02 00:00", "2026-03-04 12:00"),
        ("UTC", "2026-03-11 12:00", "month", "2026-03-01 00:00", "2026-02-01 00:00", "2026-02-11 12:00"),
        # A year's end.
        ("Europe/Berlin", "2025-12-31 23:30", "today", "2025-12-31 23:00", "2025-12-30 23:00", "2025-12-30 23:30"),
        ("Europe/Berlin", "2026-01-01 12:00", "month", "2025-12-31 23:00", "2025-11-30 23:00", "2025-12-01 12:00"),
        ("Europe/Berlin", "2026-01-02 12:00", "week", "2025-12-28 23:00", "2025-12-21 23:00", "2025-12-26 12:00"),
        # Clocks go forward on March 29: 12:00 there is 11 hours into the day.
        ("Europe/Berlin", "2026-03-29 10:00", "today", "2026-03-28 23:00", "2026-03-27 23:00", "2026-03-28 10:00"),
        ("Europe/Berlin", "2026-03-30 10:00", "today", "2026-03-29 22:00", "2026-03-28 23:00", "2026-03-29 11:00"),
        # They go back on October 25: that day has 25 hours, and the one before it only 24 to be compared.
        ("Europe/Berlin", "2026-10-25 22:30", "today", "2026-10-24 22:00", "2026-10-23 22:00", "2026-10-24 22:00"),
        # The 31st of March is longer gone than February was long.
        ("UTC", "2026-03-31 12:00", "month", "2026-03-01 00:00", "2026-02-01 00:00", "2026-03-01 00:00"),
        # Clocks jump past midnight, and past a whole day.
        ("America/Santiago", "2026-09-06 12:00", "today", "2026-09-06 04:00", "2026-09-05 04:00", "2026-09-05 12:00"),
        ("Pacific/Apia", "2011-12-30 12:00", "today", "2011-12-30 10:00", "2011-12-29 10:00", "2011-12-29 12:00"),
    ],
)
def test_a_period_and_the_same_elapsed_span_before_it(
    zone: str, now: str, period: str, since: str, before_since: str, before_until: str
) -> None:
    found = asked(period, utc(now), ZoneInfo(zone))
    assert found.previous is not None
    assert (found.current.since, found.current.until) == (utc(since), utc(now) + INSTANT)
    assert (found.previous.since, found.previous.until - utc(before_until)) in {
        (utc(before_since), INSTANT),
        (utc(before_since), timedelta(0)),
    }


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Beirut",
                     "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "America/St_Johns"]),
    st.sampled_from(["today", "week", "month"]),
)  # fmt: skip
def test_now_is_in_the_period_and_the_one_before_ends_before_it(now: datetime, zone: str, period: str) -> None:
    found = asked(period, now, ZoneInfo(zone))
    current, previous = found.current, found.previous
    assert previous is not None
    local = current.since.astimezone(found.zone)
    assert current.since <= now < current.until
    assert (local - timedelta(days=0)).date() == found.now.astimezone(found.zone).date() or period != "today"
    assert local.weekday() == 0 or period != "week"
    assert local.day == 1 or period != "month"
    assert previous.since < previous.until <= current.since
    assert previous.until - previous.since <= current.until - current.since
    assert list(found.cuts) == sorted(set(found.cuts))


def test_all_there_is_has_no_beginning_and_nothing_before() -> None:
    found = asked("all", utc("2026-03-11 12:00"), ZoneInfo("UTC"))
    assert (found.current.since, found.previous) == (BEGINNING, None)
    assert BEGINNING not in found.cuts
