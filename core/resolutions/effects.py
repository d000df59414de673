"""What a decision does to the records, in its own transaction, and the journal by which it can be undone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

import core.tables  # noqa: F401 - fills the metadata
from core.errors import Conflict, Invalid
from core.uow import UnitOfWork


@dataclass
class Case:
    """An item as an option sees it: its columns, what the reviewer filled in, and the means to change records.

    Every change goes through `change`, `remove` or `add`, which record it in the audit log (field names only)
    and in the journal that an undo reads backwards.
    """

    uow: UnitOfWork
    item: Mapping[str, Any]
    parameters: Mapping[str, Any]
    journal: list[dict[str, Any]] = field(default_factory=list)

    @property
    def context(self) -> Mapping[str, Any]:
        """The item's context."""
        found: Mapping[str, Any] = self.item["context"]
        return found

    @property
    def now(self) -> datetime:
        """The moment of the decision."""
        return self.uow.now

    @property
    def resource_id(self) -> int:
        """The related record's number. Raises Invalid when the item names none."""
        given = str(self.item["resource_id"] or "")
        if not given.isdecimal() or len(given) > 18:
            raise Invalid("resource_id", "names no record, so this option cannot be carried out")
        return int(given)

    def record(self, table: str, key: int, *, lock: bool = True) -> dict[str, Any]:
        """One row as plain values, locked until the decision is through. Raises Conflict when it is gone."""
        row = self.find(table, key, lock=lock)
        if row is None:
            raise Conflict(f"The record {table} {key} no longer exists.")
        return row

    def find(self, table: str, key: int, *, lock: bool = False) -> dict[str, Any] | None:
        """One row as plain values, or None."""
        locking = " FOR NO KEY UPDATE" if lock else ""
        return self.uow.execute(
            f"SELECT to_jsonb(t) FROM {_known(table)} t WHERE id = :key{locking}", {"key": key}
        ).scalar_one_or_none()

    def change(self, table: str, key: int, **values: Any) -> None:
        """Set columns of one row; what they were goes into the journal."""
        before = self.record(table, key)
        apply(self.uow, table, key, values)
        kept = {name: before[name] for name in values}
        self._note("change", table, key, {"before": kept, "after": _plain(values)}, fields=sorted(values))

    def remove(self, table: str, key: int) -> None:
        """Delete one row; the whole of it goes into the journal."""
        before = self.record(table, key)
        self.uow.execute(f"DELETE FROM {_known(table)} WHERE id = :key", {"key": key})
        self._note("remove", table, key, {"before": before})

    def add(self, table: str, **values: Any) -> int:
        """Insert one row and return its number."""
        names = ", ".join(values)
        key = self.uow.execute(
            f"INSERT INTO {_known(table)} ({names}) SELECT {names} FROM "
            f"jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb)) RETURNING id",
            {"row": json.dumps(_plain(values))},
        ).scalar_one()
        self._note("add", table, key, {})
        return int(key)

    def _note(self, deed: str, table: str, key: int, told: Mapping[str, Any], **metadata: Any) -> None:
        self.journal.append({"deed": deed, "table": table, "key": key, **told})
        self.uow.record(_PAST[deed], table, key, **metadata)


_PAST = {"change": "record.changed", "remove": "record.removed", "add": "record.added"}


def apply(uow: UnitOfWork, table: str, key: int, values: Mapping[str, Any]) -> None:
    """Set columns of one row from plain values."""
    names = ", ".join(f"{name} = given.{name}" for name in values)
    uow.execute(
        f"UPDATE {_known(table)} t SET {names} FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb)) given "
        "WHERE t.id = :key",
        {"row": json.dumps(_plain(values)), "key": key},
    )


def revert(uow: UnitOfWork, journal: list[dict[str, Any]]) -> None:
    """Take back what a decision did, last deed first. Raises Conflict when a record has changed since."""
    for note in reversed(journal):
        _REVERSALS[note["deed"]](uow, note)
        uow.record("record.restored", note["table"], note["key"])


def _unchange(uow: UnitOfWork, note: Mapping[str, Any]) -> None:
    table, key = note["table"], note["key"]
    row = uow.execute(f"SELECT to_jsonb(t) FROM {_known(table)} t WHERE id = :key FOR UPDATE", {"key": key}).scalar()
    if row is None or any(_text(row[name]) != _text(value) for name, value in note["after"].items()):
        raise Conflict(f"The record {table} {key} has changed since the decision, which cannot be undone any more.")
    apply(uow, table, key, note["before"])


def _unremove(uow: UnitOfWork, note: Mapping[str, Any]) -> None:
    uow.execute(
        f"INSERT INTO {_known(note['table'])} SELECT * FROM "
        f"jsonb_populate_record(NULL::{note['table']}, CAST(:row AS jsonb))",
        {"row": json.dumps(note["before"])},
    )


def _unadd(uow: UnitOfWork, note: Mapping[str, Any]) -> None:
    uow.execute(f"DELETE FROM {_known(note['table'])} WHERE id = :key", {"key": note["key"]})


_REVERSALS = {"change": _unchange, "remove": _unremove, "add": _unadd}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(values), default=_text))
    return plain


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    try:
        return datetime.fromisoformat(value).isoformat() if isinstance(value, str) else str(value)
    except ValueError:
        return str(value)


def _known(table: str) -> str:
    """The name of one of our tables; anything else never reaches a statement."""
    if table not in SQLModel.metadata.tables:
        raise ValueError(f"{table} is not a table")
    return table
