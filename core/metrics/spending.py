"""Where the time of decided items went: unclaimed, in hand, waiting, deferred, or while nobody was at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from core.looking import looked
from core.metrics.spans import stretch
from core.permissions import Permission, requires
from core.sla.calendars import Calendar
from core.sla.policies import calendars
from core.tables.work import REVIEWED
from core.uow import UnitOfWork

_NONE = timedelta(0)


@dataclass(frozen=True)
class TimeSpent:
    """What became of the time of `items`, each from the beginning of its last cycle to its decision.

    `outside` is when the calendar of an item's policy was closed, whatever its status; the other four are of the
    hours in which it was open, so that the five come to the whole.
    """

    items: int
    unclaimed: timedelta
    in_hand: timedelta
    waiting: timedelta
    deferred: timedelta
    outside: timedelta

    @property
    def whole(self) -> timedelta:
        """All of it."""
        return self.unclaimed + self.in_hand + self.waiting + self.deferred + self.outside


@requires(Permission.OPS_READ, leaves="metrics.read")
def time_spent(uow: UnitOfWork, days: int = 30) -> TimeSpent:
    """Where the time of the items went that were decided in the last so many days, cut from their histories."""
    period = stretch(uow.now, days).period
    spent = Counter[str]()
    items, outside = 0, _NONE
    for used in uow.rows(_USED, vars(period)):
        items += used.items
        for row in uow.rows(_SPENT, {**vars(period), "calendar": used.calendar, **_hours(uow, used)}):
            spent[row.place] += round(row.counted * 1_000_000)
            outside += timedelta(microseconds=round(row.whole * 1_000_000) - round(row.counted * 1_000_000))
    looked(uow, "metrics.read", "metrics", None, chart="time_spent", days=days)
    parts = {name: timedelta(microseconds=spent[name]) for name in ("unclaimed", "in_hand", "waiting", "deferred")}
    return TimeSpent(items, outside=outside, **parts)


_ITEMS = f"""
items AS (
    SELECT id, sla_started_at AS began_at, resolved_at AS ended_at, (SELECT c.calendar_id FROM clock_events c
        WHERE c.item_id = i.id AND c.targets IS NOT NULL ORDER BY c.id DESC LIMIT 1) AS calendar
    FROM work_items i WHERE {REVIEWED} AND resolved_at >= :since AND resolved_at < :until
        AND resolved_at >= sla_started_at
)"""
_USED = f"""
WITH {_ITEMS} SELECT calendar, count(*) AS items, min(began_at) AS first, max(ended_at) AS last
FROM items GROUP BY calendar"""
"""Which calendars these items are counted in, of how many, from when to when."""

_OPEN_BY = """coalesce(opened[{place}] + extract(epoch FROM least({at}, ends[{place}]) - starts[{place}]), 0)"""
_BETWEEN = (
    f"{_OPEN_BY.format(at='until', place='width_bucket(until, starts)')} "
    f"- {_OPEN_BY.format(at='since', place='width_bucket(since, starts)')}"
)
_SPENT = f"""
WITH {_ITEMS}, told AS (
    SELECT id AS item, began_at AS at, 0::bigint AS number, 'open' AS status, ended_at FROM items
    WHERE calendar IS NOT DISTINCT FROM CAST(:calendar AS bigint)
    UNION ALL
    SELECT i.id, a.at, a.id, a.status_after, ended_at FROM items i JOIN work_actions a ON a.item_id = i.id
    WHERE calendar IS NOT DISTINCT FROM CAST(:calendar AS bigint) AND a.kind <> 'MERGE'
        AND a.status_after IS NOT NULL AND a.at >= began_at AND a.at < ended_at
), spans AS (
    SELECT status, at AS since, lead(at, 1, ended_at) OVER (PARTITION BY item ORDER BY at, number) AS until FROM told
), cut AS (
    SELECT CASE status WHEN 'open' THEN 'unclaimed' WHEN 'waiting' THEN 'waiting' WHEN 'deferred' THEN 'deferred'
        ELSE 'in_hand' END AS place, extract(epoch FROM until - since) AS whole,
        CASE WHEN cardinality(starts) = 0 THEN extract(epoch FROM until - since) ELSE {_BETWEEN} END AS counted
    FROM spans, (SELECT CAST(:starts AS timestamptz[]) AS starts, CAST(:ends AS timestamptz[]) AS ends,
        CAST(:opened AS numeric[]) AS opened) hours
)
SELECT place, sum(whole) AS whole, sum(counted) AS counted FROM cut GROUP BY place"""
"""Every span of an item's history, and how much of it lies in the hours of the calendar: the hours that were open
before its end, less those before its beginning. Decided and taken back is in hand."""


def _hours(uow: UnitOfWork, used: Any) -> dict[str, Sequence[Any]]:
    """The open stretches of a calendar over these items' time, and how much was open before each; none: always."""
    calendar: Calendar = calendars(uow, [used.calendar])[used.calendar]
    if calendar.is_always_open:
        return {"starts": [], "ends": [], "opened": []}
    # One that is over before anything began: there is always a stretch before a moment.
    first: tuple[datetime, datetime] = (used.first - timedelta(days=1), used.first - timedelta(days=1))
    stretches = [first, *calendar.intervals(used.first, used.last)]
    lengths = [(until - since).total_seconds() for since, until in stretches]
    opened = [0.0, *accumulate(lengths)][: len(lengths)]
    return {
        "starts": [since for since, _ in stretches],
        "ends": [until for _, until in stretches],
        "opened": opened,
    }
