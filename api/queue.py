"""The queue for programs: look, put in, open one, take the next."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import schemas
from api.asking import Caller
from core.errors import NotFound
from core.queue import claiming, inbox, opening, viewing
from core.queue.filters import Filter
from core.uow import perform

router = APIRouter(prefix="/v1", tags=["queue"])


@router.get("/ops/dashboard/priority-queue")
def priority_queue(
    caller: Caller,
    status: str = "pending",
    intent_type: str | None = None,
    queue: str | None = None,
    item_type: str | None = None,
    priority: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
    priority_min: float | None = None,
    priority_max: float | None = None,
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    assignee: str | None = None,
    sla: str | None = None,
    sort_by: str = "priority_score",
    sort_order: str = "desc",
    skip: int = 0,
    limit: int = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    """One page of the queue, most pressing first; personal data as the token's owner may see it."""
    wanted = Filter(
        status=status,
        queue=queue,
        item_type=item_type or intent_type,
        priority=tuple(priority),
        score_min=priority_min,
        score_max=priority_max,
        created_from=date_from,
        created_to=date_to,
        assignee=assignee,
        sla=sla,
        sort_by=sort_by,
        sort_order=sort_order,  # type: ignore[arg-type]  # the core refuses what it does not know
    )
    return schemas.page(perform(caller, inbox.page, wanted, limit=limit, skip=skip, cursor=cursor), skip, limit)


@router.get("/work-items/{item_id}")
def work_item(caller: Caller, item_id: int) -> dict[str, Any]:
    """One item with its context, history and the derivation of its deadline."""
    if not 0 < item_id < 2**63:
        raise NotFound("work item", item_id)
    found = perform(caller, viewing.view, item_id)
    return schemas.row(found.row) | {
        "context": found.context,
        "decision": found.decision,
        "decided_by": found.decided_by,
        "history": [asdict(entry) for entry in found.history],
        "derivation": found.derivation,
    }


@router.post("/work-items", status_code=201)
def put_in(caller: Caller, body: schemas.WorkItemIn | list[schemas.WorkItemIn]) -> list[schemas.Accepted]:
    """Put one item or many into the queue; each is new, merged into an open one, or known from before."""
    given = body if isinstance(body, list) else [body]
    news = [each.newcomer("api") for each in given]
    return [schemas.Accepted(id=done.id, outcome=done.outcome) for done in perform(caller, opening.open_items, news)]


@router.post("/work-items/take-next")
def take_next(caller: Caller, body: schemas.TakeNextIn | None = None) -> dict[str, Any]:
    """Claim the most pressing item that the token's owner may work on, or learn why there is none."""
    taken = perform(caller, claiming.claim_next, body.queue if body else None)
    if isinstance(taken, claiming.NothingToTake):
        return {"item": None, "reason": taken.sentence}
    return {"item": schemas.row(perform(caller, viewing.view, taken.id).row), "reason": None}
