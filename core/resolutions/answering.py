"""What deciding a complaint does to it: answered, settled, refunded, handed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from core.resolutions.effects import Case, number_of
from core.resolutions.refunding import give_back, something_left
from core.resolutions.writing import LETTER, decided_at, said
from core.words import ComplaintStatus

_SETTLED = (ComplaintStatus.RESOLVED, ComplaintStatus.CLOSED)


def complaint(case: Case) -> dict[str, Any] | None:
    """The complaint's record, or None where there never was one (told by telephone): then there is only the item.

    Raises Conflict when the item names something else, or a complaint that is gone.
    """
    return None if case.item["resource_id"] is None else case.record("complaints", case.about("complaint"))


def refundable(case: Case) -> None:
    """Raise Conflict unless the complaint leads to a booking with money that could be given back."""
    complaint(case)
    something_left(case)


def answer(case: Case) -> dict[str, str]:
    """The customer has been answered by other means: the message is kept in the item's history."""
    _note_answer(case, case.now)
    return said(case)


def _note_answer(case: Case, at: datetime) -> None:
    found = complaint(case)
    if found:
        status = found["status"] if found["status"] in _SETTLED else ComplaintStatus.IN_PROGRESS
        case.change("complaints", found["id"], status=status, **_answered(case, found, at))


REPLY = replace(LETTER, arrived=lambda case, _outcome: _note_answer(case, decided_at(case)))
"""The answer by e-mail; the complaint's record says so once it has left, as of when it was decided."""


def settle(case: Case) -> None:
    """The complaint is resolved."""
    found = complaint(case)
    if found and found["status"] not in _SETTLED:
        resolved = {"status": ComplaintStatus.RESOLVED, "resolved_at": case.now}
        case.change("complaints", found["id"], **resolved, **_answered(case, found, case.now))


def refund_complaint(case: Case) -> dict[str, str]:
    """Some of the money goes back, and that settles the complaint."""
    given = give_back(case, case.parameters["amount"])
    settle(case)
    return given


def hand_up(case: Case) -> None:
    """The complaint's own record says that it was handed up; an item without its record can be handed up too."""
    key = number_of(case.item["resource_id"]) if case.item["resource_type"] == "complaint" else None
    found = case.find("complaints", key) if key is not None else None
    if found and found["status"] not in (*_SETTLED, ComplaintStatus.ESCALATED):
        case.change("complaints", found["id"], status=ComplaintStatus.ESCALATED, updated_at=case.now)


def _answered(case: Case, found: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {"responded_at": found["responded_at"] or at, "updated_at": case.now}
