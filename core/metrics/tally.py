"""What one reading has counted: sums of facts between the cuts of its periods, and the open items as they stand."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.metrics.cycles import Period
from core.metrics.periods import BEGINNING


@dataclass(frozen=True)
class Sum:
    """So many facts, of which so many are marked, and their amounts: money, or seconds."""

    count: int = 0
    marked: int = 0
    amount: Decimal = Decimal(0)

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.count + other.count, self.marked + other.marked, self.amount + other.amount)

    def __neg__(self) -> Sum:
        return Sum(-self.count, -self.marked, -self.amount)

    @property
    def average_hours(self) -> float | None:
        """The average of amounts that are seconds, in hours; None over nothing."""
        return float(self.amount) / 3600 / self.count if self.count else None


@dataclass(frozen=True)
class Counted:
    """A sum of one fact for one pair of the words that it is told apart by.

    `slot` n lies between the cuts n-1 and n; None is all the time there is.
    """

    fact: str
    slot: int | None
    a: str
    b: str
    sum: Sum


@dataclass(frozen=True)
class Percentiles:
    """The times within which half and nine tenths were done, in hours; None over nothing."""

    p50: float | None = None
    p90: float | None = None


@dataclass(frozen=True)
class OpenItems:
    """Open items that are alike, as they stand: how many, of which at risk or past their deadline, and the oldest."""

    queue: str
    item_type: str
    priority: str
    status: str
    holder: int | None
    count: int
    at_risk: int
    breached: int
    oldest_at: datetime


@dataclass(frozen=True)
class Tally:
    """Everything that one reading has counted, at one moment of the database.

    `missed` is how many items that are still open passed their deadline in each slot; `first_resolved_at` when
    anybody resolved anything for the first time.
    """

    cuts: Sequence[datetime]
    counted: Sequence[Counted]
    open_items: Sequence[OpenItems]
    missed: Mapping[int, int]
    percentiles: Mapping[tuple[str, str | None], Percentiles]
    first_resolved_at: datetime | None

    def of(self, fact: str, period: Period) -> Iterator[Counted]:
        """What was counted of a fact in a period."""
        slots = self._slots(period)
        for each in self.counted:
            if each.fact != fact:
                continue
            if period.since == BEGINNING:
                if each.slot is None:
                    yield each
                elif each.slot >= slots.stop:
                    yield replace(each, sum=-each.sum)
            elif each.slot is not None and each.slot in slots:
                yield each

    def sum(self, fact: str, period: Period) -> Sum:
        """All of a fact in a period."""
        return sum((each.sum for each in self.of(fact, period)), Sum())

    def by(self, word: str, fact: str, period: Period) -> dict[str, Sum]:
        """The sums of a fact in a period by its word `a` or `b`."""
        found: dict[str, Sum] = defaultdict(Sum)
        for each in self.of(fact, period):
            found[getattr(each, word)] += each.sum
        return dict(found)

    def missed_in(self, period: Period) -> int:
        """How many items that are still open passed their deadline in the period."""
        slots = self._slots(period)
        return sum(count for slot, count in self.missed.items() if slot in slots)

    def times(self, fact: str, a: str | None = None) -> Percentiles:
        """The percentiles of a timed fact in the period asked for, of all or for one word `a`."""
        return self.percentiles.get((fact, a), Percentiles())

    def _slots(self, period: Period) -> range:
        first = 0 if period.since == BEGINNING else bisect_left(self.cuts, period.since) + 1
        return range(first, bisect_left(self.cuts, period.until) + 1)
