"""Settling items: resolve with an option, reject, undo within the window, reopen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy.exc import IntegrityError

from core import config
from core.alerts.raising import raise_if_critical
from core.errors import Conflict, Invalid, NotFound, OpsError
from core.permissions import MANAGES, Permission, requires
from core.queue import carrying, deferring, escalating, moves, priority
from core.queue.lifecycle import Moved, Picks, move, these
from core.queue.movement import UNDER_WAY, Move
from core.queue.proposing import NeedsApproval, propose, require_one_is_enough, withdraw
from core.queue.refusals import expect
from core.queue.summaries import follow, refresh
from core.resolutions.declaring import ItemType, Option, item_type
from core.resolutions.effects import Case, revert
from core.resolutions.parameters import checked
from core.sla import deadlines
from core.tables.work import OPEN
from core.text import checked_text
from core.uow import UnitOfWork

JUSTIFICATION_LENGTH = 4000
_DECIDES = {"resolve", "reject"}
_MOVES = {
    "resolve": moves.RESOLVE,
    "reject": moves.REJECT,
    "respond": moves.RESPOND,
    "keep": moves.SEND_OFF,  # it always acts outside
    "defer": moves.DEFER,
    "escalate": moves.ESCALATE,
}


@dataclass(frozen=True)
class Decision:
    """Which option was chosen, why, and what its parameters were filled with."""

    option: str
    justification: str
    parameters: Mapping[str, Any]


@requires(Permission.OPS_WRITE, leaves="item.decided")
def decide(uow: UnitOfWork, item_id: int, decision: Decision, version: int | None = None) -> Moved:
    """Settle an item that the caller holds with one of its type's options, and carry out the option's effect.

    Effect, move, history and trail are one transaction. What gives back more than one person may is kept as a proposal
    instead, and the item goes back to the queue for somebody else to approve. Raises Invalid for a missing
    justification, an unknown option or a parameter that does not fit; Conflict when the item is not in the caller's
    hands or has changed.
    """
    case = case_of(uow, item_id, locks=True)
    declared = item_type(case.item["item_type"])
    option = option_of(declared, decision.option)
    why = checked_text("justification", decision.justification, JUSTIFICATION_LENGTH)
    require_held(uow, item_id, version)
    uow.record("item.decided", "work_item", item_id, option=option.name, item_type=declared.name)
    try:
        with uow.attempt():
            done = carry_out(case, option, decision.parameters)
            require_one_is_enough(case)
    except NeedsApproval:
        return propose(case, option, why, decision.parameters, version)
    moved = settle(uow, these([item_id], version), option, why, case, done)
    follow(uow, item_id, case.journal)
    return expect(uow, moved, item_id, moves.SEND_OFF if case.outside else _MOVES[option.settles], version)


@requires(Permission.OPS_WRITE, leaves=None)
def decide_all(uow: UnitOfWork, picks: Picks, decision: Decision) -> dict[int, OpsError | None]:
    """Settle the items picked that the caller holds with one option of their types, each whole or not at all.

    Returns for each of these why it was refused, or None. What has no effect on records is settled in one statement
    for each item type. Raises Invalid for a missing justification.
    """
    why = checked_text("justification", decision.justification, JUSTIFICATION_LENGTH)
    held = uow.execute(_HELD.format(picks.where), {**picks.values, "me": uow.principal.staff_id}).mappings().all()
    refusals: dict[int, OpsError | None] = {}
    by_type = itemgetter("item_type")
    for name, items in groupby(sorted(held, key=by_type), key=by_type):
        cases = [Case(uow, dict(item), {}) for item in items]
        option = item_type(name).option(decision.option)
        if option is None or option.effect or option.outside:
            refusals |= {case.item["id"]: _decide_alone(case, decision) for case in cases}
        else:
            refusals |= _decide_alike(uow, cases, option, why, decision.parameters)
    return refusals


_HELD = (
    "SELECT * FROM work_items WHERE {} AND assigned_to = :me AND status = 'in_progress' AND resolution IS NULL "
    "ORDER BY id FOR NO KEY UPDATE"
)


def _decide_alone(case: Case, decision: Decision) -> OpsError | None:
    """Decide one of several, with its own effect on its own record."""
    try:
        with case.uow.attempt():
            decide(case.uow, case.item["id"], decision, case.item["version"])
    except OpsError as refusal:
        return refusal
    return None


def _decide_alike(
    uow: UnitOfWork, cases: Sequence[Case], option: Option, why: str, given: Mapping[str, Any]
) -> dict[int, OpsError | None]:
    """Decide items of one type with an option that changes nothing but them."""
    refusals = {int(case.item["id"]): _unfit(case, option, given) for case in cases}
    ids = [item for item, refusal in refusals.items() if refusal is None]
    if ids:
        fit = next(case for case in cases if case.item["id"] == ids[0])
        settle(uow, these(ids), option, why, fit, {})
        for item in ids:
            uow.record("item.decided", "work_item", item, option=option.name, item_type=fit.item["item_type"])
        refresh(uow, ids)
    return refusals


def _unfit(case: Case, option: Option, given: Mapping[str, Any]) -> OpsError | None:
    try:
        carry_out(case, option, given)
    except OpsError as refusal:
        return refusal
    return None


@requires(Permission.OPS_WRITE, leaves="item.rejected")
def reject(uow: UnitOfWork, item_id: int, reason: str, version: int | None = None) -> Moved:
    """Turn an item down: it needs no decision, or is not ours to make. The reason is part of the record."""
    why = checked_text("reason", reason, JUSTIFICATION_LENGTH)
    moved = _decided(uow, these([item_id], version), moves.REJECT, "rejected", {"justification": why}, [])
    return expect(uow, moved, item_id, moves.REJECT, version)


@requires(Permission.OPS_WRITE, leaves="item.decision_undone")
def undo(uow: UnitOfWork, item_id: int, version: int | None = None) -> Moved:
    """Take one's own decision back within the undo window; what it did to the records is taken back too.

    One whose effect has yet to leave is taken back for as long as it has not, a proposal until it is approved.
    Raises Conflict when the window has passed, an effect has left, or a record has changed since.
    """
    since = uow.now - timedelta(seconds=config.number("UNDO_SECONDS"))
    locked = f"SELECT undo_journal, proposed_by, {UNDER_WAY} AS is_under_way FROM work_items WHERE id = :id FOR UPDATE"
    row = uow.execute(locked, {"id": item_id}).one_or_none()
    if row is None:
        raise NotFound("work item", item_id)
    if row.is_under_way:
        return carrying.recall(uow, item_id, version)
    if row.proposed_by is not None and row.proposed_by == uow.principal.staff_id:
        return withdraw(uow, item_id, version)
    journal = row.undo_journal
    moved = move(uow, moves.UNDO, these([item_id], version), decided_after=since)
    if not moved:
        raise Conflict("This decision cannot be undone: it is another's, or the time to undo it has passed.")
    with _unforeseen(uow, "A record has changed since the decision, which cannot be undone any more."):
        revert(uow, journal or [])
    deadlines.recompute(uow, [item_id])
    follow(uow, item_id, journal or [])
    return moved[0]


@requires(MANAGES, leaves="item.reopened")
def reopen(uow: UnitOfWork, item_id: int, reason: str, version: int | None = None) -> Moved:
    """Open a decided item again, with a new SLA cycle; the old one stays in the figures.

    Raises Conflict when an open item about the same thing exists already.
    """
    payload = {"reason": checked_text("reason", reason, 2000)}
    try:
        with uow.session.begin_nested():
            moved = move(uow, moves.REOPEN, these([item_id], version), payload=payload)
    except IntegrityError:
        raise Conflict("An open item about the same thing exists already; work on that one.") from None
    item = expect(uow, moved, item_id, moves.REOPEN, version)
    deadlines.retarget(uow, [item_id], "reopened")
    priority.rescore(uow, [item_id])
    raise_if_critical(uow, [item_id])
    return item


def case_of(uow: UnitOfWork, item_id: int, *, locks: bool = False) -> Case:
    """The item as its options see it, for their guards and effects. Raises NotFound."""
    if locks:
        hold(uow, [item_id])
    row = uow.execute("SELECT * FROM work_items WHERE id = :id", {"id": item_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("work item", item_id)
    return Case(uow, dict(row), {}, locks)


def hold(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Keep these items, and every other open one about their records, from being decided by others meanwhile.

    In one order, and before any record: decisions about one record go one after the other, and never deadlock.
    """
    uow.execute(_HOLD, {"ids": list(ids)})


_HOLD = (
    "SELECT FROM work_items WHERE id IN (SELECT unnest(CAST(:ids AS bigint[])) UNION ALL "
    "SELECT other.id FROM work_items item "
    "JOIN work_items other ON other.resource_id = item.resource_id AND other.resource_type = item.resource_type "
    f"WHERE item.id = ANY(:ids) AND other.{OPEN}) ORDER BY id FOR NO KEY UPDATE"
)


def option_of(declared: ItemType, name: str) -> Option:
    """The option of that name. Raises Invalid saying which there are."""
    option = declared.option(name)
    if option is None:
        known = ", ".join(known.name for known in declared.options)
        raise Invalid("option", f"is one of {known} for {declared.label.lower()}")
    return option


def require_held(uow: UnitOfWork, item_id: int, version: int | None) -> None:
    """Refuse before any effect what the move would refuse after it, holding the row until the end."""
    held = uow.execute(
        "SELECT 1 FROM work_items WHERE id = :id AND assigned_to = :me AND status = 'in_progress' "
        "AND resolution IS NULL AND (CAST(:version AS int) IS NULL OR version = :version) FOR NO KEY UPDATE",
        {"id": item_id, "me": uow.principal.staff_id, "version": version},
    ).one_or_none()
    if held is None:
        expect(uow, [], item_id, moves.RESOLVE, version)


def carry_out(case: Case, option: Option, given: Mapping[str, Any]) -> dict[str, Any]:
    """The option's effect, after everything that may forbid it; what it has to tell for the record."""
    option.require(case)
    case.parameters = checked(option.label, option.asked(case), given)
    case.outside = option.leaving(case)
    if case.outside:
        return dict(case.outside.tells(case))
    if option.effect is None:
        return {}
    with _unforeseen(case.uow, "Another record stands in the way: it refers to this one, or has just changed."):
        return dict(option.effect(case) or {})


@contextmanager
def _unforeseen(uow: UnitOfWork, sentence: str) -> Iterator[None]:
    """What only the database's own constraints catch is a refusal too, with nothing half done."""
    try:
        with uow.session.begin_nested():
            yield
    except IntegrityError:
        raise Conflict(sentence) from None


def settle(uow: UnitOfWork, picks: Picks, option: Option, why: str, case: Case, done: Mapping[str, Any]) -> list[Moved]:
    """Make the move that the option ends in; of several items alike, any one's `case` tells what was filled in."""
    told = {"option": option.name, "justification": why, "outcome": done, "parameters": sorted(case.parameters)}
    if case.outside:
        return carrying.send_off(case, picks, option, case.outside, told)
    if option.settles in _DECIDES:
        return _decided(uow, picks, _MOVES[option.settles], option.name, told, case.journal)
    if option.settles == "defer":
        until = case.parameters.get("until") or done.get("until") or uow.now + timedelta(hours=24)
        return deferring.defer_all(uow, picks, until, why)
    if option.settles == "escalate":
        return escalating.escalate_all(uow, picks, why, done.get("to"))
    return move(uow, moves.RESPOND, picks, payload=told)


def _decided(
    uow: UnitOfWork,
    picks: Picks,
    what: Move,
    resolution: str,
    told: dict[str, Any],
    journal: list[dict[str, Any]],
) -> list[Moved]:
    moved = move(
        uow,
        what,
        picks,
        payload=told,
        resolution=resolution,
        decision=json.dumps(told, default=str),
        journal=json.dumps(journal, default=str),
    )
    deadlines.recompute(uow, [item.id for item in moved])
    return moved
