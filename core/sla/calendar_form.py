"""The JSON form of a business calendar, checked strictly, each refusal naming its place.

{"zone": "Europe/Berlin",
 "hours": {"mon": [["09:00", "12:00"], ["13:00", "17:30"]], "sat": [["22:00", "24:00"]]},
 "holidays": {"country": "DE", "subdivision": "BY", "dates": ["2026-12-24"]},
 "exceptions": {"2026-12-31": [["09:00", "12:00"]]}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sized
from datetime import date
from typing import Any

from core.errors import Invalid
from core.sla.calendars import WEEKDAYS, Calendar, Hours

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST = 1000  # dates in one calendar; more is a mistake, and would slow every deadline


def read_calendar(document: Any) -> Calendar:
    """The calendar that `document` (decoded JSON) describes; raises Invalid naming the wrong place."""
    whole = _object("calendar", document, {"zone", "hours", "holidays", "exceptions"})
    hours = _object("hours", whole.get("hours"), set(WEEKDAYS))
    closed = _object("holidays", whole.get("holidays", {}), {"country", "subdivision", "dates"})
    exceptions = _mapping("exceptions", whole.get("exceptions", {}))
    return Calendar(
        zone=_text("zone", whole.get("zone")),
        week=tuple(_hours(f"hours.{day}", hours.get(day, [])) for day in WEEKDAYS),
        holiday_country=_optional_text("holidays.country", closed.get("country")),
        holiday_subdivision=_optional_text("holidays.subdivision", closed.get("subdivision")),
        holidays=frozenset(_date("holidays.dates", day) for day in _list("holidays.dates", closed.get("dates", []))),
        exceptions=tuple(
            sorted((_date("exceptions", day), _hours(f"exceptions.{day}", hours)) for day, hours in exceptions.items())
        ),
    )


def write_calendar(calendar: Calendar) -> dict[str, Any]:
    """The document for `calendar`, without what is empty; `read_calendar` reads it to an equal calendar."""
    closed = {
        "country": calendar.holiday_country,
        "subdivision": calendar.holiday_subdivision,
        "dates": [day.isoformat() for day in sorted(calendar.holidays)],
    }
    document = {
        "zone": calendar.zone,
        "hours": {day: _written(hours) for day, hours in zip(WEEKDAYS, calendar.week, strict=True) if hours},
        "holidays": {key: value for key, value in closed.items() if value},
        "exceptions": {day.isoformat(): _written(hours) for day, hours in calendar.exceptions},
    }
    return {key: value for key, value in document.items() if value}


def _written(hours: Hours) -> list[list[str]]:
    return [[f"{at // 60:02d}:{at % 60:02d}" for at in stretch] for stretch in hours]


def _hours(place: str, value: Any) -> Hours:
    return tuple(_stretch(f"{place}[{at}]", pair) for at, pair in enumerate(_list(place, value)))


def _stretch(place: str, value: Any) -> tuple[int, int]:
    pair = _list(place, value)
    if len(pair) != 2:
        raise Invalid(place, 'use a beginning and an end, for example ["09:00", "17:30"]')
    return _minute(place, pair[0]), _minute(place, pair[1])


def _minute(place: str, value: Any) -> int:
    text = _text(place, value)
    if not _TIME.fullmatch(text):
        raise Invalid(place, "use HH:MM from 00:00 to 24:00")
    return int(text[:2]) * 60 + int(text[3:])


def _date(place: str, value: Any) -> date:
    text = _text(place, value)
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid(place, f"{text[:40]!r} is not a date; use YYYY-MM-DD")


def _object(place: str, value: Any, known: set[str]) -> Mapping[str, Any]:
    found = _mapping(place, value)
    for key in found:
        if key not in known:
            raise Invalid(f"{place}.{key[:40]}", f"unknown; known are {', '.join(sorted(known))}")
    return found


def _mapping(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Invalid(place, "must be an object")
    _check_size(place, value)
    return value


def _list(place: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(place, "must be a list")
    _check_size(place, value)
    return value


def _check_size(place: str, value: Sized) -> None:
    if len(value) > _MOST:
        raise Invalid(place, f"at most {_MOST:,} entries")


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Invalid(place, "must be a text")
    return value


def _optional_text(place: str, value: Any) -> str | None:
    return None if value is None else _text(place, value)
