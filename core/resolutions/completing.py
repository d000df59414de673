"""Filling in what a provider record lacks or has wrong, or writing down that it cannot be had."""

from __future__ import annotations

from typing import Any

from core.errors import Conflict, Invalid
from core.resolutions.declaring import Fact, Parameter
from core.resolutions.effects import Case
from core.resolutions.provider_fields import HINTS, LABELS, checked_fields


def provider(case: Case) -> dict[str, Any]:
    """The provider record that the item is about. Raises Conflict when it is gone or was merged into another."""
    found = case.record("individual_providers", case.about("provider"))
    if found["merged_into"]:
        raise Conflict(f"Provider {found['id']} was merged into provider {found['merged_into']}.")
    return found


def named_fields(case: Case) -> list[str]:
    """The fields that the item is about, of those that can be filled in here."""
    named = case.context.get("fields")
    return [field for field in LABELS if field in named] if isinstance(named, list) else []


def fillable(case: Case) -> None:
    """Raise Conflict unless there is a provider record and a field of it to fill in."""
    provider(case)
    if not named_fields(case):
        raise Conflict("The item's context names no field that can be filled in.")


def form(case: Case) -> tuple[Parameter, ...]:
    """Just the fields that the item is about. None is needed by itself, one of them is."""
    return tuple(
        Parameter(field, LABELS[field], required=False, help=HINTS.get(field, "")) for field in named_fields(case)
    )


def update_fields(case: Case) -> dict[str, Any]:
    """The record says from now on what was filled in. Raises Invalid naming the field that does not fit."""
    found = provider(case)
    if not case.parameters:
        raise Invalid(named_fields(case)[0], "is needed, or one of the other fields")
    values: dict[str, Any] = dict(checked_fields(found, case.parameters))
    sought = [field for field in found["unobtainable"] if field not in values]
    changed = {"unobtainable": sought} if sought != found["unobtainable"] else {}
    case.change("individual_providers", found["id"], **values, **changed, updated_at=case.now)
    return {"fields": sorted(values)}


def mark_unobtainable(case: Case) -> dict[str, Any]:
    """The record says from now on that these fields cannot be had; they are not asked for again."""
    found = provider(case)
    marked = sorted({*found["unobtainable"], *_lacking(case, found)})
    case.change("individual_providers", found["id"], unobtainable=marked, updated_at=case.now)
    return {"fields": marked}


def something_lacking(case: Case) -> None:
    """Raise Conflict unless one of the named fields is not yet known to be unobtainable."""
    fillable(case)
    if not _lacking(case, provider(case)):
        raise Conflict("All of these fields are known to be unobtainable already.")


def filled_by_now(case: Case) -> str | None:
    """A reason to reject: the record has all of the named fields."""
    found, named = provider(case), named_fields(case)
    return "The record has all of them by now." if named and all(found[field] for field in named) else None


def field_facts(case: Case) -> tuple[Fact, ...]:
    """What the record says in the named fields, as this principal may see it."""
    found, lens = provider(case), case.uow.principal.lens
    seen = lens.document({field: found[field] for field in named_fields(case)})
    return tuple(Fact(LABELS[field], str(value) if value else "nothing") for field, value in seen.items())


def _lacking(case: Case, found: dict[str, Any]) -> list[str]:
    return [field for field in named_fields(case) if field not in found["unobtainable"]]
