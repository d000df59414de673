"""The stretch of time that a chart shows: so many local days until now, cut into days or hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from core.errors import Invalid
from core.metrics.cycles import Period
from core.metrics.periods import INSTANT, configured_zone, local_day
from core.queue.filters import Filter

Grain = Literal["day", "hour"]
MOST_DAYS = 732
MOST_PIECES = 2_400
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Stretch:
    """Local days up to now, in pieces: the last one ends with `now`, which is still in it."""

    pieces: tuple[Period, ...]
    zone: ZoneInfo

    @property
    def period(self) -> Period:
        """All of it."""
        return Period(self.pieces[0].since, self.pieces[-1].until)

    @property
    def cuts(self) -> list[datetime]:
        """Where its pieces begin, and where the last one ends."""
        return [piece.since for piece in self.pieces] + [self.pieces[-1].until]


def stretch(now: datetime, days: int, grain: Grain = "day", zone: ZoneInfo | None = None, back: int = 0) -> Stretch:
    """The last so many local days, today among them; with `back`, as many days that ended so many days ago.

    What lies `back` is cut off at the time of day that it is now, so that both are as long. Raises Invalid for what
    no chart could show.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("days", f"number from 1 to {MOST_DAYS}")
    if grain not in {"day", "hour"}:
        raise Invalid("grain", "is day or hour")
    zone = zone or configured_zone()
    last = now.astimezone(zone).date() - _DAY * back
    until = min(now - local_day(last + _DAY * back, zone).since + local_day(last, zone).since, now) + INSTANT
    starts = [start for start in _starts(last, days, grain, zone) if start < until]
    if len(starts) > MOST_PIECES:
        raise Invalid("days", f"give more than {MOST_PIECES:,} pieces: use fewer, or the grain day")
    return Stretch(tuple(Period(*pair) for pair in pairwise([*starts, until])), zone)


def _starts(last: date, days: int, grain: Grain, zone: ZoneInfo) -> Iterator[datetime]:
    """When the local days or hours begin; where clocks skip a day there is none."""
    known: datetime | None = None
    for place in range(days - 1, -1, -1):
        day = local_day(last - _DAY * place, zone)
        at = day.since
        while at < day.until:
            if known is None or at > known:
                yield at
                known = at
            at = day.until if grain == "day" else at + _HOUR


def arrived_in(piece: Period) -> Filter:
    """The items that arrived in a piece."""
    return Filter(status="all", created_from=piece.since, created_to=piece.until, sort_by="created_at")


def by_age(pieces: Sequence[tuple[str, timedelta, timedelta | None]], now: datetime) -> list[Filter]:
    """The open items of each age: at least so old, and younger than so old."""
    return [
        Filter(created_from=None if older is None else now - older + INSTANT, created_to=now - younger + INSTANT)
        for _, younger, older in pieces
    ]
