"""Proving the rollups: what they say against what every row says, and summing anew what does not agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.metrics.cycles import BATCH, cycles_of
from core.metrics.facts import FACTS, told
from core.metrics.folding import LOCK, SPANS, folded
from core.metrics.periods import INSTANT
from core.permissions import Permission, requires
from core.uow import UnitOfWork

_KEYS = "fact, hour, a, b, step"
_ROWS = " UNION ALL ".join(f"({told(fact)})" for fact in FACTS)
BY_ROWS = (
    "SELECT fact, metric_hour(at) AS hour, a, b, step, count(*) AS n, count(*) FILTER (WHERE marked) AS marked, "
    f"sum(amount) AS amount FROM ({_ROWS}) t GROUP BY 1, 2, 3, 4, 5"
)
"""What the records themselves come to by the hour: read from every row there is."""
_BY_HOUR = f"""
SELECT {_KEYS}, n, marked, amount FROM metric_deltas
UNION ALL SELECT fact, since, a, b, step, n, marked, amount FROM metric_rollups WHERE span = 'hour'"""
_HOURS = (
    f"SELECT {_KEYS}, n, marked, amount FROM ({BY_ROWS}) r "
    f"UNION ALL SELECT {_KEYS}, -n, -marked, -amount FROM ({_BY_HOUR}) h"
)
_BY_SPAN = """
SELECT fact, {since} AS hour, a, b, step, n, marked, amount FROM (
    SELECT fact, since AS hour, a, b, step, n, marked, amount FROM metric_rollups WHERE span = 'hour') h
UNION ALL SELECT fact, since, a, b, step, -n, -marked, -amount FROM metric_rollups
WHERE span = '{span}' AND fact <> 'deltas'"""
_DIFFERENT = f"""
SELECT fact, count(*) AS places FROM (SELECT {_KEYS} FROM ({{}}) t GROUP BY {_KEYS}
    HAVING sum(n) <> 0 OR sum(marked) <> 0 OR sum(amount) <> 0) d GROUP BY fact"""
_UNTOLD = """
SELECT count(*) FROM work_items i
WHERE sla_cycle > 1 AND sla_cycle - 1 <> (SELECT count(*) FROM past_cycles WHERE item_id = i.id)"""


@requires(Permission.OPS_ADMIN, leaves=None)
def differences(uow: UnitOfWork) -> dict[str, int]:
    """In how many places the sums differ from what the rows say, by fact; empty when all is as it should be.

    "past_cycles" counts items of which a former cycle is missing. Reads every row: not for every minute.
    """
    uow.execute("SET LOCAL statement_timeout = 0")
    spans = [_BY_SPAN.format(span=span, since=SPANS[span]) for span in ("day", "all")]
    found: dict[str, int] = {}
    for row in uow.rows(" UNION ALL ".join(_DIFFERENT.format(each) for each in (_HOURS, *spans))):
        found[row.fact] = found.get(row.fact, 0) + row.places
    untold = uow.execute(_UNTOLD).scalar_one()
    return found | ({"past_cycles": untold} if untold else {})


@requires(Permission.OPS_ADMIN, leaves="metrics.rebuilt")
def rebuild(uow: UnitOfWork) -> int:
    """Sum everything anew from the records, and former cycles from the clock events. Returns how many sums there are.

    Nobody can change a booking, complaint, payment or item until it is through; everybody can read.
    """
    uow.execute("SET LOCAL statement_timeout = 0")
    uow.execute("SELECT pg_advisory_xact_lock(:key)", {"key": LOCK})
    uow.execute("LOCK TABLE payments, bookings, complaints, work_items, past_cycles IN SHARE MODE")
    before = uow.execute("SELECT n FROM metric_rollups WHERE fact = 'deltas'").scalar_one_or_none() or 0
    waiting = uow.execute("SELECT count(*) FROM metric_deltas").scalar_one()
    uow.execute("SELECT settle_bookings(ARRAY(SELECT DISTINCT booking_id FROM payments))")
    uow.execute("DELETE FROM past_cycles")
    for cycles in _batches(uow):
        uow.execute(_REMEMBER, {"cycles": json.dumps(cycles, default=str)})
    uow.execute("DELETE FROM metric_deltas")
    uow.execute("DELETE FROM metric_rollups")
    sums = uow.execute(_SUM_ANEW).rowcount
    uow.execute(_MOVE_ON, {"n": before + waiting + 1})
    uow.record("metrics.rebuilt", "metrics", None, sums=sums)
    return sums


_SUM_ANEW = f"WITH told AS MATERIALIZED ({BY_ROWS}) INSERT INTO metric_rollups {folded('told')}"
# Answers that were kept are over.
_MOVE_ON = """
INSERT INTO metric_rollups VALUES ('deltas', 'all', '0001-01-01 00:00Z', '', '', 0, :n, 0, 0)
ON CONFLICT (fact, span, since, a, b, step) DO UPDATE SET n = excluded.n"""
_REMEMBER = """
INSERT INTO past_cycles (item_id, cycle, queue, item_type, priority, status, sla_started_at, sla_deadline,
    first_responded_at, resolved_at, resolved_by)
SELECT id, cycle, queue, item_type, priority, decision, began_at, due_at, responded_at, decided_at, decided_by
FROM jsonb_to_recordset(CAST(:cycles AS jsonb)) AS r(item bigint, cycle int, began_at timestamptz, due_at timestamptz,
    responded_at timestamptz, decided_at timestamptz, decision text, decided_by bigint)
JOIN work_items ON id = item WHERE cycle < sla_cycle AND decided_at IS NOT NULL"""


def _batches(uow: UnitOfWork) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Every cycle of the items that were ever reopened, from their clock events."""
    reopened = [row.id for row in uow.rows("SELECT id FROM work_items WHERE sla_cycle > 1 ORDER BY id")]
    for start in range(0, len(reopened), BATCH):
        yield list(cycles_of(uow, reopened[start : start + BATCH], uow.now + INSTANT))
