"""Counting: one statement for everything that a question needs, so that all of it is of one moment of the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from core.metrics import summing, timing
from core.metrics.people import Person
from core.metrics.periods import BEGINNING, Asked
from core.metrics.tally import OpenItems, Tally
from core.tables.work import OPEN, REVIEWED
from core.uow import UnitOfWork

STANDING = frozenset({"booking", "complaint"})
"""Facts of which some figures are of all the time there is, whatever the period."""


@dataclass(frozen=True)
class Mark:
    """What moves when something changes: `records` with each change of a fact, `history` with each deed on an item."""

    records: int
    history: int


@dataclass(frozen=True)
class Found:
    """What a question has counted, the people whom its figures name, and the mark of the changes that it knows of."""

    tally: Tally
    people: tuple[Person, ...]
    mark: Mark


def count(uow: UnitOfWork, asked: Asked, needs: Collection[str]) -> Found:
    """Count the facts that are needed, and how the open items stand ("open"), all in one statement."""
    ever = asked.current.since == BEGINNING
    bound = {"now": asked.now, **vars(asked.current), **summing.values(asked.cuts)}
    row = uow.execute(_statement(frozenset(needs), ever), bound).one()
    tally = Tally(
        cuts=asked.cuts,
        counted=[summing.counted(each) for each in row.counted],
        open_items=[_open_items(each) for each in row.open_items],
        missed={each["slot"]: each["n"] for each in row.missed},
        percentiles=timing.percentiles(row.times, row.classes),
        first_resolved_at=row.first_resolved_at,
    )
    return Found(tally, tuple(Person(**each) for each in row.people), Mark(row.records, row.history))


def mark(uow: UnitOfWork) -> Mark:
    """The mark as it is now."""
    row = uow.execute(f"SELECT {_MARK}").one()
    return Mark(row.records, row.history)


def _open_items(row: Mapping[str, Any]) -> OpenItems:
    return OpenItems(**{**row, "oldest_at": datetime.fromisoformat(row["oldest_at"])})


# How many changes of facts have been committed, folded or not. Not the highest number: a change with a lower one may
# be committed after it.
_MARK = """(SELECT count(*) FROM metric_deltas)
    + coalesce((SELECT n FROM metric_rollups WHERE fact = 'deltas'), 0) AS records,
    coalesce((SELECT max(id) FROM work_actions), 0) AS history"""
_PEOPLE = """
SELECT id AS staff_id, username, full_name, capacity FROM staff
WHERE is_active AND role IN ('reviewer', 'senior_reviewer', 'manager', 'admin')"""
_OPEN_ITEMS = f"""
SELECT queue, item_type, priority, status, assigned_to AS holder, count(*) AS count,
    count(*) FILTER (WHERE sla_deadline > :now AND at_risk_at <= :now) AS at_risk,
    count(*) FILTER (WHERE sla_deadline <= :now) AS breached, min(created_at) AS oldest_at
FROM work_items WHERE {OPEN} AND created_at <= :now GROUP BY 1, 2, 3, 4, 5"""
_MISSED = f"""
SELECT width_bucket(sla_deadline, {summing.CUTS}) AS slot, count(*) AS n
FROM work_items WHERE {OPEN} AND sla_deadline <= :now GROUP BY 1"""
_FIRST_DAY = "SELECT min(since) FROM metric_rollups WHERE fact = 'resolved' AND span = 'day' AND b <> ''"
_FIRST_HOUR = "SELECT min(hour) FROM metric_deltas WHERE fact = 'resolved' AND b <> ''"
_FIRST_RESOLVED = f"""
SELECT min(at) FROM (
    SELECT min(resolved_at) AS at FROM work_items
    WHERE {REVIEWED} AND resolved_by IS NOT NULL AND resolved_at >= LEAST(({_FIRST_DAY}), ({_FIRST_HOUR}))
    UNION ALL SELECT min(resolved_at) FROM past_cycles WHERE resolved_by IS NOT NULL) first"""
_NOTHING = "SELECT 1 WHERE false"


@cache
def _statement(needs: frozenset[str], ever: bool) -> str:
    facts, items = needs - {"open"}, "open" in needs
    timed = timing.timed(facts)
    totals = facts if ever else facts & STANDING
    shared = [
        summing.pieces(facts),
        summing.in_all(totals or {""}),
        timing.EVER if ever else timing.SOME_TIME,
        timing.SIZES,
    ]
    parts = {
        "counted": f"{summing.BY_SLOT} UNION ALL {summing.IN_ALL}",
        "times": " UNION ALL ".join(map(timing.exact, timed)) or _NOTHING,
        "classes": timing.classes(timed) if timed else _NOTHING,
        "open_items": _OPEN_ITEMS if items else _NOTHING,
        "missed": _MISSED if items else _NOTHING,
        "people": _PEOPLE if items else _NOTHING,
    }
    listed = [f"(SELECT coalesce(jsonb_agg(q), '[]') FROM ({sql}) q) AS {name}" for name, sql in parts.items()]
    first = _FIRST_RESOLVED if ever and "resolved" in facts else "NULL::timestamptz"
    return f"WITH {', '.join(shared)} SELECT {', '.join(listed)}, ({first}) AS first_resolved_at, {_MARK}"
