"""The SLA cycles of items as they stood at a moment: when each began, was due and was decided, how and by whom."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.sla.deadlines import cycle_stories
from core.tables.work import CORRECTION, OPEN, REVIEWED
from core.uow import UnitOfWork

BATCH = 1000


@dataclass(frozen=True)
class Period:
    """The time [since, until) that is asked about; of what came after `until`, nothing is known. Moments are UTC."""

    since: datetime
    until: datetime


CYCLES = f"""
WITH told AS (
    SELECT * FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS r(
        item bigint, began_at timestamptz, due_at timestamptz, decided_at timestamptz, decision text, decided_by bigint)
), cycles AS (
    SELECT id AS item, item_type, sla_started_at AS began_at, sla_deadline AS due_at,
        CASE WHEN resolved_at < :until THEN resolved_at END AS decided_at,
        CASE WHEN resolved_at < :until THEN status END AS decision,
        CASE WHEN resolved_at < :until THEN resolved_by END AS decided_by
    FROM work_items
    WHERE created_at < :until AND NOT id = ANY(:corrected) AND (
        {REVIEWED} AND resolved_at >= :since OR {OPEN} AND sla_deadline >= :since AND sla_deadline < :until)
    UNION ALL
    SELECT item, item_type, began_at, due_at, decided_at, decision, decided_by
    FROM told JOIN work_items ON id = item
)"""
"""The beginning of a statement over `cycles`, in which each cycle decided or due in a period is one row. It binds
what `known` returns. A cycle that another followed stays in it, with the deadline and the decision that it had."""

SEALED = "LEAST(decided_at, due_at) >= :since AND LEAST(decided_at, due_at) < :until AND due_at IS NOT NULL"
"""Cycles whose fate was sealed in the period: at the decision or at the deadline, whichever came first. Whatever had
no deadline had no fate to seal."""
MET = f"{SEALED} AND decided_at <= due_at"
"""Those of them that were decided by their deadline; open and late ones are missed."""


def known(uow: UnitOfWork, period: Period) -> dict[str, Any]:
    """What a statement that begins with `CYCLES` binds for this period.

    Items say of themselves how they stand now. Those that were reopened since, and those of whose clock something was
    corrected after the period, are told by their clock events instead, as these stood at its end.
    """
    corrected = list(uow.execute(_CORRECTED, vars(period)).scalars())
    told = [
        cycle
        for start in range(0, len(corrected), BATCH)
        for cycle in cycles_of(uow, corrected[start : start + BATCH], period.until)
    ]
    return {**vars(period), "corrected": corrected, "told": json.dumps(told, default=str)}


_CORRECTED = f"""
SELECT DISTINCT item_id FROM clock_events
WHERE {CORRECTION} AND (at >= :until OR kind = 'reopen' AND at >= :since) ORDER BY item_id"""
_DECISIONS = """
SELECT item_id, at, status_after AS decision, CASE WHEN status_before <> 'open' THEN coalesce(staff_id, (
    SELECT e.staff_id FROM work_actions e WHERE e.item_id = a.item_id AND e.id < a.id
        AND e.kind = 'EFFECT' AND e.staff_id IS NOT NULL ORDER BY e.id DESC LIMIT 1)) END AS decided_by
FROM work_actions a WHERE item_id = ANY(:ids) AND kind IN ('RESOLVE', 'REJECT') AND at < :until ORDER BY id"""


def cycles_of(uow: UnitOfWork, ids: Sequence[int], until: datetime) -> Iterator[dict[str, Any]]:
    """Every cycle of these items, from the events before `until`. Who sent an effect off has decided its item."""
    decisions = {(row.item_id, row.at): row for row in uow.rows(_DECISIONS, {"ids": list(ids), "until": until})}
    for item, told in cycle_stories(uow, ids, before=until).items():
        for story in told:
            reading = story.read(until)
            made = decisions.get((item, reading.fulfilled_at))
            yield {
                "item": item,
                "cycle": reading.cycle,
                "began_at": reading.started_at,
                "due_at": reading.resolution_due_at,
                "responded_at": reading.first_responded_at,
                "decided_at": reading.fulfilled_at,
                "decision": made and made.decision,
                "decided_by": made and made.decided_by,
            }
