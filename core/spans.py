"""How long something takes, in the words people read."""

from __future__ import annotations

from datetime import timedelta

_DAYS_FROM = timedelta(hours=48)


def format_span(span: timedelta, *, days: bool = True) -> str:
    """`span` in its two largest units, rounded down: "1 h 10 min", "24 h", "3 d 4 h", "40 s", "−2 h".

    Days are said from 48 h on; `days=False` stays with hours: eight open hours are no third of a day.
    """
    if span < timedelta(0):
        return "−" + format_span(-span, days=days)
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s" if seconds else "0 min"
    if days and span >= _DAYS_FROM:
        return _pair(seconds // 3600, 24, "d", "h")
    return _pair(seconds // 60, 60, "h", "min")


def _pair(count: int, per_large: int, large: str, small: str) -> str:
    whole, rest = divmod(count, per_large)
    parts = ((whole, large), (rest, small))
    return " ".join(f"{number:,} {unit}" for number, unit in parts if number)
