"""How many complaints came in, how many are open, and how long they took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.metrics.cycles import Period
from core.metrics.periods import BEGINNING, Asked
from core.metrics.tally import Tally
from core.words import ComplaintStatus, Priority

NEEDS = ("complaint", "complaint_resolved")
OPEN = (ComplaintStatus.OPEN, ComplaintStatus.IN_PROGRESS, ComplaintStatus.ESCALATED)


@dataclass(frozen=True)
class Complaints:
    """Complaints by when they were made, as they stand now; the times of those resolved in the period, in hours.

    `unresolved` are all that are open, whenever they came. Times over nothing are None.
    """

    by_priority: Mapping[str, int]
    by_status: Mapping[str, int]
    total: int
    today: int
    unresolved: int
    resolved: int
    avg_resolution_hours: float | None
    p50_resolution_hours: float | None
    p90_resolution_hours: float | None


def complaints(tally: Tally, asked: Asked) -> Complaints:
    """The figures of complaints."""
    by_priority = tally.by("a", "complaint", asked.current)
    by_status = tally.by("b", "complaint", asked.current)
    resolved, times = tally.sum("complaint_resolved", asked.current), tally.times("complaint_resolved")
    return Complaints(
        by_priority={each: by_priority[each].count if each in by_priority else 0 for each in Priority},
        by_status={each: by_status[each].count if each in by_status else 0 for each in ComplaintStatus},
        total=sum(each.count for each in by_status.values()),
        today=tally.sum("complaint", asked.today).count,
        unresolved=unresolved(tally, asked),
        resolved=resolved.count,
        avg_resolution_hours=resolved.average_hours,
        p50_resolution_hours=times.p50,
        p90_resolution_hours=times.p90,
    )


def unresolved(tally: Tally, asked: Asked, priority: str | None = None) -> int:
    """How many complaints are open now, of all or of one priority."""
    ever = Period(BEGINNING, asked.current.until)
    return sum(
        each.sum.count
        for each in tally.of("complaint", ever)
        if each.b in OPEN and (priority is None or each.a == priority)
    )
