"""Batches: one deed for many items, seen beforehand, done chunk by chunk, with one outcome for each item."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core import audit
from core.errors import OpsError
from core.permissions import Permission, Principal, requires
from core.queue import inbox
from core.queue.filters import Filter
from core.queue.tasks import MOST, Chosen, Task
from core.text import checked_text
from core.uow import UnitOfWork, perform


@dataclass(frozen=True)
class Outcome:
    """What became of one item, or would: done, or the refusal that says why not."""

    id: int
    refusal: OpsError | None = None

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.refusal is None

    @property
    def why(self) -> str:
        """For the reader: why it was not; empty when it was."""
        return self.refusal.sentence if self.refusal else ""


@dataclass(frozen=True)
class Preview:
    """What a task would do to each item now. Run it on `chosen`, and whatever has changed by then is reported."""

    chosen: Chosen
    outcomes: tuple[Outcome, ...]


Selection = Chosen | Filter


@requires(Permission.OPS_WRITE, leaves="batch.previewed")
def preview(uow: UnitOfWork, selection: Selection, task: Task) -> Preview:
    """What `task` would do to each item chosen, or to all that a filter describes: done, and taken back.

    Raises Invalid for what the task cannot be done with, or for more than 5,000 items; NotPermitted.
    """
    chosen = _resolved(uow, selection)
    outcomes = [outcome for chunk in chosen.chunks(task.chunk) for outcome in _rehearsed(uow, chunk, task)]
    refused = sum(not outcome.done for outcome in outcomes)
    uow.record("batch.previewed", "batch", deed=task.name, items=len(outcomes), refused=refused)
    return Preview(chosen, tuple(outcomes))


def run(
    principal: Principal,
    selection: Selection,
    task: Task,
    batch: str | None = None,
    progress: Callable[[Sequence[Outcome]], object] = lambda _: None,
) -> list[Outcome]:
    """Do `task` to each item chosen, or to all that a filter describes now: one outcome for each.

    Each chunk is a unit of work of its own, of which `progress` hears. A run that was cut off goes on where it
    stopped when it is called again with the same `batch`, and one that is called twice does nothing twice.
    Raises Invalid, NotPermitted; Unavailable when the database is away, with the chunks until then done.
    """
    batch = checked_text("batch", batch or secrets.token_hex(8), 100)
    outcomes: list[Outcome] = []
    for chunk in perform(principal, choose, selection).chunks(task.chunk):
        done = perform(principal, carry_out, batch, chunk, task)
        outcomes += done
        progress(done)
    return outcomes


@requires(Permission.OPS_WRITE, leaves=None)
def choose(uow: UnitOfWork, selection: Selection) -> Chosen:
    """The items that a filter describes now, with their versions; those chosen by hand as they are. Raises Invalid."""
    return _resolved(uow, selection)


@requires(Permission.OPS_WRITE, leaves=None)
def afresh(uow: UnitOfWork, ids: Sequence[int]) -> Chosen:
    """These items as they stand now, for who has read what became of them and goes on with them."""
    rows = uow.rows("SELECT id, version FROM work_items WHERE id = ANY(:ids)", {"ids": list(ids)})
    return Chosen({row.id: row.version for row in rows})


@requires(Permission.OPS_WRITE, leaves="batch.carried_out")
def carry_out(uow: UnitOfWork, batch: str, chosen: Chosen, task: Task) -> list[Outcome]:
    """Do one chunk of a batch, but for what an earlier call with the same name has done of it."""
    left = chosen.without(_done_before(uow, batch))
    refusals = task.apply(uow, left) if left.versions else {}
    done = left.without(refusals)
    uow.record("batch.carried_out", "batch", batch, deed=task.name, done=list(done.versions), refused=sorted(refusals))
    return _outcomes(chosen, refusals)


def _resolved(uow: UnitOfWork, selection: Selection) -> Chosen:
    if isinstance(selection, Filter):
        selection = Chosen({row.id: row.version for row in inbox.matching(uow, selection, MOST)})
    selection.check()
    return selection


def _rehearsed(uow: UnitOfWork, chosen: Chosen, task: Task) -> list[Outcome]:
    with uow.rehearsal():
        return _outcomes(chosen, task.apply(uow, chosen))


def _outcomes(chosen: Chosen, refusals: Mapping[int, OpsError]) -> list[Outcome]:
    return [Outcome(item, refusals.get(item)) for item in chosen.versions]


def _done_before(uow: UnitOfWork, batch: str) -> set[int]:
    """What is on record as done under this name by this principal; two runs of it at once take turns."""
    bound = {**audit.actor_values(uow.principal), "batch": batch}
    uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('batch:' || :batch, 0))", {"batch": batch})
    return {row.id for row in uow.rows(_DONE, bound)}


_DONE = (
    "SELECT jsonb_array_elements(metadata -> 'done')::bigint AS id FROM ops_audit_log WHERE resource_type = 'batch' "
    "AND resource_id = :batch AND action = 'batch.carried_out' AND actor_kind = :kind AND actor_name = :name"
)
