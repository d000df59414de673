"""The figures of the daily report: how the queue stood at the end of a day, and how the thirty days before it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from core.metrics.cycles import CYCLES, MET, SEALED, Period, known
from core.settings import settings
from core.tables.columns import sql_list
from core.tables.work import OPEN, REVIEWED
from core.uow import UnitOfWork
from core.words import Priority

DAYS = 30
TOP = 5
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Standing:
    """How many items of one priority were pending, and the hours in which such items are to be resolved."""

    priority: Priority
    sla_hours: float
    pending: int


@dataclass(frozen=True)
class Performance:
    """What the thirty days brought. Each cycle of an item counts once; hours run from its beginning to its decision.

    `sealed` fates of which `met` were decided by their deadline; of the `opened` items `escalated` went up a level.
    """

    resolved: int
    hours: float | None
    sealed: int
    met: int
    opened: int
    escalated: int

    @property
    def compliance(self) -> float | None:
        """The share in 0..1 of the fates sealed that was met; None where none was sealed."""
        return self.met / self.sealed if self.sealed else None

    @property
    def escalation_rate(self) -> float | None:
        """The share in 0..1 of the items opened that was escalated; None where none was opened."""
        return self.escalated / self.opened if self.opened else None


@dataclass(frozen=True)
class TypeLine:
    """One item type: pending at the end of the day, resolved in the thirty days, average hours to that."""

    item_type: str
    pending: int
    resolved: int
    hours: float | None


@dataclass(frozen=True)
class Resolver:
    """How many items one member of staff resolved in the thirty days, and in how many hours on average."""

    staff_id: int
    resolved: int
    hours: float | None


@dataclass(frozen=True)
class QueueReport:
    """The report of one day (UTC). `as_of` is its end, or the moment of asking while the day goes on.

    Averages and shares over nothing are None.
    """

    day: date
    as_of: datetime
    pending: int
    standings: tuple[Standing, ...]
    performance: Performance
    types: tuple[TypeLine, ...]
    resolvers: tuple[Resolver, ...]

    @property
    def is_final(self) -> bool:
        """Whether the day was over: then nothing that happens later changes the report."""
        return self.as_of >= end_of(self.day)


def end_of(day: date) -> datetime:
    """The moment at which `day` is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def measured(uow: UnitOfWork, day: date) -> QueueReport:
    """Count the report of `day` from what is on record: as things were at its end, or are now while it goes on."""
    as_of = min(end_of(day), uow.now)
    period = Period(as_of - timedelta(days=DAYS), as_of)
    pending = uow.rows(_PENDING, {"until": as_of})
    outcomes = uow.rows(_OUTCOMES, known(uow, period))
    came = uow.execute(_ARRIVALS, vars(period)).one()
    resolved, hours = _total(outcomes)
    sealed, met = (sum(getattr(row, name) for row in outcomes) for name in ("sealed", "met"))
    return QueueReport(
        day,
        as_of,
        sum(row.items for row in pending),
        _standings(pending),
        Performance(resolved, hours, sealed, met, came.opened, came.escalated),
        _types(pending, outcomes),
        _resolvers(outcomes),
    )


_RANKS = f"ARRAY[{sql_list(Priority)}]"
_TOLD = "kind IN ('OPEN', 'MERGE', 'PRIORITY_CHANGE') AND at < :until"
_PRIORITY = f"""
CASE WHEN updated_at < :until THEN priority ELSE coalesce(({_RANKS})[(
    SELECT min(array_position({_RANKS}, coalesce(payload ->> 'to', payload ->> 'priority')))
    FROM work_actions WHERE item_id = i.id AND {_TOLD} AND id >= (
        SELECT max(id) FROM work_actions WHERE item_id = i.id AND {_TOLD} AND kind <> 'MERGE'))], priority) END"""
"""An item's priority at the moment: as it was opened or changed last, and raised by what merged into it since."""

_PENDING = f"""
SELECT item_type, {_PRIORITY} AS priority, count(*) AS items FROM work_items i
WHERE created_at < :until AND ({OPEN} OR {REVIEWED} AND resolved_at >= :until) AND NOT (
    id IN (SELECT item_id FROM clock_events WHERE kind IN ('unfulfil', 'reopen') AND at >= :until)
    AND (SELECT kind FROM clock_events WHERE item_id = i.id AND at < :until
        AND kind IN ('fulfil', 'unfulfil', 'reopen') ORDER BY at DESC, id DESC LIMIT 1) IS NOT DISTINCT FROM 'fulfil')
GROUP BY 1, 2"""
"""What was pending at the moment: not decided yet, nor decided then and open again only since."""

_RESOLVED = "decision = 'resolved' AND decided_at >= :since"
_OUTCOMES = f"""{CYCLES}
SELECT item_type, decided_by, count(*) FILTER (WHERE {_RESOLVED}) AS resolved,
    coalesce(sum(decided_at - began_at) FILTER (WHERE {_RESOLVED}), '0') AS taken,
    count(*) FILTER (WHERE {SEALED}) AS sealed, count(*) FILTER (WHERE {MET}) AS met
FROM cycles GROUP BY 1, 2"""

_ARRIVALS = f"""
SELECT count(*) AS opened, count(*) FILTER (WHERE escalation_level > 0 AND EXISTS (
    SELECT FROM work_actions WHERE item_id = i.id AND kind = 'ESCALATE' AND at < :until)) AS escalated
FROM work_items i WHERE ({OPEN} OR {REVIEWED}) AND created_at >= :since AND created_at < :until"""


def _standings(pending: Sequence[Any]) -> tuple[Standing, ...]:
    return tuple(
        Standing(priority, hours, sum(row.items for row in pending if row.priority == priority))
        for priority, hours in ((each, settings().sla_hours[each]) for each in Priority)
    )


def _total(outcomes: Iterable[Any]) -> tuple[int, float | None]:
    """How many were resolved, and in how many hours on average."""
    told = list(outcomes)
    resolved = sum(row.resolved for row in told)
    taken = sum((row.taken for row in told), timedelta(0))
    return resolved, taken / resolved / _HOUR if resolved else None


def _types(pending: Sequence[Any], outcomes: Sequence[Any]) -> tuple[TypeLine, ...]:
    """The types with anything to tell of, most pending first."""
    waiting: dict[str, int] = defaultdict(int)
    for row in pending:
        waiting[row.item_type] += row.items
    names = waiting.keys() | {row.item_type for row in outcomes if row.resolved}
    lines = [TypeLine(name, waiting[name], *_total(row for row in outcomes if row.item_type == name)) for name in names]
    return tuple(sorted(lines, key=lambda line: (-line.pending, -line.resolved, line.item_type)))


def _resolvers(outcomes: Sequence[Any]) -> tuple[Resolver, ...]:
    """The staff who resolved most, and of those with equally many the quicker first."""
    people = {row.decided_by for row in outcomes if row.resolved and row.decided_by is not None}
    lines = [Resolver(who, *_total(row for row in outcomes if row.decided_by == who)) for who in people]
    return tuple(sorted(lines, key=lambda line: (-line.resolved, line.hours or 0, line.staff_id))[:TOP])
