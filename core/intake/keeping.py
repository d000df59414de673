"""Keeping records that come in: a whole batch by one statement, each known by what its source calls it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

import core.tables  # noqa: F401 - fills the metadata
from core import audit
from core.marking import as_json, with_marks
from core.uow import UnitOfWork

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy tells no types here
Outcome = Literal["new", "changed", "known"]


@dataclass(frozen=True)
class Kept:
    """What became of one record: its number, and whether it is new, was changed, or was known as it is."""

    id: int
    outcome: Outcome


def keep(uow: UnitOfWork, table: str, rows: Sequence[Mapping[str, Any]], action: str, *, overwrite: bool) -> list[Kept]:
    """Keep records, known by `external_ref`; the answers stand in the order of `rows`.

    With `overwrite`, what is told of a known record replaces what stood there (what is not told stays); without,
    a known record is left as it is. Each record that is new or changed leaves the audit row `action`.
    """
    if not rows:
        return []
    marked = with_marks(table, rows)
    columns = tuple(marked[0])
    told = json.dumps([row | {"place": place} for place, row in enumerate(marked)], default=as_json)
    values = {**audit.actor_values(uow.principal), "rows": told, "now": uow.now, "action": action}
    put = uow.rows(_statement(table, columns, overwrite), values | {"resource": _RESOURCES[table]})
    uow.wrote_trail(action, len(put))
    outcomes: dict[str, Outcome] = {row.external_ref: "new" if row.is_new else "changed" for row in put}
    return _answers(uow, table, [row["external_ref"] for row in rows], outcomes)


def _answers(uow: UnitOfWork, table: str, refs: Sequence[str], outcomes: dict[str, Outcome]) -> list[Kept]:
    """The second time a batch names a record, it is known."""
    ids = numbers(uow, table, refs)
    return [Kept(ids[ref], outcomes.pop(ref, "known")) for ref in refs]


def numbers(uow: UnitOfWork, table: str, refs: Sequence[str]) -> dict[str, int]:
    """The numbers of the records that their sources know by these references; the unknown ones are left out."""
    rows = uow.rows(f"SELECT external_ref, id FROM {table} WHERE external_ref = ANY(:refs)", {"refs": list(set(refs))})
    return {row.external_ref: row.id for row in rows}


_RESOURCES = {
    "customers": "customer",
    "bookings": "booking",
    "payments": "payment",
    "complaints": "complaint",
    "individual_providers": "provider",
}


@cache
def _statement(table: str, columns: tuple[str, ...], overwrite: bool) -> str:
    known = SQLModel.metadata.tables[table].columns
    typed = ", ".join(f"{name} {known[name].type.compile(_DIALECT)}" for name in columns)
    listed = ", ".join(columns)
    filled = ", ".join(_FILLED.get(name, name) for name in columns)
    return f"""
WITH told AS (
    SELECT DISTINCT ON (external_ref) * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({typed}, place int)
    ORDER BY external_ref, place DESC
), put AS (
    INSERT INTO {table} AS t ({listed}) SELECT {filled} FROM told ORDER BY place
    ON CONFLICT (external_ref) {_conflict(table, columns) if overwrite else "DO NOTHING"}
    RETURNING id, external_ref, xmax = 0 AS is_new
), trail AS (
    INSERT INTO ops_audit_log ({audit.COLUMNS})
    SELECT :now, :kind, :staff_id, :name, :action, :resource, id::text, false,
        jsonb_build_object('new', is_new, 'ref', external_ref), :ip, :agent
    FROM put ORDER BY id
)
SELECT id, external_ref, is_new FROM put"""


_FILLED = {"created_at": "coalesce(created_at, :now)", "tier": "coalesce(tier, 'standard')"}
"""What the database would fill in by itself if the column were not named."""


def _conflict(table: str, columns: tuple[str, ...]) -> str:
    """Take over what is told, where that makes a difference; what came first stays when it came."""
    taken = {
        name: f"coalesce(excluded.{name}, t.{name})" for name in columns if name not in {"external_ref", "created_at"}
    }
    touched = ", updated_at = :now" if "updated_at" in SQLModel.metadata.tables[table].columns else ""
    sets = ", ".join(f"{name} = {value}" for name, value in taken.items())
    before, after = ", ".join(f"t.{name}" for name in taken), ", ".join(taken.values())
    return f"DO UPDATE SET {sets}{touched} WHERE ROW({before}) IS DISTINCT FROM ROW({after})"
