"""Putting the demo's records into their tables, all of them or none, and learning their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel

import core.tables  # noqa: F401 - fills the metadata
from core.demonstration.casting import Ref, Row
from core.marking import with_marks
from core.uow import UnitOfWork

_ORDER = (
    "customers",
    "bookings",
    "payments",
    "complaints",
    "meal_plans",
    "quiz_responses",
    "blacklist_entries",
    "retention_holds",
    "individual_providers",
)
_KEYLESS = {"blacklist_entries", "retention_holds"}
_BY_REFERENCE = "SELECT id, external_ref AS key FROM {}"
_FIND = {
    "blacklist_entries": "SELECT id, email AS key FROM blacklist_entries",
    "retention_holds": "SELECT h.id, p.external_ref AS key FROM retention_holds h "
    "JOIN meal_plans p ON h.resource_type = 'meal_plan' AND h.resource_id = p.id::text",
}

Numbers = Mapping[Ref, int]


def store(uow: UnitOfWork, rows: Iterable[Row]) -> dict[Ref, int]:
    """Store the records, in the order in which they refer to each other. Returns the number of each."""
    given: dict[str, dict[Ref, Row]] = {table: {} for table in _ORDER}
    for row in rows:
        given[row.ref.table][row.ref] = row
    numbers: dict[Ref, int] = {}
    for table, wanted in given.items():
        numbers |= _store(uow, table, wanted, numbers)
    return numbers


def _store(uow: UnitOfWork, table: str, wanted: Mapping[Ref, Row], numbers: Numbers) -> dict[Ref, int]:
    target = SQLModel.metadata.tables[table]
    put = insert(target).returning(target.c.id, sort_by_parameter_order=True)
    stored: dict[Ref, int] = {}
    rows = with_marks(table, [_values(row, numbers) for row in wanted.values()])
    for alike in _by_columns(dict(zip(wanted, rows, strict=True))):
        stored |= zip(alike, uow.session.scalars(put, list(alike.values())), strict=True)
    if stored:
        uow.record("demo.stored", table, None, count=len(stored))
    return stored


def _by_columns(told: Mapping[Ref, dict[str, Any]]) -> Iterable[dict[Ref, dict[str, Any]]]:
    """The records in groups that fill the same columns: one statement can put in only such."""
    groups: dict[frozenset[str], dict[Ref, dict[str, Any]]] = {}
    for ref, values in told.items():
        groups.setdefault(frozenset(values), {})[ref] = values
    return groups.values()


def _values(row: Row, numbers: Numbers) -> dict[str, Any]:
    """The columns of one record; a hold names what it holds in text."""
    told = {name: resolved(value, numbers) for name, value in row.values.items()}
    if row.ref.table == "retention_holds":
        return told | {"resource_id": str(told["resource_id"])}
    return told if row.ref.table in _KEYLESS else told | {"external_ref": row.ref.key}


def resolved(value: Any, numbers: Numbers) -> Any:
    """The value with every reference in it replaced by the record's number."""
    if isinstance(value, Ref):
        return numbers[value]
    if isinstance(value, list):
        return [resolved(inner, numbers) for inner in value]
    return value


def stored(uow: UnitOfWork, rows: Iterable[Row]) -> dict[Ref, int]:
    """The numbers of those records that were stored before: all of them, or none."""
    wanted = {row.ref for row in rows}
    known = ((table, row) for table in _ORDER for row in uow.rows(_FIND.get(table, _BY_REFERENCE.format(table))))
    return {ref: row.id for table, row in known if (ref := Ref(table, row.key)) in wanted}
