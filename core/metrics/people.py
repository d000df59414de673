"""How much each person has in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.metrics.tally import Tally


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
