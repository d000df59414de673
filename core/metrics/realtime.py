"""How things stand at this moment, whatever the period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.metrics.complaints import unresolved
from core.metrics.cycles import Period
from core.metrics.people import Person, Workload, workload
from core.metrics.periods import BEGINNING, Asked
from core.metrics.tally import Tally
from core.words import BookingStatus, Priority

NEEDS = ("booking", "complaint", "open")


@dataclass(frozen=True)
class Realtime:
    """Bookings under way and to come, open complaints and the critical ones among them, and everybody's load."""

    active_bookings: int
    pending_bookings: int
    active_complaints: int
    critical_complaints: int
    staff_workload: tuple[Workload, ...]


def realtime(tally: Tally, asked: Asked, people: Sequence[Person]) -> Realtime:
    """The figures of this moment."""
    by_status = tally.by("a", "booking", Period(BEGINNING, asked.current.until))
    count = {status: by_status[status].count if status in by_status else 0 for status in BookingStatus}
    return Realtime(
        active_bookings=count[BookingStatus.IN_PROGRESS],
        pending_bookings=count[BookingStatus.PENDING] + count[BookingStatus.CONFIRMED],
        active_complaints=unresolved(tally, asked),
        critical_complaints=unresolved(tally, asked, Priority.CRITICAL),
        staff_workload=workload(tally, people),
    )
