"""Failure groups: items that failed in one way, seen as one card and settled as one, a few of them first."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core import audit
from core.errors import Conflict, Invalid, NotFound
from core.looking import looked
from core.permissions import Permission, Principal, requires
from core.queue import batching, claiming, moves, tasks
from core.queue.batching import Outcome, Preview
from core.queue.deciding import Decision
from core.queue.lifecycle import move, these
from core.queue.tasks import MOST, Chosen, Refusals, Task
from core.resolutions.declaring import item_type
from core.tables.work import OPEN
from core.text import checked_text
from core.uow import UnitOfWork, perform

CHUNK = 25
"""How many items of a group are settled in one transaction: between two of them it can be stopped."""

_FAILED = f"{OPEN} AND reason <> ''"
_TO_HAND = (
    "(status = 'open' OR (status = 'deferred' AND deferred_until <= :now) "
    "OR (status = 'in_progress' AND assigned_to = :me))"
)


@dataclass(frozen=True)
class Group:
    """Open items that failed in one way. `example` is the oldest one's number, by which the group is known.

    `count` are all of them, `to_hand` those that the caller can settle now (the others are in other hands, waiting or
    deferred). `first_seen` and `last_seen` are when the oldest and the newest came in, UTC. The reason is the oldest
    one's, as the caller may see it.
    """

    example: int
    item_type: str
    type_label: str
    reason: str
    count: int
    to_hand: int
    first_seen: datetime
    last_seen: datetime


_GROUPS = f"""
WITH groups AS (
    SELECT failure_signature, count(*) AS size, count(*) FILTER (WHERE {_TO_HAND}) AS to_hand, min(id) AS example,
        min(created_at) AS first_seen, max(created_at) AS last_seen
    FROM work_items WHERE {_FAILED} AND (CAST(:queue AS text) IS NULL OR queue = :queue)
    GROUP BY failure_signature HAVING count(*) > 1 ORDER BY count(*) DESC, min(id) LIMIT :limit
)
SELECT g.*, i.item_type, i.reason FROM groups g JOIN work_items i ON i.id = g.example
ORDER BY g.size DESC, g.example"""


@requires(Permission.OPS_READ, leaves="groups.read")
def groups(uow: UnitOfWork, queue: str | None = None, limit: int = 50) -> tuple[Group, ...]:
    """The open items that failed in one way, as groups of two and more, the largest first. The look is audited."""
    if isinstance(limit, bool) or not 1 <= limit <= 200:
        raise Invalid("limit", "lies between 1 and 200")
    bound = {"now": uow.now, "me": uow.principal.staff_id, "queue": queue, "limit": limit}
    rows = uow.rows(_GROUPS, bound)
    looked(uow, "groups.read", "queue", queue, pii=uow.principal.lens.clear and bool(rows), groups=len(rows))
    return tuple(
        Group(
            row.example,
            row.item_type,
            item_type(row.item_type).label,
            uow.principal.lens.text(row.reason) or "",
            row.size,
            row.to_hand,
            row.first_seen,
            row.last_seen,
        )
        for row in rows
    )


_MEMBERS = f"""
WITH tried AS (
    SELECT jsonb_array_elements(metadata -> 'refused')::bigint AS id FROM ops_audit_log
    WHERE resource_type = 'batch' AND resource_id = :batch AND action = 'batch.carried_out'
        AND actor_kind = :kind AND actor_name = :name
)
SELECT id, version FROM work_items
WHERE failure_signature = :signature AND {_FAILED} AND {_TO_HAND}
ORDER BY id IN (SELECT id FROM tried), id LIMIT {MOST}"""


@requires(Permission.OPS_WRITE, leaves=None)
def members(uow: UnitOfWork, example: int, option: str, batch: str = "") -> dict[int, int | None]:
    """Number and version of the items in the group of item `example` that the caller can settle now, oldest first.

    Those that were refused in an earlier run of `batch` come last. Raises NotFound; Invalid for an option that would
    leave the whole group in the caller's hands.
    """
    query = "SELECT failure_signature, item_type FROM work_items WHERE id = :id"
    found = uow.execute(query, {"id": example}).one_or_none()
    if found is None:
        raise NotFound("work item", example)
    chosen = item_type(found.item_type).option(option)
    if chosen is None or chosen.settles in {"respond", "escalate"}:
        raise Invalid("option", "is one that settles the items or puts them off")
    bound = {**audit.actor_values(uow.principal), "me": uow.principal.staff_id, "now": uow.now}
    rows = uow.rows(_MEMBERS, bound | {"batch": batch, "signature": found.failure_signature})
    return {row.id: row.version for row in rows}


@requires(Permission.OPS_WRITE, leaves="batch.previewed")
def rehearse(uow: UnitOfWork, example: int, decision: Decision) -> Preview:
    """What `decision` would do to each item of the group that can be settled now: done, and taken back.

    Raises Invalid for an option that does not settle; Conflict when nothing of the group can be settled now.
    """
    found = members(uow, example, decision.option)
    if not found:
        raise Conflict("Nothing of this group can be settled now: it is decided, or in other hands.")
    return batching.preview(uow, Chosen(found), settling(decision))


@dataclass(frozen=True)
class Settled:
    """What came of settling a group: one outcome for each item tried, why it stopped early, and how many are left.

    Called again with the same `batch` it goes on where it stopped.
    """

    batch: str
    outcomes: tuple[Outcome, ...]
    stopped: str | None
    left: int


Check = Callable[[Sequence[Outcome]], bool]


def all_done(outcomes: Sequence[Outcome]) -> bool:
    """Whether every canary lived."""
    return all(outcome.done for outcome in outcomes)


def resolve(
    principal: Principal,
    example: int,
    decision: Decision,
    *,
    canaries: int = 3,
    most_failures: int = 5,
    batch: str | None = None,
    check: Check = all_done,
    progress: Callable[[Sequence[Outcome]], object] = lambda _: None,
) -> Settled:
    """Settle the group of item `example`: a few canaries, `check`, then the rest, until more than `most_failures` fail.

    Each chunk is a unit of work of its own, of which `progress` hears; an item that was refused goes back to the
    queue. Raises Invalid, NotFound, NotPermitted; Unavailable when the database is away, with the chunks until then
    done.
    """
    name = checked_text("batch", batch or secrets.token_hex(8), 100)
    left = list(perform(principal, members, example, decision.option, name).items())
    run = _Run(principal, name, settling(decision), progress)
    stopped = run.canaries(left[:canaries], check) or run.rest(left[canaries:], most_failures)
    return Settled(name, tuple(run.outcomes), stopped, len(left) - len(run.outcomes))


class _Run:
    """One run over a group: what has come of it so far."""

    def __init__(self, principal: Principal, batch: str, task: Task, progress: Callable[[Sequence[Outcome]], object]):
        self._principal, self._batch, self._task, self._progress = principal, batch, task, progress
        self.outcomes: list[Outcome] = []

    def canaries(self, items: Sequence[tuple[int, int | None]], check: Check) -> str | None:
        """Settle the first few; why it must not go on, or None."""
        if items and not check(self._settle(items)):
            return "The first items did not go well; the rest was left alone."
        return None

    def rest(self, items: Sequence[tuple[int, int | None]], most_failures: int) -> str | None:
        """Settle the others, chunk by chunk; why it stopped early, or None."""
        failed = 0
        for start in range(0, len(items), CHUNK):
            failed += sum(not outcome.done for outcome in self._settle(items[start : start + CHUNK]))
            if failed > most_failures:
                return f"{failed} items failed, more than {most_failures}; the rest was left alone."
        return None

    def _settle(self, items: Iterable[tuple[int, int | None]]) -> Sequence[Outcome]:
        done = perform(self._principal, batching.carry_out, self._batch, Chosen(dict(items)), self._task)
        self.outcomes += done
        self._progress(done)
        return done


def settling(decision: Decision) -> Task:
    """Take in hand and decide at once; what cannot be decided goes back to where it was taken from."""

    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        taken = {moved.id for moved in claiming.claim_all(uow, chosen.picks)}
        held = Chosen({item: None if item in taken else seen for item, seen in chosen.versions.items()})
        refused = tasks.decide(decision).apply(uow, held)
        if back := sorted(taken & refused.keys()):
            move(uow, moves.RELEASE, these(back), payload={"reason": "its group was settled without it"})
        return refused

    return Task("settle_group", apply, chunk=CHUNK)
