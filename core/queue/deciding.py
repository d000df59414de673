"""Settling items: resolve with an option, reject, undo within the window, reopen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from core import config
from core.alerts.raising import raise_if_critical
from core.errors import Conflict, Invalid, NotFound
from core.permissions import MANAGES, Permission, requires
from core.queue import deferring, escalating, moves, priority
from core.queue.lifecycle import Moved, move, these
from core.queue.refusals import expect
from core.queue.summaries import follow
from core.resolutions.declaring import ItemType, Option, item_type
from core.resolutions.effects import Case, revert
from core.resolutions.parameters import checked
from core.sla import deadlines
from core.tables.work import OPEN
from core.text import checked_text
from core.uow import UnitOfWork

JUSTIFICATION_LENGTH = 4000
_DECIDES = {"resolve": moves.RESOLVE, "reject": moves.REJECT}


@dataclass(frozen=True)
class Decision:
    """Which option was chosen, why, and what its parameters were filled with."""

    option: str
    justification: str
    parameters: Mapping[str, Any]


@requires(Permission.OPS_WRITE, leaves="item.decided")
def decide(uow: UnitOfWork, item_id: int, decision: Decision, version: int | None = None) -> Moved:
    """Settle an item that the caller holds with one of its type's options, and carry out the option's effect.

    Effect, move, history and trail are one transaction. Raises Invalid for a missing justification, an unknown
    option or a parameter that does not fit; Conflict when the item is not in the caller's hands or has changed.
    """
    case = case_of(uow, item_id, locks=True)
    declared = item_type(case.item["item_type"])
    option = _option(declared, decision.option)
    why = checked_text("justification", decision.justification, JUSTIFICATION_LENGTH)
    _require_held(uow, item_id, version)
    done = _carry_out(case, option, decision.parameters)
    uow.record("item.decided", "work_item", item_id, option=option.name, item_type=declared.name)
    moved = _settle(uow, case, option, why, done, version)
    follow(uow, item_id, case.journal)
    return moved


@requires(Permission.OPS_WRITE, leaves="item.rejected")
def reject(uow: UnitOfWork, item_id: int, reason: str, version: int | None = None) -> Moved:
    """Turn an item down: it needs no decision, or is not ours to make. The reason is part of the record."""
    why = checked_text("reason", reason, JUSTIFICATION_LENGTH)
    return _decided(uow, item_id, moves.REJECT, "rejected", {"justification": why}, [], version)


@requires(Permission.OPS_WRITE, leaves="item.decision_undone")
def undo(uow: UnitOfWork, item_id: int, version: int | None = None) -> Moved:
    """Take one's own decision back within the undo window; what it did to the records is taken back too.

    Raises Conflict when the window has passed, an effect has left, or a record has changed since.
    """
    since = uow.now - timedelta(seconds=config.number("UNDO_SECONDS"))
    journal = uow.execute("SELECT undo_journal FROM work_items WHERE id = :id FOR UPDATE", {"id": item_id}).scalar()
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
        uow.execute(_HOLD, {"id": item_id})
    row = uow.execute("SELECT * FROM work_items WHERE id = :id", {"id": item_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("work item", item_id)
    return Case(uow, dict(row), {}, locks)


# In one order, and before any record: two decisions about one record go one after the other, and never deadlock.
_HOLD = (
    "SELECT FROM work_items WHERE id IN (SELECT :id UNION ALL SELECT other.id FROM work_items item "
    "JOIN work_items other ON other.resource_id = item.resource_id AND other.resource_type = item.resource_type "
    f"WHERE item.id = :id AND other.{OPEN}) ORDER BY id FOR NO KEY UPDATE"
)


def _option(declared: ItemType, name: str) -> Option:
    option = declared.option(name)
    if option is None:
        known = ", ".join(known.name for known in declared.options)
        raise Invalid("option", f"is one of {known} for {declared.label.lower()}")
    return option


def _require_held(uow: UnitOfWork, item_id: int, version: int | None) -> None:
    """Refuse before any effect what the move would refuse after it, holding the row until the end."""
    held = uow.execute(
        "SELECT 1 FROM work_items WHERE id = :id AND assigned_to = :me AND status = 'in_progress' "
        "AND (CAST(:version AS int) IS NULL OR version = :version) FOR NO KEY UPDATE",
        {"id": item_id, "me": uow.principal.staff_id, "version": version},
    ).one_or_none()
    if held is None:
        expect(uow, [], item_id, moves.RESOLVE, version)


def _carry_out(case: Case, option: Option, given: Mapping[str, Any]) -> dict[str, Any]:
    """The option's effect, after everything that may forbid it; what it has to tell for the record."""
    option.require(case)
    case.parameters = checked(option.label, option.asked(case), given)
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


def _settle(uow: UnitOfWork, case: Case, option: Option, why: str, done: dict[str, Any], version: int | None) -> Moved:
    item_id = int(case.item["id"])
    told = {"option": option.name, "justification": why, "outcome": done, "parameters": sorted(case.parameters)}
    if option.settles in _DECIDES:
        return _decided(uow, item_id, _DECIDES[option.settles], option.name, told, case.journal, version)
    if option.settles == "defer":
        until = case.parameters.get("until") or uow.now + timedelta(hours=24)
        return deferring.defer(uow, item_id, until, why, version)
    if option.settles == "escalate":
        return escalating.escalate(uow, item_id, why, done.get("to"), version)
    return expect(uow, move(uow, moves.RESPOND, these([item_id], version), payload=told), item_id, moves.RESPOND)


def _decided(
    uow: UnitOfWork,
    item_id: int,
    what: moves.Move,
    resolution: str,
    told: dict[str, Any],
    journal: list[dict[str, Any]],
    version: int | None,
) -> Moved:
    moved = move(
        uow,
        what,
        these([item_id], version),
        payload=told,
        resolution=resolution,
        decision=json.dumps(told, default=str),
        journal=json.dumps(journal, default=str),
    )
    item = expect(uow, moved, item_id, what, version)
    deadlines.recompute(uow, [item_id])
    return item
