"""What a decision does to the records, in its own transaction, and the journal by which it can be undone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlmodel import SQLModel

import core.tables  # noqa: F401 - fills the metadata
from core.errors import Conflict
from core.marking import as_json, with_marks
from core.queue.redirecting import redirect
from core.uow import UnitOfWork

if TYPE_CHECKING:
    from core.resolutions.declaring import Outside


@dataclass(frozen=True)
class GivenBack:
    """Money that a decision gives back for a booking: the amount, and that in all with what went back before."""

    amount: Decimal
    in_all: Decimal
    currency: str


@dataclass
class Case:
    """An item as an option sees it: its columns, what the reviewer filled in, and the means to change records.

    Every change goes through `change`, `remove`, `add` or `redirect`, which record it in the audit log (field names
    only) and in the journal that an undo reads backwards. `locks` holds every record that is looked at until the
    decision is through; a mere look at the options does not. `given_back` and `outside` are what the decision that was
    carried out gave back, and what it does in the world outside.
    """

    uow: UnitOfWork
    item: Mapping[str, Any]
    parameters: Mapping[str, Any]
    locks: bool = False
    journal: list[dict[str, Any]] = field(default_factory=list)
    given_back: GivenBack | None = None
    outside: Outside | None = None

    @property
    def context(self) -> Mapping[str, Any]:
        """The item's context."""
        found = self.item["context"]
        return found if isinstance(found, dict) else {}

    @property
    def now(self) -> datetime:
        """The moment of the decision."""
        return self.uow.now

    def about(self, kind: str) -> int:
        """The number of the record of this kind that the item is about. Raises Conflict when it names none."""
        given = str(self.item["resource_id"] or "")
        if self.item["resource_type"] != kind or number_of(given) is None:
            raise Conflict(f"The item names no {kind.replace('_', ' ')}, so this cannot be carried out.")
        return int(given)

    def record(self, table: str, key: int) -> dict[str, Any]:
        """One row as plain values (amounts as Decimal, times as ISO text). Raises Conflict when it is gone."""
        row = self.find(table, key)
        if row is None:
            raise Conflict(f"The record {table} {key} no longer exists.")
        return row

    def find(self, table: str, key: int) -> dict[str, Any] | None:
        """One row as plain values, or None."""
        locking = " FOR NO KEY UPDATE" if self.locks else ""
        text = self.uow.execute(
            f"SELECT to_jsonb(t)::text FROM {_known(table)} t WHERE id = :key{locking}", {"key": key}
        ).scalar_one_or_none()
        row: dict[str, Any] | None = None if text is None else json.loads(text, parse_float=Decimal)
        return row

    def change(self, table: str, key: int | Sequence[int], **values: Any) -> None:
        """Set columns of one row, or of several in one statement; what they were goes into the journal."""
        keys = [key] if isinstance(key, int) else sorted(key)
        (values,) = with_marks(table, [values])
        before = self.uow.rows(_change(table, values), {"keys": keys, "row": _plain(values)})
        if len(before) != len(keys):
            raise Conflict(f"The record {table} {key} no longer exists.")
        kept = f"[{', '.join(row.before for row in before)}]"
        self.journal.append({"deed": "change", "table": table, "keys": keys, "before": kept, "after": _plain(values)})
        for changed in keys:
            self.uow.record("record.changed", table, changed, fields=sorted(values))

    def remove(self, table: str, key: int) -> None:
        """Delete one row; the whole of it goes into the journal. Raises Conflict when it is gone."""
        before = self.uow.execute(
            f"DELETE FROM {_known(table)} t WHERE id = :key RETURNING to_jsonb(t)::text", {"key": key}
        ).scalar_one_or_none()
        if before is None:
            raise Conflict(f"The record {table} {key} no longer exists.")
        self.journal.append({"deed": "remove", "table": table, "keys": [key], "before": before})
        self.uow.record("record.removed", table, key)

    def add(self, table: str, **values: Any) -> Mapping[str, int]:
        """Insert one row and return its key, column by column."""
        (values,) = with_marks(table, [values])
        names = ", ".join(values)
        keys = ", ".join(f"'{name}', {name}" for name in _key_columns(table))
        key: dict[str, int] = self.uow.execute(
            f"INSERT INTO {_known(table, values)} ({names}) SELECT {names} FROM "
            f"jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb)) RETURNING jsonb_build_object({keys})",
            {"row": _plain(values)},
        ).scalar_one()
        self.journal.append({"deed": "add", "table": table, "keys": list(key.values()), "key": key})
        self.uow.record("record.added", table, ":".join(map(str, key.values())))
        return key

    def redirect(self, kind: str, old: int, new: int) -> None:
        """Let the other open items about the record `old` be about `new` from now on, with their history saying so."""
        where = "resource_type = :was_kind AND resource_id = :was AND id <> :but"
        picked = {"was_kind": kind, "was": str(old), "but": self.item["id"]}
        moved = redirect(self.uow, where, picked, str(old), str(new))
        self.journal.append({"deed": "redirect", "ids": moved, "from": str(old), "to": str(new)})


def number_of(given: object) -> int | None:
    """A record's number out of what a program or person wrote, or None when it is none."""
    text = str(given).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def revert(uow: UnitOfWork, journal: Sequence[Mapping[str, Any]]) -> None:
    """Take back what a decision did, last deed first. Raises Conflict when a record has changed since."""
    for note in reversed(journal):
        if _REVERSALS[note["deed"]](uow, note) is False:
            raise Conflict("A record has changed since the decision, which cannot be undone any more.")
        for key in note.get("keys", ()):
            uow.record("record.restored", note["table"], key)


def _unchange(uow: UnitOfWork, note: Mapping[str, Any]) -> bool:
    table, names = note["table"], list(json.loads(note["after"]))
    restored = uow.execute(
        f"UPDATE {_known(table, names)} t SET {', '.join(f'{name} = b.{name}' for name in names)} "
        f"FROM jsonb_populate_recordset(NULL::{table}, CAST(:before AS jsonb)) b, "
        f"jsonb_populate_record(NULL::{table}, CAST(:after AS jsonb)) a WHERE t.id = b.id "
        f"AND ROW({_listed('t', names)}) IS NOT DISTINCT FROM ROW({_listed('a', names)})",
        {"before": note["before"], "after": note["after"]},
    )
    return restored.rowcount == len(note["keys"])


def _unremove(uow: UnitOfWork, note: Mapping[str, Any]) -> None:
    uow.execute(
        f"INSERT INTO {_known(note['table'])} SELECT * FROM "
        f"jsonb_populate_record(NULL::{note['table']}, CAST(:row AS jsonb))",
        {"row": note["before"]},
    )


def _unadd(uow: UnitOfWork, note: Mapping[str, Any]) -> bool:
    where = " AND ".join(f"{name} = :{name}" for name in note["key"])
    return uow.execute(f"DELETE FROM {_known(note['table'])} WHERE {where}", note["key"]).rowcount == 1


def _unredirect(uow: UnitOfWork, note: Mapping[str, Any]) -> bool:
    where = "id = ANY(:ids) AND resource_id = :now_about"
    picked = {"ids": note["ids"], "now_about": note["to"]}
    return len(redirect(uow, where, picked, note["to"], note["from"])) == len(note["ids"])


_REVERSALS = {"change": _unchange, "remove": _unremove, "add": _unadd, "redirect": _unredirect}


def _change(table: str, values: Mapping[str, Any]) -> str:
    sets = ", ".join(f"{name} = given.{name}" for name in values)
    kept = ", ".join(f"'{name}', b.{name}" for name in values)
    return (
        f"WITH before AS (SELECT * FROM {_known(table, values)} WHERE id = ANY(:keys) ORDER BY id FOR NO KEY UPDATE) "
        f"UPDATE {table} t SET {sets} FROM before b, jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb)) given "
        f"WHERE t.id = b.id RETURNING jsonb_build_object('id', b.id, {kept})::text AS before"
    )


def _listed(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


def _plain(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), default=as_json)


def _known(table: str, columns: Sequence[str] | Mapping[str, Any] = ()) -> str:
    """The name of one of our tables; anything else, as an unknown column of it, never reaches a statement."""
    known = SQLModel.metadata.tables.get(table)
    if known is None or not set(columns) <= set(known.columns.keys()):
        raise ValueError(f"{table} with {', '.join(columns)} is no table of ours")
    return table


def _key_columns(table: str) -> list[str]:
    return [column.name for column in SQLModel.metadata.tables[_known(table)].primary_key]
