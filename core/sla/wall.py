"""Where wall-clock times of a zone fall in UTC, and which days are public holidays there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from core.errors import Invalid

_COUNTRY = re.compile(r"[A-Z]{2}")
_FINE = timedelta(seconds=1)


def zone_named(name: str, field: str = "zone") -> ZoneInfo:
    """The time zone called `name` in the IANA list; raises Invalid naming `field` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(field, f"there is no time zone {name[:60]!r}; use a name like Europe/Berlin") from None


def first_reading(zone: ZoneInfo, wall: datetime) -> datetime:
    """The first moment (UTC) at which clocks in `zone` read `wall` (naive) or later.

    So a time that clocks skip falls where they jump, and one that they read twice falls on its first reading.
    """
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if _reading(zone, moment) == wall:
        return moment
    return _jump(zone, wall, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment)


def _reading(zone: ZoneInfo, moment: datetime) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _jump(zone: ZoneInfo, wall: datetime, before: datetime, after: datetime) -> datetime:
    """Zone data names no transitions, so halve the gap until the clocks' jump past `wall` is found."""
    while after - before > _FINE:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            break
        if _reading(zone, middle) >= wall:
            after = middle
        else:
            before = middle
    return after


@lru_cache(maxsize=4096)
def public_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """The public holidays of a year and their names (English if known); raises Invalid for an unknown place.

    A fresh list for each year: the library's growing lists answer wrongly while another thread fills them.
    """
    if not _COUNTRY.fullmatch(country):
        raise Invalid("holidays.country", "use two capital letters, for example DE")
    try:
        known = holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False, language="en_US")
    except NotImplementedError:
        field = "subdivision" if subdivision and _has_holidays(country) else "country"
        raise Invalid(f"holidays.{field}", "no public holidays are known for it") from None
    return dict(known.items())


def _has_holidays(country: str) -> bool:
    return country in holidays.list_supported_countries()
