"""How much each person has in hand, and how much they get done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.looking import looked
from core.metrics import summing
from core.metrics.cycles import Period
from core.metrics.spans import stretch
from core.metrics.tally import Tally
from core.permissions import Permission, requires
from core.queue.filters import Filter
from core.uow import UnitOfWork

_Z = 1.959964


@dataclass(frozen=True)
class Person:
    """A member of staff who takes part in the work, and how many items they may hold at once."""

    staff_id: int
    username: str
    full_name: str
    capacity: int


@dataclass(frozen=True)
class Workload:
    """What one person has in hand: open items, of which so many past their deadline; `share` is of their capacity."""

    staff_id: int
    username: str
    full_name: str
    items: int
    breached: int
    capacity: int
    share: float | None


def workload(tally: Tally, people: Sequence[Person]) -> tuple[Workload, ...]:
    """Everybody's load, the heaviest first."""
    loads = [_load(tally, person) for person in people]
    return tuple(sorted(loads, key=lambda load: (-load.items, load.username)))


def _load(tally: Tally, person: Person) -> Workload:
    held = [each for each in tally.open_items if each.holder == person.staff_id]
    items = sum(each.count for each in held)
    return Workload(
        person.staff_id,
        person.username,
        person.full_name,
        items,
        sum(each.breached for each in held),
        person.capacity,
        items / person.capacity if person.capacity else None,
    )


@dataclass(frozen=True)
class Throughput:
    """How many items a person resolved, how many that is in a day, and between which bounds the true rate lies.

    With so few items chance alone makes ranks: `low` and `high` are the 95 % bounds of a Poisson rate. Whose bounds
    overlap are not told apart by these figures.
    """

    staff_id: int
    username: str
    full_name: str
    resolved: int
    per_day: float
    low: float
    high: float
    leads_to: Filter


@requires(Permission.OPS_READ, leaves="metrics.read")
def throughput(uow: UnitOfWork, days: int = 30) -> tuple[Throughput, ...]:
    """Who resolved how many items in the last so many days, by name: no ranking, but rates with their bounds."""
    period = stretch(uow.now, days).period
    span = (period.until - period.since) / timedelta(days=1)
    counts = Counter[int]()
    for each in summing.sums(uow, ("resolved",), (period.since, period.until)):
        if each.b and each.slot == 1:
            counts[int(each.b)] += each.sum.count
    rows = uow.rows(
        "SELECT id, username, full_name FROM staff WHERE id = ANY(:ids) ORDER BY full_name, id", {"ids": list(counts)}
    )
    looked(uow, "metrics.read", "metrics", None, chart="throughput", days=days)
    return tuple(_throughput(row, counts[row.id], period, span) for row in rows if counts[row.id])


def _throughput(row: Any, resolved: int, period: Period, days: float) -> Throughput:
    low, high = poisson_bounds(resolved)
    mine = Filter(status="resolved", assignee=row.id, decided_from=period.since, decided_to=period.until)
    return Throughput(row.id, row.username, row.full_name, resolved, resolved / days, low / days, high / days, mine)


def poisson_bounds(count: int) -> tuple[float, float]:
    """The 95 % bounds of the expectation behind a count (Byar's approximation, good to a hundredth from 1 on)."""
    low = count * (1 - 1 / (9 * count) - _Z / (3 * count**0.5)) ** 3 if count else 0.0
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + _Z / (3 * more**0.5)) ** 3
