"""Moments in the words and the zone of the person who looks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.spans import format_span

_SOON = timedelta(seconds=60)


def clock_time(moment: datetime, zone: str, now: datetime) -> str:
    """The time of `moment` in `zone` with as much date as it needs: "14:05", "Fri 14:05", "3 Mar 14:05"."""
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    days = (local.date() - today.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if abs(days) < 7:
        return f"{local:%a %H:%M}"
    return f"{local.day} {local:%b %H:%M}" if local.year == today.year else f"{local.day} {local:%b %Y}"


def full_time(moment: datetime, zone: str) -> str:
    """The whole of it, for where it is looked up: "Wed 11 Mar 2026, 14:05 CET"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def stamp(moment: datetime, zone: str) -> str:
    """The time to the second, for records that are compared and sorted: "2026-03-11 14:05:09"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def midnight(day: date, zone: str) -> datetime:
    """The moment at which `day` begins in `zone`, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def begins(day: object, zone: str, *, after: bool = False) -> datetime | None:
    """When the chosen `day` begins, or the one `after` it; years beyond every calendar count as not given."""
    if not isinstance(day, date) or not 1900 <= day.year <= 9000:
        return None
    return midnight(day + timedelta(days=int(after)), zone)


def next_morning(now: datetime, zone: str, hour: int = 9) -> datetime:
    """Tomorrow at `hour` o'clock in `zone`, in UTC."""
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(hour), ZoneInfo(zone)).astimezone(UTC)


def local_input(moment: datetime, zone: str) -> datetime:
    """`moment` as the fields for a date and a time take it: the wall clock of `zone`, to the minute."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)


def from_input(given: datetime, zone: str) -> datetime:
    """The moment (UTC) that was meant by a date and a time filled in in `zone`."""
    return given.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def ago(moment: datetime, now: datetime) -> str:
    """How far `moment` is from `now`: "in 40 min", "3 d ago", "now"."""
    if abs(moment - now) < _SOON:
        return "now"
    return f"in {format_span(moment - now)}" if moment > now else f"{format_span(now - moment)} ago"


def briefly(moment: datetime, now: datetime) -> str:
    """The same in its largest unit alone, for narrow columns: "in 3 d", "40 min ago"."""
    return ago(now + _largest(moment - now), now)


def _largest(span: timedelta) -> timedelta:
    """`span` rounded towards zero to whole days from 48 h on, to whole hours from one hour on, else to minutes."""
    size = abs(span)
    unit = next((unit for unit, least in _UNITS if size >= least), timedelta(minutes=1))
    return (size // unit) * unit * (1 if span > timedelta(0) else -1)


_UNITS = ((timedelta(days=1), timedelta(hours=48)), (timedelta(hours=1), timedelta(hours=1)))


def both(moment: datetime, zone: str, now: datetime) -> str:
    """Relative and absolute: "in 40 min · 14:05"."""
    return f"{ago(moment, now)} · {clock_time(moment, zone, now)}"
