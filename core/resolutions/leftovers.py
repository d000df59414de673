"""What deciding about the leavings of automations does: stored PDFs, quiz answers without an owner."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from core.errors import Conflict, Invalid
from core.resolutions.declaring import Parameter
from core.resolutions.effects import Case, number_of
from core.resolutions.erasing import require_no_hold
from core.resolutions.generic import older_than

STUBBORN = timedelta(days=3)
YOUNG = timedelta(hours=24)
OLD = timedelta(days=7)
_GONE = re.compile(r"\b(404|410)\b|not found|gone", re.IGNORECASE)


def plan(case: Case) -> dict[str, Any]:
    """The meal plan that the item is about. Raises Conflict when there is none."""
    return case.record("meal_plans", case.about("meal_plan"))


def give_up_pdf(case: Case) -> None:
    """The plan no longer has a PDF; the item's context keeps where it was stored."""
    found = plan(case)
    case.change("meal_plans", found["id"], pdf_url=None, pdf_deleted_at=found["pdf_deleted_at"] or case.now)


def pdf_is_gone(case: Case) -> str | None:
    """A reason to give up on the PDF: the storage says that there is nothing."""
    gone = plan(case)["pdf_deleted_at"] or _GONE.search(str(case.context.get("last_error", "")))
    return "The storage says that the file is gone." if gone else None


def stubborn(case: Case) -> str | None:
    """A reason to escalate: it has not deleted itself for days."""
    return "It has failed for more than 3 days." if older_than(case, STUBBORN) else None


def passing(case: Case) -> str | None:
    """A reason to wait: storage troubles of the first days mostly pass."""
    return None if older_than(case, STUBBORN) else "Storage troubles mostly pass within 3 days."


def quiz(case: Case) -> dict[str, Any]:
    """The quiz response that the item is about. Raises Conflict when there is none."""
    return case.record("quiz_responses", case.about("quiz_response"))


def quiz_deletable(case: Case) -> None:
    """Raise Conflict while a plan or what the context names refers to the response, or a hold keeps it."""
    found = quiz(case)
    if found["meal_plan_id"]:
        raise Conflict(f"Meal plan {found['meal_plan_id']} refers to this quiz response.")
    require_no_hold(case, "quiz_response", found["id"])
    if case.context.get("references"):
        raise Conflict("The item's context names references to this quiz response.")


def delete_quiz(case: Case) -> None:
    """The response is deleted."""
    quiz_deletable(case)
    case.remove("quiz_responses", case.about("quiz_response"))


def owner(case: Case) -> tuple[Parameter, ...]:
    """Whose response it is to be; the item's context may suggest it."""
    known = number_of(case.context.get("user_id"))
    suggested = str(known) if known is not None and case.find("customers", known) else None
    return (Parameter("user_id", "Customer number", "record", suggested=suggested),)


def associate_quiz(case: Case) -> None:
    """The response belongs to a customer from now on. Raises Invalid when there is no such customer."""
    user = case.parameters["user_id"]
    if case.find("customers", user) is None:
        raise Invalid("user_id", f"there is no customer {user}")
    case.change("quiz_responses", quiz(case)["id"], user_id=user)


def quiz_is_old(case: Case) -> str | None:
    """A reason to delete: nobody has asked for it in a week."""
    return "It is more than 7 days old: safe to delete." if _age(case) > OLD else None


def quiz_has_owner(case: Case) -> str | None:
    """A reason to associate: the context names a customer who exists."""
    return "The item names a customer who exists." if owner(case)[0].suggested else None


def quiz_is_young(case: Case) -> str | None:
    """A reason to wait: its owner may still sign up."""
    return "It is less than 24 hours old: its owner may still come." if _age(case) < YOUNG else None


def _age(case: Case) -> timedelta:
    return case.now - datetime.fromisoformat(quiz(case)["created_at"])
