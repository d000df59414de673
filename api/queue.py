"""The queue for programs: look at it, and take the next item."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from api.asking import Caller, Ordered
from api.documents import refusals
from api.routing import router_of
from api.schemas import told
from api.schemas.sent import QueueQuery, TakeNextIn
from core import config
from core.errors import Invalid
from core.queue import claiming, inbox, revealing, viewing
from core.uow import UnitOfWork, perform

router = router_of("queue")


@router.get("/ops/dashboard/priority-queue", responses=refusals())
def priority_queue(caller: Caller, asked: Annotated[QueueQuery, Query()]) -> told.QueuePage:
    """One page of the queue, most pressing first; personal data as the token's owner may see it."""
    wanted = asked.filter(config.word("DEFAULT_STATUS_FILTER"))
    window: dict[str, Any] = {"limit": asked.limit, "skip": asked.skip, "cursor": asked.cursor}
    if asked.expand:
        found = perform(caller, revealing.expanded_page, wanted, **window, fields=_names(asked.fields))
    elif asked.fields is not None:
        raise Invalid("fields", "goes with expand=true")
    else:
        found = perform(caller, inbox.page, wanted, **window)
    return told.QueuePage.model_validate(told.page(found, asked.skip, asked.limit))


def _names(fields: str | None) -> list[str] | None:
    return None if fields is None else [name.strip() for name in fields.split(",")]


@router.post("/work-items/take-next", responses=refusals(409, body=True))
def take_next(order: Ordered, body: TakeNextIn | None = None) -> told.Taken:
    """Claim the most pressing item that the token's owner may work on, or learn why there is none."""
    taken = order.carry_out(_take, body.queue if body else None)
    if taken["id"] is None:
        return told.Taken(item=None, reason=taken["reason"])
    item = perform(order.principal, viewing.view, taken["id"]).row
    return told.Taken(item=told.Item.model_validate(told.item(item)), reason=None)


def _take(uow: UnitOfWork, queue: str | None) -> dict[str, Any]:
    found = claiming.claim_next(uow, queue)
    if isinstance(found, claiming.NothingToTake):
        return {"id": None, "reason": found.sentence}
    return {"id": found.id}
