"""Folding what has changed into the sums by the hour, by the day and in all."""

from __future__ import annotations

from core.permissions import Permission, requires
from core.uow import UnitOfWork

LOCK = 0x0F01D
"""Whoever writes rollups holds this lock."""
BATCH = 20_000

SPANS = {
    "hour": "hour",
    "day": "date_bin('1 day', hour, '2000-01-01 00:00Z')",
    "all": "'0001-01-01 00:00Z'::timestamptz",
}
"""Each span over which facts are summed, and when it begins."""


def folded(source: str) -> str:
    """The rows of rollups that deltas in `source` come to, and how many deltas they were."""
    sums = "sum(n) AS n, sum(marked) AS marked, sum(amount) AS amount"
    spans = [
        f"SELECT fact, '{span}' AS span, {since} AS since, a, b, step, {sums} FROM {source} GROUP BY 1, 2, 3, 4, 5, 6"
        for span, since in SPANS.items()
    ]
    many = f"SELECT 'deltas', 'all', {SPANS['all']}, '', '', 0, count(*), 0, 0 FROM {source} HAVING count(*) > 0"
    return " UNION ALL ".join([*spans, many])


_FOLD = f"""
WITH taken AS (
    DELETE FROM metric_deltas WHERE id IN (SELECT id FROM metric_deltas ORDER BY id LIMIT :limit) RETURNING *
), put AS (
    INSERT INTO metric_rollups AS r (fact, span, since, a, b, step, n, marked, amount) {folded("taken")}
    ON CONFLICT (fact, span, since, a, b, step) DO UPDATE SET
        n = r.n + excluded.n, marked = r.marked + excluded.marked, amount = r.amount + excluded.amount
    RETURNING fact, span, since, n = 0 AND marked = 0 AND amount = 0 AS is_void
)
SELECT (SELECT count(*) FROM taken) AS deltas, array_agg(DISTINCT fact) FILTER (WHERE is_void) AS facts,
    array_agg(DISTINCT since) FILTER (WHERE is_void AND span <> 'all') AS moments FROM put"""
_CLEAR = """
DELETE FROM metric_rollups WHERE fact = ANY(:facts) AND span IN ('hour', 'day') AND since = ANY(:moments)
    AND n = 0 AND marked = 0 AND amount = 0"""


@requires(Permission.OPS_ADMIN, leaves=None)
def fold(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Fold the oldest changes into the rollups: one batch. Returns how many; call again while it is `limit`.

    One process folds at a time, the others return 0. Whoever reads meanwhile sees all of a batch folded or none of it.
    """
    if not uow.execute("SELECT pg_try_advisory_xact_lock(:key)", {"key": LOCK}).scalar_one():
        return 0
    with uow.housekeeping():  # what changed is on record where it was changed
        done = uow.execute(_FOLD, {"limit": limit}).one()
        if done.moments:
            uow.execute(_CLEAR, {"facts": done.facts, "moments": done.moments})
    return int(done.deltas)
