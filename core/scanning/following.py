"""Duplicate checks after a merge: they follow their records, and are settled when the two have become one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from core import config
from core.permissions import Permission, requires
from core.queue import moves
from core.queue.lifecycle import move, these
from core.queue.summaries import refresh
from core.sla import deadlines
from core.tables.work import OPEN
from core.uow import UnitOfWork


@requires(Permission.OPS_ADMIN, leaves=None)
def follow_merges(uow: UnitOfWork, limit: int = 500) -> int:
    """Let open duplicate checks follow records that were merged since: one batch. Returns how many.

    One whose two records lead to the same survivor is settled with that reason; another is about the survivor from
    then on. A merge counts once it can no longer be undone.
    """
    settled = uow.now - timedelta(seconds=config.number("UNDO_SECONDS"))
    found = uow.rows(_STALE, {"settled": settled, "limit": limit})
    for row in found:
        _settle(uow, row) if row.one == row.other else _follow(uow, row)
    deadlines.recompute(uow, [row.id for row in found])
    return len(found)


_KEY = "CASE WHEN context->'provider_ids'->>{0} ~ '^[0-9]{{1,18}}$' THEN (context->'provider_ids'->>{0})::bigint END"
_STALE = f"""
WITH checks AS (
    SELECT id, resource_id, {_KEY.format(0)} AS first, {_KEY.format(1)} AS second FROM work_items
    WHERE item_type = 'duplicate_check' AND {OPEN} AND jsonb_typeof(context->'provider_ids') = 'array'
)
SELECT c.id, coalesce(a.merged_into, a.id) AS one, coalesce(b.merged_into, b.id) AS other,
    CASE c.resource_id WHEN a.id::text THEN coalesce(a.merged_into, a.id)::text
        WHEN b.id::text THEN coalesce(b.merged_into, b.id)::text ELSE c.resource_id END AS about
FROM checks c JOIN individual_providers a ON a.id = c.first JOIN individual_providers b ON b.id = c.second
WHERE (a.merged_into IS NOT NULL OR b.merged_into IS NOT NULL)
    AND (a.merged_into IS NULL OR a.updated_at <= :settled) AND (b.merged_into IS NULL OR b.updated_at <= :settled)
ORDER BY c.id LIMIT :limit"""


def _settle(uow: UnitOfWork, row: Any) -> None:
    told = {"option": "merged", "reason": f"Both records have become provider {row.one}.", "survivor": row.one}
    decision = json.dumps(told)
    move(uow, moves.BECOME_ONE, these([row.id]), payload=told, resolution="merged", decision=decision, journal=None)


def _follow(uow: UnitOfWork, row: Any) -> None:
    pair = [row.one, row.other]
    move(
        uow,
        moves.FOLLOW,
        these([row.id]),
        payload={"provider_ids": pair, "reason": "One of the two records was merged into another."},
        pair=json.dumps(pair),
        about=row.about,
    )
    refresh(uow, [row.id])
