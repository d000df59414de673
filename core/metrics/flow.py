"""How work and business flow: what arrives, what is completed, when, and compared with the time before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import config
from core.errors import Invalid
from core.looking import looked
from core.metrics import summing
from core.metrics.bookings import growth
from core.metrics.spans import Grain, Stretch, arrived_in, stretch
from core.metrics.tally import Counted
from core.permissions import Permission, requires
from core.queue.filters import Filter
from core.uow import UnitOfWork
from core.words import BookingStatus

TRENDS = {"bookings": "booking", "complaints": "complaint", "arrivals": "arrived", "completions": "decided"}
"""What a trend can be drawn of, and the facts that it counts. Revenue has a verb of its own."""


@dataclass(frozen=True)
class FlowPoint:
    """The items that arrived and that were decided from `since` until `until`; `leads_to` those that arrived."""

    since: datetime
    until: datetime
    arrived: int
    completed: int
    leads_to: Filter


@dataclass(frozen=True)
class TrendPoint:
    """One piece of a trend: its value, and that of the piece in its place in the stretch before (None: it has none)."""

    since: datetime
    until: datetime
    value: float
    before: float | None


@dataclass(frozen=True)
class Trend:
    """A series with the one of the stretch before behind it, both until the same time of day, and their sums."""

    of: str
    points: tuple[TrendPoint, ...]
    total: float
    total_before: float
    growth_rate: float | None


@dataclass(frozen=True)
class HeatCell:
    """How many items arrived in an hour (0-23, local) of a weekday (0 Monday - 6 Sunday), in all the days shown."""

    weekday: int
    hour: int
    arrived: int


@dataclass(frozen=True)
class RevenueOfStatus:
    """What the bookings of one status brought in, of so many paid ones, in the configured currency."""

    status: str
    currency: str
    amount: Decimal
    bookings: int
    paid_bookings: int


@requires(Permission.OPS_READ, leaves="metrics.read")
def arrivals_and_completions(uow: UnitOfWork, days: int = 30, grain: Grain = "day") -> tuple[FlowPoint, ...]:
    """What arrived in the queue against what was decided, piece by piece. Raises Invalid for `days` or `grain`."""
    shown = stretch(uow.now, days, grain)
    counted = summing.sums(uow, ("arrived", "decided"), shown.cuts)
    looked(uow, "metrics.read", "metrics", None, chart="arrivals_and_completions", days=days, grain=grain)
    arrived, completed = _series(counted, "arrived", shown), _series(counted, "decided", shown)
    return tuple(
        FlowPoint(piece.since, piece.until, came, went, arrived_in(piece))
        for piece, came, went in zip(shown.pieces, arrived, completed, strict=True)
    )


@requires(Permission.OPS_READ, leaves="metrics.read")
def trend(uow: UnitOfWork, of: str, days: int = 30, grain: Grain = "day") -> Trend:
    """Bookings, complaints, arrivals or completions, with the stretch before. Raises Invalid for anything else."""
    if of not in TRENDS:
        raise Invalid("of", f"is one of {', '.join(TRENDS)}")
    now, before = stretch(uow.now, days, grain), stretch(uow.now, days, grain, back=days)
    found = [_series(summing.sums(uow, (TRENDS[of],), each.cuts), TRENDS[of], each) for each in (now, before)]
    looked(uow, "metrics.read", "metrics", None, chart=f"trend of {of}", days=days, grain=grain)
    return _trend(of, now, *found)


@requires(Permission.METRICS_REVENUE, leaves="metrics.read")
def revenue_trend(uow: UnitOfWork, days: int = 30, grain: Grain = "day") -> Trend:
    """The revenue of the bookings made in each piece, in the configured currency, with the stretch before."""
    now, before = stretch(uow.now, days, grain), stretch(uow.now, days, grain, back=days)
    found = [_earned(summing.sums(uow, ("booking",), each.cuts), each) for each in (now, before)]
    looked(uow, "metrics.read", "metrics", None, chart="trend of revenue", days=days, grain=grain)
    return _trend("revenue", now, *found)


@requires(Permission.METRICS_REVENUE, leaves="metrics.read")
def revenue_by_status(uow: UnitOfWork, days: int = 30) -> tuple[RevenueOfStatus, ...]:
    """The revenue of the bookings made in the last so many days, by where they stand now."""
    shown, currency = stretch(uow.now, days), config.word("CURRENCY")
    period = shown.period
    found = [each for each in summing.sums(uow, ("booking",), (period.since, period.until)) if each.slot == 1]
    looked(uow, "metrics.read", "metrics", None, chart="revenue_by_status", days=days)
    return tuple(
        RevenueOfStatus(
            status,
            currency,
            sum((each.sum.amount for each in found if (each.a, each.b) == (status, currency)), Decimal(0)),
            sum(each.sum.count for each in found if (each.a, each.b) == (status, currency)),
            sum(each.sum.marked for each in found if (each.a, each.b) == (status, currency)),
        )
        for status in map(str, BookingStatus)
    )


@requires(Permission.OPS_READ, leaves="metrics.read")
def heat_map(uow: UnitOfWork, days: int = 56) -> tuple[HeatCell, ...]:
    """When items arrive: each hour of each weekday in the configured zone, Monday 0:00 first. At most 100 days."""
    shown = stretch(uow.now, days, "hour")
    arrived = _series(summing.sums(uow, ("arrived",), shown.cuts), "arrived", shown)
    looked(uow, "metrics.read", "metrics", None, chart="heat_map", days=days)
    cells = dict.fromkeys(((weekday, hour) for weekday in range(7) for hour in range(24)), 0)
    for piece, came in zip(shown.pieces, arrived, strict=True):
        local = piece.since.astimezone(shown.zone)
        cells[local.weekday(), local.hour] += came
    return tuple(HeatCell(weekday, hour, came) for (weekday, hour), came in cells.items())


def _series(counted: Sequence[Counted], fact: str, shown: Stretch) -> list[int]:
    """How many facts there are in each piece."""
    found = [0] * len(shown.pieces)
    for each in counted:
        if each.fact == fact and each.slot is not None and each.slot <= len(found):
            found[each.slot - 1] += each.sum.count
    return found


def _earned(counted: Sequence[Counted], shown: Stretch) -> list[float]:
    found, currency = [Decimal(0)] * len(shown.pieces), config.word("CURRENCY")
    for each in counted:
        if each.b == currency and each.slot is not None and each.slot <= len(found):
            found[each.slot - 1] += each.sum.amount
    return [float(amount) for amount in found]


def _trend(of: str, shown: Stretch, values: Sequence[float], before: Sequence[float]) -> Trend:
    behind = [*before, *([None] * len(values))]
    points = [
        TrendPoint(piece.since, piece.until, value, behind[place])
        for place, (piece, value) in enumerate(zip(shown.pieces, values, strict=True))
    ]
    total, total_before = sum(values), sum(before)
    return Trend(of, tuple(points), total, total_before, growth(total, total_before))
