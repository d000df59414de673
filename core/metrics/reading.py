"""Reading the metrics: the groups that one asks for and may see, of one period, at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import config
from core.errors import Invalid
from core.looking import looked
from core.metrics import bookings, complaints, counting, queue_health, realtime, revenue, service_levels
from core.metrics.answers import Answers
from core.metrics.bookings import Bookings
from core.metrics.complaints import Complaints
from core.metrics.counting import Found
from core.metrics.periods import Asked, asked
from core.metrics.queue_health import QueueHealth
from core.metrics.realtime import Realtime
from core.metrics.revenue import Revenue
from core.metrics.service_levels import ServiceLevels
from core.permissions import Permission, Principal, requires
from core.uow import UnitOfWork

_NEEDS: Mapping[str, Sequence[str]] = {
    "bookings": bookings.NEEDS,
    "complaints": complaints.NEEDS,
    "sla": service_levels.NEEDS,
    "revenue": revenue.NEEDS,
    "realtime": realtime.NEEDS,
    "queue": queue_health.NEEDS,
}
GROUPS = tuple(_NEEDS)


@dataclass(frozen=True)
class Metrics:
    """The figures of a period at `generated_at`; a group that was not asked for, or is `left_out`, is None.

    `left_out` names the groups that were asked for and need a permission that the reader lacks. `since` is None for
    all there is.
    """

    period: str
    generated_at: datetime
    since: datetime | None
    left_out: tuple[str, ...]
    bookings: Bookings | None = None
    complaints: Complaints | None = None
    sla: ServiceLevels | None = None
    revenue: Revenue | None = None
    realtime: Realtime | None = None
    queue: QueueHealth | None = None

    def told(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON: amounts as numbers, moments in ISO 8601."""
        told: dict[str, Any] = _plain(asdict(self))
        return {name: value for name, value in told.items() if name not in GROUPS or value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return round(float(value), 2)
    return value.isoformat() if isinstance(value, datetime) else value


@requires(Permission.OPS_READ, leaves="metrics.read")
def metrics(uow: UnitOfWork, period: str = "today", include: Sequence[str] | None = None) -> Metrics:
    """The figures of `period` (today, week, month, all) in the groups that `include` names; all of them by default.

    Revenue needs a permission of its own and is left out without it. All figures are of one moment of the database;
    an answer may be one that was given before, as long as nothing has changed. The look is audited with period and
    groups. Raises Invalid for a period or group that there is not.
    """
    wanted = _wanted(include)
    allowed = tuple(group for group in wanted if _may_see(uow.principal, group))
    answer = _answer(uow, asked(period, uow.now), allowed, tuple(group for group in wanted if group not in allowed))
    looked(uow, "metrics.read", "metrics", None, period=period, groups=list(allowed))
    return answer


def _wanted(include: Sequence[str] | None) -> tuple[str, ...]:
    for name in include or ():
        if name not in GROUPS:
            raise Invalid("include", f"names any of {', '.join(GROUPS)}")
    return tuple(group for group in GROUPS if not include or group in include)


def _may_see(who: Principal, group: str) -> bool:
    return group != "revenue" or who.may(Permission.METRICS_REVENUE)


_answers = Answers[Metrics]()
forget = _answers.forget


def _answer(uow: UnitOfWork, asks: Asked, groups: tuple[str, ...], left_out: tuple[str, ...]) -> Metrics:
    """The answer as it was kept, or counted anew. Whoever may see other groups has answers of their own."""
    key = (asks.name, asks.zone, asks.today.since, groups, left_out, config.word("CURRENCY"))
    kept = _answers.recall(key, counting.mark(uow), uow.now)
    if kept is not None:
        return kept
    found = counting.count(uow, asks, {need for group in groups for need in _NEEDS[group]})
    answer = _measured(found, asks, groups, left_out)
    _answers.keep(key, answer, found.mark, uow.now)
    return answer


def _measured(found: Found, asks: Asked, groups: Sequence[str], left_out: tuple[str, ...]) -> Metrics:
    tally = found.tally
    return Metrics(
        period=asks.name,
        generated_at=asks.now,
        since=None if asks.name == "all" else asks.current.since,
        left_out=left_out,
        bookings=bookings.bookings(tally, asks) if "bookings" in groups else None,
        complaints=complaints.complaints(tally, asks) if "complaints" in groups else None,
        sla=service_levels.service_levels(tally, asks) if "sla" in groups else None,
        revenue=revenue.revenue(tally, asks) if "revenue" in groups else None,
        realtime=realtime.realtime(tally, asks, found.people) if "realtime" in groups else None,
        queue=queue_health.queue_health(tally, asks) if "queue" in groups else None,
    )
