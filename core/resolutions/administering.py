"""Making, changing and retiring item types at run time: those of one's own, never the shipped ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.changes import Change, changes_of
from core.checking import checked_form
from core.errors import Conflict, Invalid, NotFound
from core.permissions import Permission, requires
from core.resolutions import own
from core.resolutions.declaring import shipped
from core.resolutions.own import MOST_TYPES, TypeForm
from core.tables.work import OPEN
from core.uow import UnitOfWork

_FIELDS = tuple(TypeForm.model_fields)


@dataclass(frozen=True)
class OwnType:
    """An item type that was made here, as it stands; `version` is what a change must name."""

    form: TypeForm
    version: int
    changed_at: datetime
    retired_at: datetime | None
    open_items: int


@requires(Permission.OPS_ADMIN, leaves="item_type.created")
def create(uow: UnitOfWork, given: Mapping[str, Any]) -> TypeForm:
    """Make an item type. Items that came in under its name before have its options from now on, in every process
    within seconds.

    Raises Invalid naming the place that is wrong; Conflict for a name that is shipped or was ever used.
    """
    form = checked(given)
    if form.name in shipped():
        raise Conflict(f"The item type {form.name} comes with Opsdesk, and is not made here.")
    uow.execute("LOCK TABLE item_types IN SHARE ROW EXCLUSIVE MODE")
    if uow.execute("SELECT count(*) FROM item_types").scalar_one() >= MOST_TYPES:
        raise Conflict(f"There are {MOST_TYPES} item types of your own, and no more can be made.")
    names = ", ".join(_FIELDS)
    made = uow.execute(
        f"INSERT INTO item_types ({names}, changed_at, changed_by) SELECT {names}, :now, :by "
        "FROM jsonb_populate_record(NULL::item_types, CAST(:row AS jsonb)) ON CONFLICT (name) DO NOTHING",
        _written(uow, form),
    )
    if not made.rowcount:
        raise Conflict(f"The name {form.name} was used before, and is never given to something else.")
    _leave(uow, "created", form.name, {name: [None, value] for name, value in form.model_dump(mode="json").items()})
    return form


@requires(Permission.OPS_ADMIN, leaves="item_type.changed")
def change(uow: UnitOfWork, name: str, given: Mapping[str, Any], version: int) -> TypeForm:
    """Say anew what an item type is; its name stays. Open items have the new options within seconds, their deadlines
    stay.

    Raises Invalid naming the place that is wrong; NotFound; Conflict when it was changed since `version`, or retired.
    """
    form = checked({**given, "name": name})
    before = _locked(uow, name, version)
    if before.retired_at is not None:
        raise Conflict(f"The item type {name} is retired: bring it back first.")
    sets = ", ".join(f"{field} = r.{field}" for field in _FIELDS)
    uow.execute(
        f"UPDATE item_types t SET {sets}, version = t.version + 1, changed_at = :now, changed_by = :by "
        "FROM jsonb_populate_record(NULL::item_types, CAST(:row AS jsonb)) r WHERE t.name = r.name",
        _written(uow, form),
    )
    was, becomes = {field: getattr(before, field) for field in _FIELDS}, form.model_dump(mode="json")
    _leave(uow, "changed", name, {key: [was[key], new] for key, new in becomes.items() if was[key] != new})
    return form


@requires(Permission.OPS_ADMIN, leaves="item_type.retired")
def retire(uow: UnitOfWork, name: str, version: int) -> None:
    """Take no new items of this type from now on; its open ones keep their options until they are decided.

    Raises NotFound, Conflict when it was changed since `version` or is retired already.
    """
    _switch(uow, name, version, retired=True)


@requires(Permission.OPS_ADMIN, leaves="item_type.brought_back")
def bring_back(uow: UnitOfWork, name: str, version: int) -> None:
    """Take new items of a retired type again. Raises NotFound, Conflict when it was changed or is not retired."""
    _switch(uow, name, version, retired=False)


@requires(Permission.OPS_ADMIN, leaves=None)
def own_types(uow: UnitOfWork) -> list[OwnType]:
    """Every item type that was made here, those in use first, with how many open items it has."""
    rows = uow.rows(_TYPES)
    return [
        OwnType(form, row.version, row.changed_at, row.retired_at, row.open_items)
        for row in rows
        if (form := own.told(row))
    ]


@requires(Permission.OPS_ADMIN, leaves=None)
def history(uow: UnitOfWork, name: str) -> list[Change]:
    """What was done to an item type, newest first: `changes` maps each field to what it was before and after."""
    return changes_of(uow, "item_type", name)


_TYPES = f"""
SELECT t.*, coalesce(i.open_items, 0) AS open_items FROM item_types t
LEFT JOIN (SELECT item_type, count(*) AS open_items FROM work_items
    WHERE {OPEN} AND item_type IN (SELECT name FROM item_types) GROUP BY item_type) i ON i.item_type = t.name
ORDER BY t.retired_at IS NOT NULL, t.label, t.name"""


def checked(given: Mapping[str, Any]) -> TypeForm:
    """An item type as it would be made. Raises Invalid naming the place that is wrong."""
    try:
        return checked_form(TypeForm, given)
    except Invalid as error:
        raise Invalid(_place(error.field), error.reason) from None


def _place(field: str) -> str:
    """The place in words: `options.1.parameters.0.label` is "option 2, parameter 1, label"."""
    if field == "record":
        return "item type"
    said: list[str] = []
    for part in field.split("."):
        if part.isdecimal() and said:
            said[-1] = f"{said[-1].removesuffix('s')} {int(part) + 1}"
        else:
            said.append(part.replace("_", " "))
    return ", ".join(said)


def _written(uow: UnitOfWork, form: TypeForm) -> dict[str, Any]:
    return {"row": form.model_dump_json(), "now": uow.now, "by": uow.principal.staff_id}


def _locked(uow: UnitOfWork, name: str, version: int) -> Any:
    """The row as it stands, held until the end of this unit. Raises NotFound, Conflict for another version."""
    row = uow.execute("SELECT * FROM item_types WHERE name = :name FOR UPDATE", {"name": name}).one_or_none()
    if row is None:
        raise NotFound("item type of your own", name)
    if row.version != version:
        raise Conflict(
            f"The item type {name} was changed by somebody else in the meantime: look at it again.",
            {"version": row.version},
        )
    return row


def _switch(uow: UnitOfWork, name: str, version: int, *, retired: bool) -> None:
    before = _locked(uow, name, version)
    if (before.retired_at is not None) == retired:
        raise Conflict(f"The item type {name} is {'retired already' if retired else 'in use'}.")
    uow.execute(
        "UPDATE item_types SET retired_at = CASE WHEN :retired THEN CAST(:now AS timestamptz) END, "
        "version = version + 1, changed_at = :now, changed_by = :by WHERE name = :name",
        {"name": name, "retired": retired, "now": uow.now, "by": uow.principal.staff_id},
    )
    _leave(uow, "retired" if retired else "brought_back", name, {})


def _leave(uow: UnitOfWork, deed: str, name: str, changes: Mapping[str, Any]) -> None:
    uow.record(f"item_type.{deed}", "item_type", name, changes=dict(changes))
    uow.afterwards(own.drop)
