"""Periods: today, this week, this month and all there is, in the configured zone, each with the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core import config
from core.errors import Invalid
from core.metrics.cycles import Period
from core.sla.wall import first_reading, zone_named

PERIODS = ("today", "week", "month", "all")
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """The periods of one question, as they are at `now`. All are half-open, and `now` itself lies in them.

    `current` is the one that was asked for, `previous` the same elapsed span of the one before it, cut off where the
    current one begins; all there is has none before it.
    """

    name: str
    now: datetime
    zone: ZoneInfo
    today: Period
    week: Period
    month: Period
    current: Period
    previous: Period | None

    @property
    def cuts(self) -> tuple[datetime, ...]:
        """Every moment at which one of the periods begins or ends, in order."""
        periods = (self.today, self.week, self.month, self.current, self.previous or self.current)
        return tuple(sorted({moment for each in periods for moment in (each.since, each.until)} - {BEGINNING}))


def asked(name: str, now: datetime, zone: ZoneInfo | None = None) -> Asked:
    """The periods of a question about `name` at `now`. Raises Invalid for another name."""
    if name not in PERIODS:
        raise Invalid("period", f"is one of {', '.join(PERIODS)}")
    zone = zone or configured_zone()
    until = now + INSTANT
    today, week, month = (Period(_start(zone, first_day(each, now, zone)), until) for each in PERIODS[:3])
    current = {"today": today, "week": week, "month": month}.get(name, Period(BEGINNING, until))
    return Asked(name, now, zone, today, week, month, current, _previous(name, current, zone))


def configured_zone() -> ZoneInfo:
    """The zone in which days begin."""
    return zone_named(config.word("TIME_ZONE"))


def first_day(name: str, now: datetime, zone: ZoneInfo) -> date:
    """The local date on which the period around `now` began: today, Monday, or the first of the month."""
    today = now.astimezone(zone).date()
    if name == "week":
        return today - _DAY * today.weekday()
    return today.replace(day=1) if name == "month" else today


def local_day(day: date, zone: ZoneInfo) -> Period:
    """The whole of a local date: 23 or 25 hours where the clocks change."""
    return Period(_start(zone, day), _start(zone, day + _DAY))


def _start(zone: ZoneInfo, day: date) -> datetime:
    """Local midnight, or the moment at which clocks jump past it."""
    return first_reading(zone, datetime.combine(day, time()))


def _previous(name: str, current: Period, zone: ZoneInfo) -> Period | None:
    if name == "all":
        return None
    since = _start(zone, first_day(name, current.since - INSTANT, zone))
    return Period(since, min(since + (current.until - current.since), current.since))
