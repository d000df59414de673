"""Settling a failure group: a few canaries, then the rest chunk by chunk, stopped in time, gone on with on any day.

An item counts as settled once what was decided has come true: where an option acts in the world outside, that is when
the effect has arrived. A chunk leaves only when all of the one before is heard of, so that a storage that dies half-way
is asked for at most one chunk more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from core.errors import Conflict, Invalid, NotFound, NotPermitted, OpsError
from core.permissions import MANAGES, Permission, requires
from core.queue import carrying, grouping
from core.queue.deciding import JUSTIFICATION_LENGTH, Decision
from core.queue.grouping import CHUNK, FAILED, TO_HAND
from core.queue.movement import UNDER_WAY
from core.queue.runs import ANSWER, BECAME, SILENCE, WHY
from core.queue.tasks import Chosen
from core.resolutions.declaring import item_type
from core.tables.groups import IS_MOVING, MOVING
from core.text import checked_text
from core.uow import UnitOfWork

MOST_CANARIES = 20
MOST_FAILURES = 100
DIED = "The first items did not go well; the rest was left alone."


@dataclass(frozen=True)
class Plan:
    """What is decided for a group, how many are tried first, and after how many failures it stops."""

    decision: Decision
    canaries: int = 3
    most_failures: int = 5

    def check(self) -> None:
        """Raises Invalid for a number out of bounds."""
        if not 1 <= self.canaries <= MOST_CANARIES:
            raise Invalid("canaries", f"number from 1 to {MOST_CANARIES}")
        if not 0 <= self.most_failures <= MOST_FAILURES:
            raise Invalid("failures", f"number from 0 to {MOST_FAILURES}")


@requires(Permission.OPS_WRITE, leaves="group_run.started")
def start(uow: UnitOfWork, example: int, plan: Plan) -> int:
    """Begin to settle the group of item `example`; `step` takes it forward. Returns the run's number.

    Raises NotFound, Invalid for a plan that does not fit, Conflict while somebody is settling this group.
    """
    plan.check()
    why = checked_text("justification", plan.decision.justification, JUSTIFICATION_LENGTH)
    row = uow.execute(_SIGNATURE, {"item": example}).one_or_none()
    if row is None:
        raise NotFound("work item", example)
    grouping.check(item_type(row.item_type), plan.decision)
    if uow.principal.staff_id is None:
        raise NotPermitted(Permission.OPS_WRITE, "Only a member of staff settles a group.")
    values = {
        "signature": row.failure_signature,
        "type": row.item_type,
        "option": plan.decision.option,
        "why": why,
        "parameters": json.dumps(dict(plan.decision.parameters), default=str),
        "canaries": plan.canaries,
        "most": plan.most_failures,
    }
    run = _begun(uow, _START, values, row.failure_signature).one()
    _write(uow, run.id, run.state, None, _untried(uow, run))
    uow.record("group_run.started", "group_run", run.id, option=plan.decision.option, canaries=plan.canaries)
    return int(run.id)


_SIGNATURE = "SELECT failure_signature, item_type FROM work_items WHERE id = :item"
_START = """
INSERT INTO group_runs (failure_signature, item_type, staff_id, option, justification, parameters, canaries,
    most_failures, started_at, stepped_at)
VALUES (:signature, :type, :me, :option, :why, CAST(:parameters AS jsonb), :canaries, :most, :now, :now)
RETURNING *"""


def _begun(uow: UnitOfWork, statement: str, values: dict[str, Any], signature: str) -> Any:
    """Carry out a statement that sets a run moving, unless another one of its group moves: then raise Conflict."""
    bound = {"now": uow.now, "me": uow.principal.staff_id, "signature": signature, "silent": uow.now - SILENCE}
    uow.execute(_END_SILENT, bound)
    try:
        with uow.session.begin_nested():
            return uow.execute(statement, bound | values)
    except IntegrityError:
        who = uow.execute(_WHO, bound).scalar_one_or_none() or "Somebody"
        raise Conflict(f"{who} is settling this group just now.") from None


_END_SILENT = (
    "UPDATE group_runs SET state = 'stopped', why = 'Its screen was closed, and it was begun anew since.' "
    f"WHERE failure_signature = :signature AND {IS_MOVING} AND (stepped_at < :silent OR staff_id = :me)"
)
_WHO = (
    "SELECT s.full_name FROM group_runs r JOIN staff s ON s.id = r.staff_id "
    f"WHERE failure_signature = :signature AND {IS_MOVING}"
)


@requires(Permission.OPS_WRITE, leaves="group_run.resumed")
def resume(uow: UnitOfWork, run_id: int) -> None:
    """Go on with one's own run that has stopped, ended with failures or lost its screen: a few first again.

    Raises NotFound, NotPermitted for another's, Conflict while somebody is settling this group.
    """
    run = _own(uow, run_id)
    _begun(uow, _RESUME, {"run": run_id}, run.failure_signature)
    uow.record("group_run.resumed", "group_run", run_id)


_RESUME = (
    "UPDATE group_runs SET state = 'canaries', sitting = sitting + 1, why = NULL, stepped_at = :now WHERE id = :run"
)


@requires(Permission.OPS_WRITE, leaves="group_run.stopped")
def stop(uow: UnitOfWork, run_id: int) -> None:
    """Stop one's own run, or as a manager anybody's; of one's own, what has not left yet is taken back.

    Raises NotFound, NotPermitted, Conflict when it has ended already.
    """
    run = _locked(uow, run_id)
    mine = run.staff_id == uow.principal.staff_id
    if not mine and not uow.principal.may(MANAGES):
        raise NotPermitted(MANAGES, "Only who settles a group, or a manager, stops it.")
    if run.state not in MOVING:
        raise Conflict("It has stopped already.")
    if mine:
        _take_back(uow, run_id)
    _write(uow, run_id, "stopped", f"{uow.principal.full_name or uow.principal.name} stopped it.")
    uow.record("group_run.stopped", "group_run", run_id, by_itself=False)


def _take_back(uow: UnitOfWork, run_id: int) -> None:
    on_its_way = "SELECT item_id FROM group_outcomes WHERE run_id = :run AND state = 'under_way' ORDER BY item_id"
    for row in uow.rows(on_its_way, {"run": run_id}):
        try:
            with uow.attempt():
                carrying.recall(uow, row.item_id, None)
        except OpsError:
            continue  # it has left; what comes of it is heard later
    _hear(uow, run_id)


@requires(Permission.OPS_WRITE, leaves=None)
def step(uow: UnitOfWork, run_id: int) -> bool:
    """Take one's own run one step forward. Returns whether there is more to do.

    Hears what came of what is under way; then stops it, or settles the next few, or ends it. Two screens that step at
    once take turns. One that has lost its screen for long is not moved until it is resumed. Raises NotFound,
    NotPermitted for another's.
    """
    run = _own(uow, run_id)
    with uow.housekeeping():
        _hear(uow, run_id)
    tally = _tally(uow, run)
    if run.state not in MOVING:
        return bool(tally.under_way)
    if run.stepped_at < uow.now - SILENCE:
        return False
    with uow.housekeeping():
        uow.execute("UPDATE group_runs SET stepped_at = :now WHERE id = :run", {"now": uow.now, "run": run_id})
    if tally.under_way:
        return True
    why = _reason_to_stop(run, tally)
    if why:
        return _end(uow, run, "stopped", why)
    wanted = run.canaries if not tally.tried else CHUNK
    found = uow.rows(_NEXT, _bound(uow, run) | {"limit": wanted})
    if not found:
        return _end(uow, run, "done", None)
    _settle(uow, run, {row.id: row.version for row in found}, found[0].untried)
    return True


def _own(uow: UnitOfWork, run_id: int) -> Any:
    run = _locked(uow, run_id)
    if run.staff_id != uow.principal.staff_id:
        raise NotPermitted(Permission.OPS_WRITE, "Only who began to settle a group goes on with it.")
    return run


def _locked(uow: UnitOfWork, run_id: int) -> Any:
    run = uow.execute("SELECT * FROM group_runs WHERE id = :run FOR NO KEY UPDATE", {"run": run_id}).one_or_none()
    if run is None:
        raise NotFound("settling of a group", run_id)
    return run


def _hear(uow: UnitOfWork, run_id: int) -> None:
    """Write down what became of the effects that were under way."""
    uow.execute(_HEAR, {"run": run_id, "now": uow.now})


_HEAR = f"""
UPDATE group_outcomes o SET at = :now, state = {BECAME.format("going")}, why = {WHY}
FROM group_outcomes going CROSS JOIN LATERAL ({ANSWER.format("going")}) e
WHERE going.run_id = :run AND going.state = 'under_way' AND e.state IN ('done', 'parked', 'cancelled')
    AND o.run_id = going.run_id AND o.item_id = going.item_id"""


@dataclass(frozen=True)
class _Tally:
    """What came of the items tried in one sitting."""

    tried: int
    under_way: int
    failed: int


def _tally(uow: UnitOfWork, run: Any) -> _Tally:
    row = uow.execute(_TALLY, {"run": run.id, "sitting": run.sitting}).one()
    return _Tally(row.tried, row.under_way, row.failed)


_TALLY = (
    "SELECT count(*) AS tried, count(*) FILTER (WHERE state = 'under_way') AS under_way, "
    "count(*) FILTER (WHERE state = 'failed') AS failed "
    "FROM group_outcomes WHERE run_id = :run AND sitting = :sitting"
)


def _reason_to_stop(run: Any, tally: _Tally) -> str | None:
    if run.state == "canaries" and tally.failed:
        return DIED
    if tally.failed > run.most_failures:
        return f"{tally.failed} items failed, more than {run.most_failures}; the rest was left alone."
    return None


def _end(uow: UnitOfWork, run: Any, state: str, why: str | None) -> bool:
    _write(uow, run.id, state, why, _untried(uow, run))
    uow.record(f"group_run.{'stopped' if why else 'finished'}", "group_run", run.id, by_itself=True)
    return False


def _untried(uow: UnitOfWork, run: Any) -> int:
    """How many the sitting has not come to."""
    found = uow.rows(_NEXT, _bound(uow, run) | {"limit": 1})
    return int(found[0].untried) if found else 0


def _write(uow: UnitOfWork, run_id: int, state: str, why: str | None, untried: int | None = None) -> None:
    uow.execute(
        "UPDATE group_runs SET state = :state, why = :why, stepped_at = :now, "
        "untried = coalesce(CAST(:untried AS int), untried) WHERE id = :run",
        {"state": state, "why": why, "now": uow.now, "run": run_id, "untried": untried},
    )


def _bound(uow: UnitOfWork, run: Any) -> dict[str, Any]:
    signature = {"signature": run.failure_signature, "run": run.id, "sitting": run.sitting}
    return signature | {"me": uow.principal.staff_id, "now": uow.now}


_NEXT = f"""
SELECT id, version, count(*) OVER () AS untried
FROM work_items LEFT JOIN group_outcomes o ON o.run_id = :run AND o.item_id = id
WHERE failure_signature = :signature AND {FAILED} AND {TO_HAND}
    AND (o.sitting IS NULL OR o.sitting < :sitting)
ORDER BY o.item_id IS NOT NULL, id LIMIT :limit"""
"""What has not been tried in this sitting: first what was never tried, so that what fails keeps nothing waiting."""


def _settle(uow: UnitOfWork, run: Any, items: dict[int, int | None], untried: int) -> None:
    """Settle a few and write down what came of each."""
    decision = Decision(run.option, run.justification, run.parameters)
    refusals = grouping.settling(decision).apply(uow, Chosen(items))
    refused = {str(item): refusal.sentence for item, refusal in refusals.items()}
    known = {"run": run.id, "sitting": run.sitting, "now": uow.now, "ids": list(items)}
    uow.execute(_OUTCOMES, known | {"refused": json.dumps(refused)})
    # A run that goes on past its canaries has found all of them well.
    state = "canaries" if not _tally(uow, run).tried - len(items) else "rest"
    _write(uow, run.id, state, None, untried - len(items))
    uow.record("group_run.stepped", "group_run", run.id, items=len(items), refused=len(refused))


_OUTCOMES = f"""
INSERT INTO group_outcomes (run_id, item_id, sitting, state, why, at)
SELECT :run, i.id, :sitting, CASE WHEN r.value IS NOT NULL THEN 'failed' WHEN {UNDER_WAY} THEN 'under_way'
    ELSE 'done' END, coalesce(r.value, CASE WHEN proposed_by IS NOT NULL THEN
    'It is proposed, and waits for a second person to approve it.' END), :now
FROM work_items i LEFT JOIN jsonb_each_text(CAST(:refused AS jsonb)) r ON r.key = i.id::text WHERE i.id = ANY(:ids)
ON CONFLICT (run_id, item_id) DO UPDATE SET sitting = excluded.sitting, state = excluded.state, why = excluded.why,
    at = excluded.at"""
