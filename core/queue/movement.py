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

# What several moves set, as SQL assignments.
NO_HOLDER = {"assigned_to": "NULL", "assigned_at": "NULL", "lease_expires_at": "NULL"}
NOT_DEFERRED = {"deferred_until": "NULL"}
TAKEN = {
    "assigned_at": ":now",
    "lease_expires_at": LEASE,
    "first_responded_at": "CASE WHEN item_type = ANY(:answered_by_reply) THEN first_responded_at "
    "ELSE coalesce(first_responded_at, :now) END",
}
NOT_PROPOSED = {"proposal": "NULL", "proposed_by": "NULL"}
DECIDED = {
    "resolved_at": ":now",
    "resolved_by": ":actor_id",
    "resolution": ":resolution",
    "resolution_metadata": "CAST(:decision AS jsonb) || jsonb_strip_nulls(jsonb_build_object('proposal', proposal))",
    "undo_journal": "CAST(:journal AS jsonb)",
    "lease_expires_at": "NULL",
    "draft_note": "NULL",
    "first_responded_at": "coalesce(first_responded_at, :now)",
} | NOT_PROPOSED
UNDECIDED = {
    "resolved_at": "NULL",
    "resolved_by": "NULL",
    "resolution": "NULL",
    "resolution_metadata": "'{}'",
    "undo_journal": "NULL",
}
IN_HAND_AGAIN = UNDECIDED | {"lease_expires_at": LEASE}
