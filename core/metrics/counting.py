"""Counting: one statement that sums every fact a question needs, at one moment of the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from core.metrics.facts import FACTS, Fact
from core.metrics.people import Person
from core.metrics.periods import Asked
from core.metrics.tally import Counted, OpenItems, Percentiles, Sum, Tally
from core.tables.work import OPEN
from core.uow import UnitOfWork


@dataclass(frozen=True)
class Found:
    """What a question has counted, and the people whom its figures name."""

    tally: Tally
    people: tuple[Person, ...]


def count(uow: UnitOfWork, asked: Asked, needs: Collection[str]) -> Found:
    """Count the facts that are needed, and how the open items stand ("open"), all in one statement."""
    row = uow.execute(_statement(frozenset(needs)), _values(asked)).one()
    tally = Tally(
        cuts=asked.cuts,
        counted=[_counted(each) for each in row.counted],
        open_items=[_open_items(each) for each in row.open_items],
        missed={each["slot"]: each["n"] for each in row.missed},
        percentiles={(each["fact"], each["a"]): _percentiles(each) for each in row.times},
        first_resolved_at=row.first_resolved_at,
    )
    return Found(tally, tuple(Person(**each) for each in row.people))


def _values(asked: Asked) -> dict[str, Any]:
    return {"now": asked.now, "cuts": list(asked.cuts), **vars(asked.current)}


def _counted(row: Mapping[str, Any]) -> Counted:
    total = Sum(row["n"], row["marked"], Decimal(row["amount"]))
    return Counted(row["fact"], row["slot"], row["a"], row["b"], total)


def _open_items(row: Mapping[str, Any]) -> OpenItems:
    return OpenItems(**{**row, "oldest_at": datetime.fromisoformat(row["oldest_at"])})


def _percentiles(row: Mapping[str, Any]) -> Percentiles:
    return Percentiles(*(seconds / 3600 for seconds in row["seconds"]))


_CUTS = "CAST(:cuts AS timestamptz[])"
_SUMS = "count(*) AS n, count(*) FILTER (WHERE marked) AS marked, coalesce(sum(amount), 0)::text AS amount"
_PEOPLE = """
SELECT id AS staff_id, username, full_name, capacity FROM staff
WHERE is_active AND role IN ('reviewer', 'senior_reviewer', 'manager', 'admin')"""
_OPEN_ITEMS = f"""
SELECT queue, item_type, priority, status, assigned_to AS holder, count(*) AS count,
    count(*) FILTER (WHERE sla_deadline > :now AND at_risk_at <= :now) AS at_risk,
    count(*) FILTER (WHERE sla_deadline <= :now) AS breached, min(created_at) AS oldest_at
FROM work_items WHERE {OPEN} AND created_at <= :now GROUP BY 1, 2, 3, 4, 5"""
_MISSED = f"""
SELECT width_bucket(sla_deadline, {_CUTS}) AS slot, count(*) AS n
FROM work_items WHERE {OPEN} AND sla_deadline <= :now GROUP BY 1"""
_NOTHING = "SELECT 1 WHERE false"


@cache
def _statement(needs: frozenset[str]) -> str:
    facts = [fact for name, fact in FACTS.items() if name in needs]
    open_too = "open" in needs
    parts = {
        "counted": " UNION ALL ".join(map(_sums, facts)) or _NOTHING,
        "times": " UNION ALL ".join(_times(fact) for fact in facts if fact.timed) or _NOTHING,
        "open_items": _OPEN_ITEMS if open_too else _NOTHING,
        "missed": _MISSED if open_too else _NOTHING,
        "people": _PEOPLE if open_too else _NOTHING,
    }
    listed = [f"(SELECT coalesce(jsonb_agg(q), '[]') FROM ({sql}) q) AS {name}" for name, sql in parts.items()]
    first = "(SELECT min(resolved_at) FROM work_items WHERE resolved_by IS NOT NULL) AS first_resolved_at"
    return "SELECT " + ",\n".join([*listed, first])


def told(fact: Fact) -> str:
    """The rows of a fact: when, told apart by what, marked or not, and how much."""
    return (
        f"SELECT {fact.at} AS at, {fact.a} AS a, {fact.b} AS b, {fact.marked} AS marked, {fact.amount} AS amount "
        f"FROM {fact.table} r WHERE {fact.where}"
    )


def _sums(fact: Fact) -> str:
    """The sums of a fact between the cuts, and those of all time."""
    words = f"'{fact.name}' AS fact, a, b, {_SUMS}"
    return (
        f"SELECT width_bucket(at, {_CUTS}) AS slot, {words} FROM ({told(fact)}) t WHERE at >= ({_CUTS})[1] "
        f"GROUP BY 1, a, b UNION ALL SELECT NULL, {words} FROM ({told(fact)}) t GROUP BY a, b"
    )


def _times(fact: Fact) -> str:
    return (
        f"SELECT '{fact.name}' AS fact, CASE GROUPING(a) WHEN 0 THEN a END AS a, "
        "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY amount::float8) AS seconds "
        f"FROM ({told(fact)}) t WHERE at >= :since AND at < :until GROUP BY GROUPING SETS ((), (a)) HAVING count(*) > 0"
    )
