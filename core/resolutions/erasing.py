"""Ending or extending the duty to keep a record, and deleting what was kept: as far as the database may by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.errors import Conflict, Invalid
from core.resolutions.effects import Case, number_of

DELETED = {"quiz_response": "quiz_responses", "blacklist_entry": "blacklist_entries", "meal_plan": "meal_plans"}
"""Kinds of record of which nothing needs to stay."""

_NOBODY: dict[str, Any] = {"customer_id": None, "session_id": None}
ERASED: dict[str, tuple[str, dict[str, Any]]] = {
    "customer": ("customers", {"name": None, "email": None, "mobile": None}),
    "booking": ("bookings", _NOBODY),
    "complaint": ("complaints", {"subject": "(erased)", "description": None} | _NOBODY),
    "provider": (
        "individual_providers",
        dict.fromkeys(("first_name", "last_name", "phone", "fax", "address_line1", "address_line2"))
        | {"details": {}, "is_active": False},
    ),
}
"""Kinds of record on which figures rest: what is personal goes, the rest stays."""


def hold(case: Case) -> dict[str, Any]:
    """The retention hold that the item is about. Raises Conflict when it is gone or was released."""
    found = case.record("retention_holds", case.about("retention_hold"))
    if found["released_at"]:
        raise Conflict(f"Retention hold {found['id']} was released already.")
    return found


def require_no_hold(case: Case, kind: str, key: int) -> None:
    """Raise Conflict while there is a duty to keep the record."""
    live = "SELECT id FROM retention_holds WHERE resource_type = :kind AND resource_id = :key AND released_at IS NULL"
    found = case.uow.execute(live, {"kind": kind, "key": str(key)}).scalar_one_or_none()
    if found is not None:
        raise Conflict(f"Retention hold {found} says that this record is to be kept.")


def deletable(case: Case) -> None:
    """Raise Conflict when the record under the hold cannot be deleted from here, or something refers to it still."""
    found = hold(case)
    if found["resource_type"] not in (DELETED | ERASED) or number_of(found["resource_id"]) is None:
        raise Conflict(f"A {found['resource_type'].replace('_', ' ')} cannot be deleted from here.")
    if found["resource_type"] == "meal_plan":
        _require_unreferred(case, int(found["resource_id"]))


def release_and_delete(case: Case) -> dict[str, str]:
    """The hold ends, and what it held is deleted, or erased of all that is personal where figures rest on it."""
    deletable(case)
    found = hold(case)
    kind, key = found["resource_type"], int(found["resource_id"])
    case.change("retention_holds", found["id"], released_at=case.now)
    table = DELETED.get(kind) or ERASED[kind][0]
    record = case.find(table, key)
    if record is None:
        return {"held": "was gone already"}
    if record.get("pdf_url"):
        raise Conflict(f"Meal plan {key} still has a stored PDF, which is to be deleted first.")
    if kind in DELETED:
        case.remove(table, key)
        return {"held": "deleted"}
    case.change(table, key, **ERASED[kind][1])
    return {"held": "erased"}


def extend(case: Case) -> None:
    """The record is kept for longer. Raises Invalid unless the new end lies ahead and after the old one."""
    found, until = hold(case), case.parameters["hold_until"]
    ends = found["hold_until"] and datetime.fromisoformat(found["hold_until"])
    if until <= case.now or (ends and until <= ends):
        raise Invalid("hold_until", "lies in the future and after the present end of the hold")
    case.change("retention_holds", found["id"], hold_until=until)


def ran_out(case: Case) -> str | None:
    """A reason to release: the hold's own end has passed."""
    ends = hold(case)["hold_until"]
    passed = ends and datetime.fromisoformat(ends) <= case.now
    return f"The hold ran out on {ends[:10]}." if passed else None


def still_held(case: Case) -> str | None:
    """A reason to ask compliance: the hold is still in force."""
    return None if ran_out(case) else "The hold is still in force: only compliance may say that it is not needed."


def _require_unreferred(case: Case, key: int) -> None:
    if case.uow.execute("SELECT 1 FROM quiz_responses WHERE meal_plan_id = :key LIMIT 1", {"key": key}).first():
        raise Conflict(f"Quiz responses refer to meal plan {key}.")
