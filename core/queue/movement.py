"""What a move of a work item is: where it starts and ends, what it sets, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.sla.events import EventKind
from core.words import ActionKind, Status


@dataclass(frozen=True, eq=False)
class Move:
    """One move: `leaves` the statuses it starts from, `arrives` where it ends (None: the status stays).

    `sets` are SQL assignments over the values that the verb binds; `guard` is a further SQL condition; `under_way`
    moves are those of items whose effect is under way, which no other move takes from where they are;
    `holder_only` means that nobody but the holder may make it; `clock` is what the SLA clock hears.
    """

    action: ActionKind
    leaves: tuple[Status, ...]
    arrives: Status | None
    by: str
    audit: str
    sets: Mapping[str, str] = field(default_factory=dict)
    guard: str = "true"
    holder_only: bool = False
    clock: EventKind | None = None
    under_way: bool = False

    @property
    def pending(self) -> str:
        """The SQL condition on effects under way: the item's decision waits for one, must not, or that is all one."""
        if self.under_way:
            return UNDER_WAY
        ends = Status.IN_PROGRESS in self.leaves and self.arrives is not None
        return f"NOT ({UNDER_WAY})" if ends or self.holder_only else "true"


UNDER_WAY = "status = 'in_progress' AND resolution IS NOT NULL"
"""Decided, and the decision's effect is on its way to the world outside."""

LEASE = "CAST(:now AS timestamptz) + make_interval(mins => coalesce(CAST(:leases AS jsonb)->>item_type, :lease)::int)"
"""Until when a claim made or renewed now holds, in SQL: the item type's own minutes, else the usual ones."""
