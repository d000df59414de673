"""What somebody with the owner's rights might do to the log: every deed changes something and is never committed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlmodel import Session

from core import db, sealing
from core.permissions import process
from core.uow import UnitOfWork

FORGED_KEY = b"what an intruder would seal with"
MALLORY = process("cli", "mallory")


@contextmanager
def intruder() -> Iterator[Connection]:
    """The schema's owner, with the triggers out of the way, in a transaction that is undone at the end."""
    with db.engine("owner").connect() as connection:
        for table in ("ops_audit_log", "audit_seals"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only"))
        yield connection
        connection.rollback()


class Mallory:
    """One random deed at a time, on one connection."""

    def __init__(self, connection: Connection, dice: random.Random) -> None:
        self.connection = connection
        self.dice = dice
        self.ids = self._numbers("SELECT id FROM ops_audit_log ORDER BY id")
        self.seals = self._numbers("SELECT id FROM audit_seals ORDER BY id")
        self.gaps = sorted(set(range(1, self.ids[-1])) - set(self.ids))

    def strike(self) -> str:
        """Do something; returns what, for the report of what went unnoticed."""
        deed = self.dice.choice(DEEDS)
        return f"{deed.__name__}: {deed(self)}"

    def run(self, statement: str, **values: object) -> None:
        """Run a statement that must change something."""
        result = self.connection.execute(text(statement), values)
        assert result.rowcount != 0, statement

    def row(self) -> int:
        """The number of one of the rows."""
        return self.dice.choice(self.ids)

    def _numbers(self, query: str) -> list[int]:
        return list(self.connection.scalars(text(query)))


ROW_EDITS = (
    "at = at + interval '1 microsecond'",
    "at = at - interval '1 year'",
    "at = 'infinity'",
    "at = '20000-01-01Z'",
    "actor_kind = 'job'",
    "staff_id = coalesce(staff_id, 0) + 1",
    "staff_id = NULL",
    "actor_name = 'reviewer'",
    "actor_name = actor_name || ' '",
    "action = 'item.claim'",
    "resource_type = 'customer'",
    "resource_type = 'work_item' || chr(10)",
    "resource_id = coalesce(resource_id, '') || '0'",
    "resource_id = CASE WHEN resource_id IS NULL THEN '' END",
    "pii_accessed = NOT pii_accessed",
    "metadata = '{}'",
    "metadata = 'null'",
    "metadata = metadata || '{\"share\": 1.500}'",
    'metadata = metadata || \'{"share": "1.5"}\'',
    "metadata = metadata || '{\"share\": 1.500000000000000000001}'",
    "metadata = metadata || '{\"more\": null}'",
    "ip = '10.0.0.1'",
    "ip = ''",
    "user_agent = 'curl'",
    "user_agent = ''",
)
SEAL_EDITS = (
    "first_id = first_id - 1000",
    "last_id = last_id + 1000",
    "row_count = row_count + 1",
    "sealed_at = sealed_at + interval '1 microsecond'",
    "sealed_at = 'infinity'",
    "mac = sha256(mac)",
    "mac = ''",
    "id = id + 1000",
)


def edit_row(mallory: Mallory) -> str:
    """Make a row say something else."""
    edit = mallory.dice.choice(ROW_EDITS)
    mallory.run(f"UPDATE ops_audit_log SET {edit} WHERE id = :id", id=mallory.row())
    return edit


def edit_seal(mallory: Mallory) -> str:
    """Make a seal say something else."""
    edit = mallory.dice.choice(SEAL_EDITS)
    mallory.run(f"UPDATE audit_seals SET {edit} WHERE id = :id", id=mallory.dice.choice(mallory.seals))
    return edit


def delete_rows(mallory: Mallory) -> str:
    """Take some rows out."""
    gone = mallory.dice.sample(mallory.ids, mallory.dice.randint(1, 4))
    mallory.run("DELETE FROM ops_audit_log WHERE id = ANY(:ids)", ids=gone)
    return str(gone)


def insert_row(mallory: Mallory) -> str:
    """Slip a row in: into a gap, before the beginning, or beyond the end."""
    place = mallory.dice.choice([*mallory.gaps, 0, -7, mallory.ids[-1] + 1000])
    _copy(mallory, mallory.row(), place)
    return str(place)


def move_row(mallory: Mallory) -> str:
    """Give a row a number from a gap."""
    place, moved = mallory.dice.choice(mallory.gaps), mallory.row()
    mallory.run("UPDATE ops_audit_log SET id = :place WHERE id = :id", place=place, id=moved)
    return f"{moved} to {place}"


def swap_rows(mallory: Mallory) -> str:
    """Exchange the numbers of two rows."""
    one, other = mallory.dice.sample(mallory.ids, 2)
    for number, place in ((one, -1), (other, one), (-1, other)):
        mallory.run("UPDATE ops_audit_log SET id = :place WHERE id = :id", place=place, id=number)
    return f"{one} and {other}"


def renumber(mallory: Mallory) -> str:
    """Close a gap: take a row out and let all later ones move up."""
    gone = mallory.row()
    mallory.run("DELETE FROM ops_audit_log WHERE id = :id", id=gone)
    mallory.run("UPDATE ops_audit_log SET id = -id")
    mallory.run("UPDATE ops_audit_log SET id = -id - CASE WHEN -id > :gone THEN 1 ELSE 0 END", gone=gone)
    return str(gone)


def replace_row(mallory: Mallory) -> str:
    """Overwrite a row with the likeness of another."""
    one, other = mallory.dice.sample(mallory.ids, 2)
    mallory.run("UPDATE ops_audit_log SET resource_id = 'other' WHERE id = :id", id=other)
    mallory.run("DELETE FROM ops_audit_log WHERE id = :id", id=one)
    _copy(mallory, other, one)
    return f"{one} by {other}"


def cut_rows(mallory: Mallory) -> str:
    """Cut rows off the end."""
    mallory.run("DELETE FROM ops_audit_log WHERE id >= :id", id=(cut := mallory.row()))
    return str(cut)


def cut_everything_after(mallory: Mallory) -> str:
    """Cut off the end with the seals over it, so that what is left is whole in itself."""
    last = mallory.dice.choice(mallory.seals[:-1])
    mallory.run("DELETE FROM ops_audit_log WHERE id > (SELECT last_id FROM audit_seals WHERE id = :last)", last=last)
    mallory.run("DELETE FROM audit_seals WHERE id > :last", last=last)
    if mallory.dice.random() < 0.5:
        mallory.run("ALTER TABLE ops_audit_log ALTER COLUMN id RESTART WITH 2")
    return str(last)


def wipe(mallory: Mallory) -> str:
    """Leave nothing at all, or nothing but the rows."""
    mallory.run("DELETE FROM audit_seals")
    if whole := mallory.dice.random() < 0.5:
        mallory.run("DELETE FROM ops_audit_log")
    return "rows and seals" if whole else "seals"


def delete_seals(mallory: Mallory) -> str:
    """Take some seals out."""
    gone = mallory.dice.sample(mallory.seals, mallory.dice.randint(1, 2))
    mallory.run("DELETE FROM audit_seals WHERE id = ANY(:ids)", ids=gone)
    return str(gone)


def merge_seals(mallory: Mallory) -> str:
    """Let one seal stand for two."""
    gone = mallory.dice.choice(mallory.seals[1:-1])
    mallory.run("DELETE FROM audit_seals WHERE id = :gone", gone=gone)
    mallory.run(
        "UPDATE audit_seals SET id = :gone, first_id = (SELECT last_id + 1 FROM audit_seals WHERE id = :gone - 1), "
        "row_count = row_count + 15 WHERE id = :gone + 1",
        gone=gone,
    )
    return str(gone)


def swap_seals(mallory: Mallory) -> str:
    """Exchange what two seals say."""
    one, other = mallory.dice.sample(mallory.seals, 2)
    mallory.run(
        "UPDATE audit_seals AS s SET mac = o.mac FROM audit_seals AS o "
        "WHERE s.id IN (:one, :other) AND o.id IN (:one, :other) AND s.id <> o.id",
        one=one,
        other=other,
    )
    return f"{one} and {other}"


def reseal(mallory: Mallory) -> str:
    """Edit a row and put new seals on, from there or from the very beginning, with a key of one's own."""
    edit = edit_row(mallory)
    first = mallory.dice.choice(mallory.seals)
    _sealed_by_mallory(mallory, first)
    return f"{edit}, seals from {first}"


def set_numbering_back(mallory: Mallory) -> str:
    """Let the next rows be written under numbers that are taken."""
    mallory.run("ALTER TABLE ops_audit_log ALTER COLUMN id RESTART WITH 3")
    return "to 3"


def _sealed_by_mallory(mallory: Mallory, first: int) -> None:
    uow = UnitOfWork(MALLORY)
    with Session(mallory.connection, join_transaction_mode="create_savepoint") as uow.session:
        before = ""
        for seal in sealing.seals_after(uow, -1, 1000):
            rows = sealing.rows_after(uow, seal.first_id - 1, seal.last_id, 10_000)
            forged = seal.true_mac(FORGED_KEY, before, sealing.digest(rows))
            before = forged if seal.id >= first else seal.mac
            uow.execute("UPDATE audit_seals SET mac = decode(:m, 'hex') WHERE id = :id", {"m": before, "id": seal.id})
        uow.session.commit()


def _copy(mallory: Mallory, source: int, place: int) -> None:
    mallory.run(
        "INSERT INTO ops_audit_log SELECT copy.* FROM ops_audit_log AS original, "
        "jsonb_populate_record(original, jsonb_build_object('id', CAST(:place AS bigint))) AS copy "
        "WHERE original.id = :source",
        place=place,
        source=source,
    )


DEEDS: tuple[Callable[[Mallory], str], ...] = (
    edit_row,
    edit_row,
    edit_row,
    edit_row,
    edit_seal,
    edit_seal,
    delete_rows,
    delete_rows,
    insert_row,
    insert_row,
    move_row,
    swap_rows,
    renumber,
    replace_row,
    cut_rows,
    cut_everything_after,
    wipe,
    delete_seals,
    merge_seals,
    swap_seals,
    reseal,
    set_numbering_back,
)
