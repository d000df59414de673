"""How many bookings came in, where they stand, and how that compares with the period before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.metrics.periods import Asked
from core.metrics.tally import Tally
from core.words import BookingStatus

NEEDS = ("booking",)


@dataclass(frozen=True)
class Bookings:
    """Bookings by when they were made. `by_status` and `total` are those of the period, by where they stand now.

    `growth_rate` is in percent of `previous`, the count of the period before; None when that is 0 or there is none.
    """

    by_status: Mapping[str, int]
    total: int
    previous: int | None
    today: int
    week: int
    month: int
    growth_rate: float | None


def bookings(tally: Tally, asked: Asked) -> Bookings:
    """The figures of bookings."""
    found = tally.by("a", "booking", asked.current)
    total = sum(each.count for each in found.values())
    previous = tally.sum("booking", asked.previous).count if asked.previous else None
    return Bookings(
        by_status={status: found[status].count if status in found else 0 for status in BookingStatus},
        total=total,
        previous=previous,
        today=tally.sum("booking", asked.today).count,
        week=tally.sum("booking", asked.week).count,
        month=tally.sum("booking", asked.month).count,
        growth_rate=growth(total, previous),
    )


def growth(now: float, before: float | None) -> float | None:
    """By how many percent `now` is more than `before`; None when there is no before, or it is 0."""
    return 100 * (now - before) / before if before else None
