"""Business calendars: which stretches of time count as open, and arithmetic in open time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import aware
from core.errors import Invalid
from core.sla.wall import first_reading, public_holidays, zone_named

Hours = tuple[tuple[int, int], ...]
"""Open stretches of a local day: (from, until), half-open, in order, in minutes of the day (0..1440)."""
Stretch = tuple[datetime, datetime]
"""A half-open stretch of real time, UTC."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
NOTHING = timedelta(0)
_ONE_DAY = timedelta(days=1)
_HORIZON_DAYS = 3653  # ten years: whatever takes longer than that is a mistake in the calendar, not a deadline
_SAMPLE_YEAR = 2026  # any year tells a weekday that is always a holiday from one that sometimes is
_DAYS_KEPT = 20_000


@dataclass(frozen=True)
class Calendar:
    """Opening hours in one zone: `week` from Monday on, less holidays; exceptions replace a date's hours.

    Calendars of equal content are equal. Keep one while you use it: it remembers the days it has worked out.
    """

    zone: str
    week: tuple[Hours, ...]
    holiday_country: str | None = None
    holiday_subdivision: str | None = None
    holidays: frozenset[date] = frozenset()
    exceptions: tuple[tuple[date, Hours], ...] = ()
    _days: dict[date, tuple[Stretch, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        """Refuse, with Invalid naming the place, what could never be a calendar."""
        zone_named(self.zone)
        if len(self.week) != len(WEEKDAYS):
            raise Invalid("hours", "a week has seven days")
        for name, hours in zip(WEEKDAYS, self.week, strict=True):
            _check_hours(f"hours.{name}", hours)
        for day, hours in self.exceptions:
            _check_hours(f"exceptions.{day.isoformat()}", hours)
        if self.holiday_subdivision and not self.holiday_country:
            raise Invalid("holidays.subdivision", "name its country as well")
        if not self._opens_in(_SAMPLE_YEAR):
            raise Invalid("hours", "never open: deadlines could not fall; open at least one weekday")

    @classmethod
    def from_json(cls, document: Any) -> Calendar:
        """The calendar of a decoded JSON document (see calendar_form); raises Invalid naming the place."""
        from core.sla.calendar_form import read_calendar

        return read_calendar(document)

    def to_json(self) -> dict[str, Any]:
        """The document that `from_json` reads back to an equal calendar."""
        from core.sla.calendar_form import write_calendar

        return write_calendar(self)

    @cached_property
    def tz(self) -> ZoneInfo:
        """The zone in which the hours are written."""
        return zone_named(self.zone)

    @cached_property
    def is_always_open(self) -> bool:
        """Whether open time is simply elapsed time."""
        around = all(hours == ((0, DAY_MINUTES),) for hours in self.week)
        return around and not (self.holiday_country or self.holidays or self.exceptions)

    def add(self, moment: datetime, span: timedelta) -> datetime:
        """The earliest moment (UTC) by which `span` of open time has been counted from `moment` on.

        Raises Invalid when that lies beyond ten years or the end of time, or when `span` is negative.
        """
        if span < NOTHING:
            raise Invalid("target", "a target is not negative")
        try:
            return self._add(aware(moment), span)
        except OverflowError:
            raise Invalid("target", "it would end after the year 9999") from None

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies in [start, end); nothing where `end` is not after `start`."""
        if self.is_always_open:
            return max(end - start, NOTHING)
        return sum((until - since for since, until in self._clipped(start, end)), NOTHING)

    def intervals(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """The open stretches within [start, end), clipped to it, touching ones joined, earliest first."""
        held: Stretch | None = None
        for since, until in self._clipped(start, end):
            if held and held[1] == since:
                held = (held[0], until)
                continue
            if held:
                yield held
            held = (since, until)
        if held:
            yield held

    def closed_because(self, day: date) -> str | None:
        """Why the local date `day` has no hours: "weekend", a holiday's name …; None where it has some."""
        if self.hours_on(day):
            return None
        if day in self._exceptions:
            return "closed that day"
        return self._holiday_name(day) or ("weekend" if day.weekday() >= 5 else f"no hours on a {day:%A}")

    def hours_on(self, day: date) -> Hours:
        """The hours of the local date `day`: its exception's, else none on a holiday, else its weekday's."""
        if day in self._exceptions:
            return self._exceptions[day]
        return () if self._holiday_name(day) else self.week[day.weekday()]

    @cached_property
    def _exceptions(self) -> Mapping[date, Hours]:
        return dict(self.exceptions)

    def _holiday_name(self, day: date) -> str | None:
        if self.holiday_country:
            name = public_holidays(self.holiday_country, self.holiday_subdivision, day.year).get(day)
            if name:
                return name
        return "holiday" if day in self.holidays else None

    def _opens_in(self, year: int) -> bool:
        first = date(year, 1, 1)
        days = (first + _ONE_DAY * count for count in range(366))
        return any(self.week[day.weekday()] and not self._holiday_name(day) for day in days)

    def _add(self, moment: datetime, span: timedelta) -> datetime:
        if self.is_always_open or not span:
            return moment + span
        left = span
        day = self._date_of(moment)
        for _ in range(_HORIZON_DAYS):
            for since, until in self._stretches(day):
                # A stretch that ended before the moment has a negative length and counts for nothing.
                start = max(since, moment)
                if until - start >= left:
                    return start + left
                left -= max(until - start, NOTHING)
            day += _ONE_DAY
        raise Invalid("calendar", "it is not open enough within ten years to count this target")

    def _clipped(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Daily stretches in [start, end); one day more, as clocks may go back past midnight."""
        if start >= end:
            return
        start, end = aware(start), aware(end)
        day, last = self._date_of(start), self._date_of(end) + _ONE_DAY
        while day <= last:
            for since, until in self._stretches(day):
                if until > start and since < end:
                    yield max(since, start), min(until, end)
            day += _ONE_DAY

    def _date_of(self, moment: datetime) -> date:
        return moment.astimezone(self.tz).date()

    def _stretches(self, day: date) -> tuple[Stretch, ...]:
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            known = self._days[day] = tuple(self._work_out(day))
        return known

    def _work_out(self, day: date) -> Iterator[Stretch]:
        midnight = datetime.combine(day, time())
        for since, until in self.hours_on(day):
            start, end = (first_reading(self.tz, midnight + timedelta(minutes=at)) for at in (since, until))
            if start < end:  # hours that the clocks skip altogether leave nothing
                yield start, end


def _check_hours(place: str, hours: Hours) -> None:
    for since, until in hours:
        if not 0 <= since < until <= DAY_MINUTES:
            raise Invalid(place, "each stretch must end after it begins, within 00:00 to 24:00")
    for earlier, later in pairwise(hours):
        if later[0] < earlier[1]:
            raise Invalid(place, "stretches must be in order and must not overlap")


AROUND_THE_CLOCK = Calendar("UTC", (((0, DAY_MINUTES),),) * 7)
"""The default calendar: open time is elapsed time."""
