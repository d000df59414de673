"""How the deadlines of items stand, how many were kept, and how long answers and solutions took."""

from __future__ import annotations

from dataclasses import dataclass

from core.metrics.periods import Asked
from core.metrics.tally import Tally

NEEDS = ("responded", "resolved", "kept", "late", "open")


@dataclass(frozen=True)
class ServiceLevels:
    """`at_risk` and `breached` count the open items as they stand now; all else is of the period.

    `compliance_rate` is the share, in percent, of `sealed` fates that were `met` (core/metrics/compliance.py). Times
    run from the beginning of an item's cycle, in hours. Whatever is over nothing is None.
    """

    at_risk: int
    breached: int
    sealed: int
    met: int
    compliance_rate: float | None
    responded: int
    avg_response_hours: float | None
    p50_response_hours: float | None
    p90_response_hours: float | None
    resolved: int
    avg_resolution_hours: float | None
    p50_resolution_hours: float | None
    p90_resolution_hours: float | None


def service_levels(tally: Tally, asked: Asked) -> ServiceLevels:
    """The figures of deadlines."""
    met = tally.sum("kept", asked.current).count
    sealed = met + tally.sum("late", asked.current).count + tally.missed_in(asked.current)
    responded, answers = tally.sum("responded", asked.current), tally.times("responded")
    resolved, solutions = tally.sum("resolved", asked.current), tally.times("resolved")
    return ServiceLevels(
        at_risk=sum(each.at_risk for each in tally.open_items),
        breached=sum(each.breached for each in tally.open_items),
        sealed=sealed,
        met=met,
        compliance_rate=100 * met / sealed if sealed else None,
        responded=responded.count,
        avg_response_hours=responded.average_hours,
        p50_response_hours=answers.p50,
        p90_response_hours=answers.p90,
        resolved=resolved.count,
        avg_resolution_hours=resolved.average_hours,
        p50_resolution_hours=solutions.p50,
        p90_resolution_hours=solutions.p90,
    )
