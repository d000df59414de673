"""Facts summed between moments: whole days and hours from the rollups, the rest from what has come since and from rows.

What an answer costs depends on the span that it is about, not on how much happened before or in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.metrics.facts import FACTS, Fact, told
from core.metrics.tally import Counted, Sum
from core.uow import UnitOfWork

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SUMS = "sum(n)::bigint AS n, sum(marked)::bigint AS marked, sum(amount)::text AS amount"
CUTS = "CAST(:cuts AS timestamptz[])"
_HOURS, _DAYS = "CAST(:hours AS timestamptz[])", "CAST(:days AS timestamptz[])"
_COLUMNS = "a, b, step, n, marked, amount"


def sums(uow: UnitOfWork, facts: Collection[str], cuts: Sequence[datetime]) -> list[Counted]:
    """The sums of these facts in each slot between the cuts, which are in order, and after the last one."""
    statement = f"WITH {pieces(facts)} {BY_SLOT}"
    return [counted(row._asdict()) for row in uow.rows(statement, values(cuts))]


def values(cuts: Sequence[datetime]) -> dict[str, Any]:
    """What a statement over `pieces` binds: the cuts, and the hours and days that they cut in two."""
    hours = {cut.replace(minute=0, second=0, microsecond=0, tzinfo=UTC) for cut in cuts}
    days = {hour.replace(hour=0) for hour in hours}
    return {
        "cuts": list(cuts),
        "first": cuts[0],
        "hours": sorted(hours - set(cuts)),
        "days": sorted(days - set(cuts) | {hour.replace(hour=0) for hour in hours if hour != hour.replace(hour=0)}),
    }


def counted(row: Mapping[str, Any]) -> Counted:
    """One row of `BY_SLOT` or `IN_ALL`."""
    return Counted(row["fact"], row["slot"], row["a"], row["b"], Sum(row["n"], row["marked"], Decimal(row["amount"])))


def pieces(facts: Collection[str]) -> str:
    """The table expression `pieces`: everything from the first cut on that these facts come to, nothing cut in two."""
    listed = ", ".join(f"'{name}'" for name in sorted(facts))
    rows = [_rows_of(fact, part) for fact in FACTS if fact.name in facts for part in fact.parts]
    return f"""pieces AS MATERIALIZED (
    SELECT fact, since AS at, {_COLUMNS} FROM metric_rollups
    WHERE fact IN ({listed}) AND span = 'day' AND since >= :first AND NOT since = ANY({_DAYS})
    UNION ALL
    SELECT fact, since, {_COLUMNS} FROM unnest({_DAYS}) AS d(day) JOIN metric_rollups
        ON fact IN ({listed}) AND span = 'hour' AND since >= day AND since < day + interval '1 day'
    WHERE since >= :first AND NOT since = ANY({_HOURS})
    UNION ALL
    SELECT fact, hour, {_COLUMNS} FROM metric_deltas
    WHERE fact IN ({listed}) AND hour >= :first AND NOT hour = ANY({_HOURS})
    UNION ALL
    {" UNION ALL ".join(rows)}
)"""


def _rows_of(fact: Fact, part: str) -> str:
    """The facts of one table in the hours that are cut in two, row by row."""
    within = f"{part} AND {fact.at} >= greatest(hour, :first) AND {fact.at} < hour + interval '1 hour'"
    return (
        f"SELECT f.fact, f.at, f.a, f.b, f.step, 1, f.marked::int, f.amount FROM unnest({_HOURS}) AS h(hour) "
        f"CROSS JOIN LATERAL ({told(fact, within)}) f"
    )


def in_all(facts: Collection[str]) -> str:
    """The table expression `in_all`: what these facts come to in all the time there is."""
    listed = ", ".join(f"'{name}'" for name in sorted(facts))
    return f"""in_all AS (
    SELECT fact, {_COLUMNS} FROM metric_rollups WHERE fact IN ({listed}) AND span = 'all'
    UNION ALL SELECT fact, {_COLUMNS} FROM metric_deltas WHERE fact IN ({listed})
)"""


BY_SLOT = f"SELECT width_bucket(at, {CUTS}) AS slot, fact, a, b, {_SUMS} FROM pieces GROUP BY 1, 2, 3, 4"
IN_ALL = f"SELECT NULL::int AS slot, fact, a, b, {_SUMS} FROM in_all GROUP BY 2, 3, 4"
