"""What a screen offers is what the verbs allow: tried for every deed, person and standing of an item."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock
from core.errors import OpsError
from core.permissions import Principal
from core.queue import (
    approving,
    assigning,
    claiming,
    deciding,
    deferring,
    escalating,
    noting,
    opening,
    viewing,
    waiting,
)
from core.queue.deciding import Decision
from core.queue.newcomers import NewItem
from core.queue.offering import Deed, offered
from core.uow import UnitOfWork, perform
from tests.cast import NOON, Cast
from tests.queue.test_approving import asked
from tests.resolutions.records import decided

LATER = NOON + timedelta(hours=5)
CALLS: dict[Deed, Callable[[UnitOfWork, int, int], Any]] = {
    Deed.CLAIM: lambda uow, item, _: claiming.claim(uow, item),
    Deed.TAKE_OVER: lambda uow, item, _: assigning.take_over(uow, item),
    Deed.RESUME: lambda uow, item, _: waiting.resume(uow, item),
    Deed.DECIDE: lambda uow, item, _: deciding.decide(uow, item, Decision("resolve", "Settled.", {})),
    Deed.REJECT: lambda uow, item, _: deciding.reject(uow, item, "Not ours."),
    Deed.RELEASE: lambda uow, item, _: claiming.release(uow, item),
    Deed.WAIT: lambda uow, item, _: waiting.wait_on(uow, item, "customer"),
    Deed.DEFER: lambda uow, item, _: deferring.defer(uow, item, LATER),
    Deed.ESCALATE: lambda uow, item, _: escalating.escalate(uow, item, "Look."),
    Deed.PRIORITY: lambda uow, item, _: noting.change_priority(uow, item, "low", "It can wait."),
    Deed.ASSIGN: assigning.assign,
    Deed.COMMENT: lambda uow, item, _: noting.comment(uow, item, "Hm."),
    Deed.REOPEN: lambda uow, item, _: deciding.reopen(uow, item, "It came back."),
    Deed.UNDO: lambda uow, item, _: deciding.undo(uow, item),
    Deed.APPROVE: lambda uow, item, _: approving.approve(uow, item),
    Deed.SEND_BACK: lambda uow, item, _: approving.send_back(uow, item, "Not agreed."),
}
STANDINGS = (
    "open",
    "deferred",
    "due again",
    "in progress",
    "waiting",
    "resolved",
    "resolved long ago",
    "proposed",
    "to approve",
)


class _TakeBack(Exception):
    """Ends a trial without a trace."""


def _stand(cast: Cast, standing: str) -> int:
    if standing in {"proposed", "to approve"}:
        return _propose(cast, is_claimed=standing == "to approve")
    item = perform(cast.admin, opening.open_item, NewItem("strange", "thing", 1, priority="high")).id
    if standing in {"deferred", "due again"}:
        until = NOON + (timedelta(minutes=5) if standing == "due again" else timedelta(hours=9))
        perform(cast.reviewer, deferring.defer, item, until)
    if standing in {"in progress", "waiting", "resolved", "resolved long ago"}:
        perform(cast.reviewer, claiming.claim, item)
    if standing == "waiting":
        perform(cast.reviewer, waiting.wait_on, item, "customer")
    if standing.startswith("resolved"):
        perform(cast.reviewer, deciding.decide, item, Decision("resolve", "Settled.", {}))
    return item


def _propose(cast: Cast, *, is_claimed: bool) -> int:
    item = asked(cast.reviewer, "complaint")
    decided(cast.reviewer, item, "refund", amount="600")
    if is_claimed:
        perform(cast.reviewer2, claiming.claim, item)
    return item


def _is_allowed(me: Principal, deed: Deed, item: int, stranger: int) -> bool:
    try:
        with UnitOfWork(me) as uow:
            CALLS[deed](uow, item, stranger)
            raise _TakeBack
    except _TakeBack:
        return True
    except OpsError:
        return False


def _now(standing: str) -> datetime:
    return NOON + (timedelta(minutes=10) if standing in {"due again", "resolved long ago"} else timedelta(seconds=2))


@pytest.mark.parametrize("standing", STANDINGS)
def test_what_is_offered_is_what_the_verbs_allow(cast: Cast, standing: str) -> None:
    with clock.frozen(NOON):
        item = _stand(cast, standing)
    with clock.frozen(_now(standing)) as now:
        for me in (cast.viewer, cast.reviewer, cast.reviewer2, cast.manager, cast.admin):
            row = perform(me, viewing.view, item).row
            allowed = {deed for deed in Deed if _is_allowed(me, deed, item, cast.senior.staff_id or 0)}
            # Taking over what nobody holds is claiming it, and is offered as that.
            redundant = {Deed.TAKE_OVER} if row.assigned_to is None else set()
            assert set(offered(me, row, now)) == allowed - redundant, me.name


def test_every_deed_is_tried() -> None:
    assert set(CALLS) == set(Deed)
