"""Looking into the outbox: what waits to leave, what is being sent, and what was put aside and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.errors import Invalid
from core.looking import looked
from core.permissions import Permission, requires
from core.uow import UnitOfWork

MOST_ENTRIES = 100
STATES = ("parked", "waiting", "leased")
"""The states of what has not left."""


@dataclass(frozen=True)
class Listed:
    """One effect that has not left: never what it says or to whom. `since` is when it was posted or sent again."""

    id: int
    kind: str
    state: str
    item_id: int | None
    attempts: int
    last_error: str | None
    since: datetime
    due_at: datetime


@dataclass(frozen=True)
class Listing:
    """A page of them, newest first; `cursor` leads to the next one, None after the last."""

    entries: tuple[Listed, ...]
    cursor: int | None


@requires(Permission.OPS_ADMIN, leaves="outbox.read")
def entries(uow: UnitOfWork, *, state: str | None = None, cursor: int | None = None, limit: int = 50) -> Listing:
    """What has not left, newest first: all of it, or what is in one state; at most `limit` (1 to 100).

    Raises Invalid for another state or limit.
    """
    if state is not None and state not in STATES:
        raise Invalid("state", f"is one of {', '.join(STATES)}")
    if not 1 <= limit <= MOST_ENTRIES:
        raise Invalid("limit", f"is between 1 and {MOST_ENTRIES}")
    values = {"states": list(STATES if state is None else (state,)), "cursor": cursor, "limit": limit + 1}
    found = uow.rows(_ENTRIES, values)
    looked(uow, "outbox.read", "outbox", state=state)
    listed = tuple(Listed(**row._mapping) for row in found[:limit])
    return Listing(listed, listed[-1].id if len(found) > limit else None)


_ENTRIES = """
SELECT id, kind, state, item_id, attempts, last_error, created_at AS since, due_at FROM outbox
WHERE state = ANY(:states) AND state IN ('waiting', 'leased', 'parked')
  AND (CAST(:cursor AS bigint) IS NULL OR id < :cursor)
ORDER BY id DESC LIMIT :limit"""


@requires(Permission.OPS_ADMIN, leaves=None)
def waiting_counts(uow: UnitOfWork) -> dict[str, int]:
    """How many there are in each state that has not left."""
    known = "SELECT state, count(*) AS number FROM outbox WHERE state IN ('waiting', 'leased', 'parked') GROUP BY state"
    found = {row.state: row.number for row in uow.rows(known)}
    return {state: found.get(state, 0) for state in STATES}
