"""Releasing a hold on what is stored elsewhere too: a meal plan's PDF is deleted there first, and then the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import Conflict, OpsError
from core.outgoing.sending import check
from core.resolutions.declaring import Outside
from core.resolutions.effects import Case, number_of
from core.resolutions.erasing import deletable, hold, release_and_delete
from core.resolutions.storage import DELETE_FILE, storage


def releasable(case: Case) -> None:
    """Raise Conflict when the record under the hold cannot be deleted, here and where its PDF is stored."""
    deletable(case)
    found = _stored(case)
    if found is None:
        return
    try:
        check(storage(), found["pdf_url"])
    except OpsError as refusal:
        told = f"Meal plan {found['id']} still has a stored PDF, which cannot be deleted"
        raise Conflict(f"{told}: {refusal.sentence}") from None


def _stored(case: Case) -> dict[str, Any] | None:
    """The meal plan under the hold, while it has a PDF."""
    held = hold(case)
    key = number_of(held["resource_id"]) if held["resource_type"] == "meal_plan" else None
    found = case.find("meal_plans", key) if key is not None else None
    return found if found and found["pdf_url"] else None


def _file(case: Case) -> Mapping[str, Any]:
    found = _stored(case)
    assert found is not None  # or it would not have left the house
    return {"url": found["pdf_url"]}


def _delete_record(case: Case, _outcome: Mapping[str, Any]) -> None:
    """The file is gone: now the record. One that has another PDF by now stays, and the item comes back."""
    found, deleted = _stored(case), case.item["resolution_metadata"]["outcome"]["url"]
    if found and found["pdf_url"] != deleted:
        raise Conflict(f"Meal plan {found['id']} has another stored PDF by now, which is to be deleted first.")
    if found:
        case.change("meal_plans", found["id"], pdf_url=None, pdf_deleted_at=case.now)
    release_and_delete(case)


FILE_FIRST = Outside(DELETE_FILE, _file, _delete_record, when=lambda case: _stored(case) is not None, tells=_file)
"""The stored file goes first, through the outbox; what has none is deleted in the decision itself."""
