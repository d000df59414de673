"""Batches that are kept: begun once, gone on with chunk by chunk, stopped between two, taken up after a cut."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.errors import Conflict, NotFound, NotPermitted, OpsError, Unavailable
from core.looking import looked
from core.permissions import Permission, requires
from core.queue import batching, tasks
from core.queue.batching import Outcome
from core.queue.tasks import Chosen, Task
from core.tables.batches import ENDED, GOING, STOPPED
from core.uow import UnitOfWork

KEPT = timedelta(days=7)
STEP = 100
"""At most so many items have their turn in one transaction: between two of them a batch can be stopped."""


@dataclass(frozen=True)
class Batch:
    """One's own batch: what it does, how far it is. `why` says what stopped it, where nobody did.

    `done`, `refused` and `left` are the numbers of items: it was done to these, not to those, and has not come to the
    others. `refused` says of each why.
    """

    id: int
    deed: str
    told: Mapping[str, Any]
    state: str
    why: str
    done: tuple[int, ...]
    refused: Mapping[int, str]
    left: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many items it is about."""
        return self.tried + len(self.left)

    @property
    def tried(self) -> int:
        """How many have had their turn."""
        return len(self.done) + len(self.refused)

    @property
    def is_going(self) -> bool:
        """Whether the next step would do anything."""
        return self.state == GOING

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing to go on with."""
        return self.state == ENDED


@requires(Permission.OPS_WRITE, leaves="batch.begun")
def begin(uow: UnitOfWork, chosen: Chosen, task: Task) -> int:
    """Keep a batch, of which nothing is done yet; `go_on` takes it forward. Returns its number.

    One's own of more than a week ago are forgotten. Raises Invalid for no items, or too many.
    """
    chosen.check()
    if uow.principal.staff_id is None:
        raise NotPermitted(Permission.OPS_WRITE, "Only a member of staff begins a batch.")
    mine = {"me": uow.principal.staff_id, "now": uow.now}
    uow.execute("DELETE FROM batches WHERE staff_id = :me AND begun_at < :past", mine | {"past": uow.now - KEPT})
    values = {
        "deed": task.name,
        "told": json.dumps(task.told, default=str),
        "items": json.dumps({str(item): version for item, version in chosen.versions.items()}),
    }
    batch = int(uow.execute(_BEGIN, mine | values).scalar_one())
    uow.record("batch.begun", "batch", _name(batch), deed=task.name, items=len(chosen.versions))
    return batch


_BEGIN = (
    "INSERT INTO batches (staff_id, deed, told, items, begun_at) "
    "VALUES (:me, :deed, CAST(:told AS jsonb), CAST(:items AS jsonb), :now) RETURNING id"
)


def _name(batch_id: int) -> str:
    """The name under which what it did is in the trail."""
    return f"kept-{batch_id}"


@requires(Permission.OPS_WRITE, leaves=None)
def go_on(uow: UnitOfWork, batch_id: int) -> bool:
    """Do the next of one's own batch. Returns whether there is more to do.

    Those who go on with it at once take turns, so that every item has one turn. What cannot be done to any item stops
    the batch, which then says why. Raises NotFound.
    """
    row = _locked(uow, batch_id)
    if row.state != GOING:
        return False
    task, versions = tasks.restored(row.deed, row.told), _versions(row)
    turn = sorted(versions)[row.tried :][: min(STEP, task.chunk)]
    try:
        with uow.attempt():
            outcomes = batching.carry_out(uow, _name(batch_id), Chosen({item: versions[item] for item in turn}), task)
    except Unavailable:
        raise
    except OpsError as refusal:
        _set(uow, batch_id, STOPPED, refusal.sentence)
        uow.record("batch.stopped", "batch", _name(batch_id), by_itself=True)
        return False
    _note(uow, batch_id, outcomes)
    return bool(len(versions) > row.tried + len(turn))


def _note(uow: UnitOfWork, batch_id: int, outcomes: Sequence[Outcome]) -> None:
    """Count a turn, and end the batch with the last."""
    refused = {str(outcome.id): outcome.why for outcome in outcomes if not outcome.done}
    uow.execute(_TAKEN, {"batch": batch_id, "turn": len(outcomes), "refused": json.dumps(refused), "ended": ENDED})


_TAKEN = (
    "UPDATE batches SET tried = tried + :turn, refusals = refusals || CAST(:refused AS jsonb), "
    "state = CASE WHEN tried + :turn >= (SELECT count(*) FROM jsonb_object_keys(items)) THEN :ended ELSE state END "
    "WHERE id = :batch"
)


@requires(Permission.OPS_WRITE, leaves="batch.stopped")
def stop(uow: UnitOfWork, batch_id: int) -> None:
    """Stop one's own batch after what it has done. Raises NotFound, Conflict when it is not going."""
    _turn(uow, batch_id, {GOING}, STOPPED)
    uow.record("batch.stopped", "batch", _name(batch_id), by_itself=False)


@requires(Permission.OPS_WRITE, leaves="batch.resumed")
def resume(uow: UnitOfWork, batch_id: int) -> None:
    """Let one's own batch go on where it stopped. Raises NotFound, Conflict when there is nothing to go on with."""
    _turn(uow, batch_id, {STOPPED, GOING}, GOING)
    uow.record("batch.resumed", "batch", _name(batch_id))


@requires(Permission.OPS_WRITE, leaves="batch.put_away")
def put_away(uow: UnitOfWork, batch_id: int) -> None:
    """End one's own batch where it is: what it has not come to is left alone. Raises NotFound, Conflict."""
    _turn(uow, batch_id, {STOPPED, GOING}, ENDED)
    uow.record("batch.put_away", "batch", _name(batch_id))


def _turn(uow: UnitOfWork, batch_id: int, leaves: set[str], state: str) -> None:
    if _locked(uow, batch_id).state not in leaves:
        raise Conflict("The batch has ended or stopped already.")
    _set(uow, batch_id, state, None)


def _set(uow: UnitOfWork, batch_id: int, state: str, why: str | None) -> None:
    statement = "UPDATE batches SET state = :state, why = :why WHERE id = :batch"
    uow.execute(statement, {"batch": batch_id, "state": state, "why": why})


@requires(Permission.OPS_WRITE, leaves=None)
def unfinished(uow: UnitOfWork) -> int | None:
    """The number of one's own newest batch that can be gone on with, if there is one."""
    query = f"SELECT max(id) FROM batches WHERE staff_id = :me AND state <> '{ENDED}'"
    found = uow.execute(query, {"me": uow.principal.staff_id}).scalar_one()
    return None if found is None else int(found)


@requires(Permission.OPS_WRITE, leaves="batch.read")
def batch(uow: UnitOfWork, batch_id: int) -> Batch:
    """One's own batch, how far it is, and what came of each item. Raises NotFound."""
    row = _own(uow, batch_id, "")
    items, lens = sorted(_versions(row)), uow.principal.lens
    refused = {int(item): lens.text(why) or "" for item, why in row.refusals.items()}
    looked(uow, "batch.read", "batch", _name(batch_id))
    return Batch(
        row.id,
        row.deed,
        row.told,
        row.state,
        row.why or "",
        tuple(item for item in items[: row.tried] if item not in refused),
        refused,
        tuple(items[row.tried :]),
    )


def _versions(row: Any) -> dict[int, int | None]:
    return {int(item): version for item, version in row.items.items()}


def _locked(uow: UnitOfWork, batch_id: int) -> Any:
    return _own(uow, batch_id, "FOR NO KEY UPDATE")


def _own(uow: UnitOfWork, batch_id: int, lock: str) -> Any:
    query = f"SELECT * FROM batches WHERE id = :batch AND staff_id = :me {lock}"
    row = uow.execute(query, {"batch": batch_id, "me": uow.principal.staff_id}).one_or_none()
    if row is None:
        raise NotFound("batch", batch_id)
    return row
