"""An item whose decision is being carried out in the world outside: sent off, recalled, arrived, or come back.

Meanwhile it stays in progress in its holder's hands, with its resolution pending: nobody can take, decide, defer or
release it, and its lease does not run out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.errors import Conflict
from core.outbox import posting
from core.queue import moves
from core.queue.lifecycle import Moved, Picks, move, these
from core.queue.summaries import follow
from core.resolutions.declaring import Option, Outside, item_type
from core.resolutions.effects import Case
from core.sla import deadlines
from core.uow import UnitOfWork


def send_off(case: Case, picks: Picks, option: Option, outside: Outside, told: Mapping[str, Any]) -> list[Moved]:
    """Write down the decision and put its effect into the outbox, to leave when the undo window has closed."""
    uow, payload = case.uow, outside.payload(case)
    decision = json.dumps({**told, "decided_at": uow.now}, default=str)
    moved = move(uow, moves.SEND_OFF, picks, payload=told, resolution=option.name, decision=decision)
    for item in moved:
        posting.post(uow, outside.kind, payload, f"item-{item.id}-{item.version}", item_id=item.id)
    return moved


def recall(uow: UnitOfWork, item_id: int, version: int | None) -> Moved:
    """Take a decision back before its effect has left. Raises Conflict when it has, or may have."""
    moved = move(uow, moves.RECALL, these([item_id], version))
    if not moved or not posting.withdraw(uow, item_id):
        raise Conflict("This decision cannot be undone: it is another's, or its effect is already on its way.")
    return moved[0]


def arrive(case: Case, outcome: Mapping[str, Any], said: str) -> None:
    """The effect is done: the records follow, and the item is resolved by whoever decided it, or in hand again."""
    uow, item_id, option = case.uow, int(case.item["id"]), _option(case)
    if option is not None and option.outside is not None:
        option.outside.arrived(case, outcome)
    payload = {"option": case.item["resolution"], "outcome": dict(outcome), "told": said}
    what = _ARRIVALS[option.settles] if option and option.keeps else moves.ARRIVE
    move(uow, what, these([item_id]), payload=payload, outcome=json.dumps(payload["outcome"]))
    deadlines.recompute(uow, [item_id])
    follow(uow, item_id, case.journal)


_ARRIVALS = {"respond": moves.ANSWERED, "keep": moves.FOUND_OUT}


def come_back(case: Case, error: str) -> None:
    """The effect failed: the item is in its holder's hands again, with what went wrong in words."""
    option = _option(case)
    learnt = {} if option is None or option.outside is None else option.outside.learnt(case, error)
    payload = {"option": case.item["resolution"], "error": error}
    item = these([int(case.item["id"])])
    move(case.uow, moves.COME_BACK, item, payload=payload, learnt=json.dumps(dict(learnt), default=str))


def _option(case: Case) -> Option | None:
    return item_type(case.item["item_type"]).option(case.item["resolution"] or "")
