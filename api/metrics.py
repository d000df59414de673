"""The figures of the operation for programs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from api.asking import Caller
from api.documents import refusals
from api.routing import router_of
from api.schemas.sent import MetricsQuery
from core.metrics import reading
from core.uow import perform

router = router_of("metrics")


@router.get("/ops/dashboard/metrics", responses=refusals())
def metrics(caller: Caller, asked: Annotated[MetricsQuery, Query()]) -> dict[str, Any]:
    """The figures asked for, all of one moment; `left_out` names the groups that the token may not see."""
    return perform(caller, reading.metrics, asked.period, asked.groups).told()
