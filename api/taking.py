"""Taking in what a program sends, one record or many, with one outcome for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import Response

from api.asking import Order
from api.documents import refusals
from api.schemas import told
from core.errors import Invalid
from core.intake.receiving import take_in
from core.uow import UnitOfWork

T = TypeVar("T")
_KNOWN: dict[int | str, dict[str, Any]] = {200: {"model": list[told.Accepted], "description": "None of them is new."}}
ANSWERS = _KNOWN | refusals(409, body=True)
"""How such calls may be answered, but for 201."""


def taken(
    order: Order,
    receive: Callable[[UnitOfWork, Sequence[T]], Sequence[Any]],
    records: Sequence[T],
    *,
    is_one: bool,
    response: Response,
) -> list[told.Accepted]:
    """What became of each record, in order. The status is 200 when none is new; one alone that is refused is raised."""
    answers = order.carry_out(_take, receive, records, is_one)
    if all(answer["outcome"] != "new" for answer in answers):
        response.status_code = 200
    return [told.Accepted.model_validate(answer) for answer in answers]


def _take(
    uow: UnitOfWork, receive: Callable[[UnitOfWork, Sequence[T]], Sequence[Any]], records: Sequence[T], is_one: bool
) -> list[dict[str, Any]]:
    done = take_in(uow, receive, records)
    if is_one and isinstance(done[0], Invalid):
        raise done[0]
    return [told.accepted(each) for each in done]
