"""Work items for programs: put in, open one, and do something to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response

from api.asking import Caller, IfMatch, Ordered, etag
from api.documents import refusals
from api.routing import router_of
from api.schemas import sent, told
from api.taking import ANSWERS, taken
from core.errors import Conflict, Invalid, NotFound
from core.queue import assigning, claiming, deciding, deferring, escalating, noting, opening, viewing, waiting
from core.queue.lifecycle import Moved
from core.uow import UnitOfWork, perform

router = router_of("work items")


@router.post("/work-items", status_code=201, responses=ANSWERS)
def put_in(order: Ordered, body: sent.OneOrMany[sent.WorkItemIn], response: Response) -> list[told.Accepted]:
    """Put one item or many into the queue; the answers stand in their order, each new, merged, known or refused.

    Answered with 200 when none of them is new.
    """
    news = [each.newcomer("api") for each in sent.many(body)]
    return taken(order, opening.open_items, news, is_one=not isinstance(body, list), response=response)


@router.get("/work-items/{item_id}", responses=refusals(404))
def work_item(caller: Caller, item_id: int, response: Response) -> told.ItemInFull:
    """One item with its context, history and the derivation of its deadline; its version is the ETag."""
    found = perform(caller, viewing.view, _number(item_id))
    response.headers["ETag"] = etag(found.row.version)
    return told.ItemInFull.model_validate(told.in_full(found))


@router.post("/work-items/{item_id}/actions", responses=refusals(404, 409, 412, body=True))
def act(order: Ordered, item_id: int, body: sent.Deed, seen: IfMatch, response: Response) -> told.Done:
    """Do one thing to an item. With If-Match or `version` only while nobody has changed it since."""
    try:
        done = order.carry_out(_do, _number(item_id), body, seen.version(_version(body, seen)))
    except Conflict as conflict:
        seen.refuse(conflict)
    if done["version"] is not None:
        response.headers["ETag"] = etag(done["version"])
    return told.Done.model_validate(done)


def _number(item_id: int) -> int:
    if not 0 < item_id < 2**63:
        raise NotFound("work item", item_id)
    return item_id


def _version(body: Any, seen: IfMatch) -> int | None:
    if isinstance(body, sent.Comment) and seen.by_tag is not None:
        raise Invalid("If-Match", "does not go with a comment, which fits any version")
    return getattr(body, "version", None)


def _do(uow: UnitOfWork, item_id: int, said: Any, version: int | None) -> dict[str, Any]:
    if isinstance(said, sent.Comment):
        noting.comment(uow, item_id, said.text)
        return {"id": item_id, "action": said.action, "status": None, "version": None, "assigned_to": None}
    return told.moved(_VERBS[type(said)](uow, item_id, said, version), said.action)


_VERBS: Mapping[type[Any], Callable[[UnitOfWork, int, Any, int | None], Moved]] = {
    sent.Claim: lambda uow, item, _, version: claiming.claim(uow, item, version),
    sent.Release: lambda uow, item, _, version: claiming.release(uow, item, version),
    sent.Assign: lambda uow, item, said, version: assigning.assign(uow, item, said.assignee, version),
    sent.TakeOver: lambda uow, item, _, version: assigning.take_over(uow, item, version),
    sent.Defer: lambda uow, item, said, version: deferring.defer(uow, item, said.until, said.reason, version),
    sent.Escalate: lambda uow, item, said, version: escalating.escalate(uow, item, said.reason, said.to, version),
    sent.Reprioritise: lambda uow, item, said, version: noting.change_priority(
        uow, item, said.priority, said.reason, version
    ),
    sent.Resolve: lambda uow, item, said, version: deciding.decide(
        uow, item, deciding.Decision(said.option, said.justification, said.parameters), version
    ),
    sent.Reject: lambda uow, item, said, version: deciding.reject(uow, item, said.reason, version),
    sent.Undo: lambda uow, item, _, version: deciding.undo(uow, item, version),
    sent.Reopen: lambda uow, item, said, version: deciding.reopen(uow, item, said.reason, version),
    sent.Wait: lambda uow, item, said, version: waiting.wait_on(uow, item, said.waiting_on, said.note, version),
    sent.Resume: lambda uow, item, _, version: waiting.resume(uow, item, version),
}
