"""The chain of seals over the audit log: what its rows were, under a key that the database does not hold."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from core import keys
from core.errors import OpsError
from core.permissions import Permission, requires
from core.uow import UnitOfWork

ROWS_PER_SEAL = 10_000
SEALS_AT_ONCE = 20
_LOCK = 0x5EA1
_POLL_SECONDS = 0.05

# Text where Python could not hold every value that PostgreSQL can (infinite moments, exact numbers in documents), so
# that no change goes unseen and none makes the check itself fail. Moments are microseconds since 1970. A column
# added to the table later may only be sealed under a new version of the form: old seals must stay provable.
ROW_COLUMNS = (
    "id, trunc(extract(epoch FROM at) * 1000000)::text AS at, actor_kind, staff_id, actor_name, action, "
    "resource_type, resource_id, pii_accessed, metadata::text AS metadata, ip, user_agent"
)
_SEAL_COLUMNS = (
    "id, first_id, last_id, row_count, trunc(extract(epoch FROM sealed_at) * 1000000)::text AS sealed_at, "
    "encode(mac, 'hex') AS mac"
)
_FORM = "opsdesk.seal.1"


@dataclass(frozen=True)
class Seal:
    """A link of the chain: the rows numbered `first_id` to `last_id` were `row_count`, and `mac` proves what they were.

    Number 0 covers nothing: it begins the chain and shows which key the log is sealed with.
    """

    id: int
    first_id: int
    last_id: int
    row_count: int
    sealed_at: str
    mac: str

    def true_mac(self, key: bytes, previous_mac: str, digest: str) -> str:
        """What `mac` must be (hex) for this range, after that seal, over rows of that digest."""
        said = [self.id, self.first_id, self.last_id, self.row_count, self.sealed_at]
        return signature(key, [_FORM, previous_mac, *said, digest])

    def begins_chain_of(self, key: bytes) -> bool:
        """Whether this is the unaltered beginning of a chain under `key`."""
        return (self.id, self.last_id) == (0, 0) and hmac.compare_digest(self.mac, self.true_mac(key, "", digest([])))


def signature(key: bytes, said: Sequence[object]) -> str:
    """The HMAC-SHA256 (hex) of a list of plain values in its one written form."""
    return hmac.new(key, canonical(said), hashlib.sha256).hexdigest()


def canonical(values: Sequence[object]) -> bytes:
    """A row or a list as the one line of JSON that seals are computed from: null, "" and 0 stay distinct."""
    return json.dumps(list(values), separators=(",", ":")).encode() + b"\n"


def digest(rows: Iterable[Sequence[Any]]) -> str:
    """The SHA-256 (hex) of rows of the log, selected as ROW_COLUMNS, in order of number."""
    total = hashlib.sha256()
    for row in rows:
        total.update(canonical(row))
    return total.hexdigest()


@requires(Permission.OPS_ADMIN, leaves=None)
def seal(uow: UnitOfWork, *, patience_seconds: float = 10.0) -> int:
    """Seal what has been written to the audit log since the last seal; returns how many rows were sealed.

    Safe for any number of processes: one seals, the others return 0, as does a call that still finds writers at work
    after `patience_seconds`. At most 200,000 rows a call; call again for more. Raises OpsError when this machine's
    key is missing or is not the one that the log is sealed with.
    """
    if not uow.execute("SELECT pg_try_advisory_xact_lock(:key)", {"key": _LOCK}).scalar_one():
        return 0
    settled = _last_settled(uow, patience_seconds)
    with uow.housekeeping():
        return _extend(uow, settled) if settled else 0


def head(uow: UnitOfWork) -> Seal | None:
    """The newest seal, or None before the first."""
    found = uow.rows(f"SELECT {_SEAL_COLUMNS} FROM audit_seals ORDER BY id DESC LIMIT 1")
    return _seal(found[0]) if found else None


def seals_after(uow: UnitOfWork, after: int, limit: int) -> list[Seal]:
    """The next `limit` seals numbered above `after`, in order."""
    query = f"SELECT {_SEAL_COLUMNS} FROM audit_seals WHERE id > :after ORDER BY id LIMIT :limit"
    return [_seal(row) for row in uow.rows(query, {"after": after, "limit": limit})]


def _seal(row: Row[Any]) -> Seal:
    return Seal(**row._mapping)


def rows_after(uow: UnitOfWork, after: int, until: int, limit: int) -> Sequence[Sequence[Any]]:
    """The next `limit` rows of the log numbered above `after` and at most `until`, as ROW_COLUMNS, in order."""
    query = f"SELECT {ROW_COLUMNS} FROM ops_audit_log WHERE id > :after AND id <= :until ORDER BY id LIMIT :limit"
    return uow.rows(query, {"after": after, "until": until, "limit": limit})


def chain_key(uow: UnitOfWork) -> bytes:
    """The key that this log's chain is sealed with.

    Raises OpsError when this machine has none although the chain has begun, or has another one: going on would
    leave a chain that nobody can prove.
    """
    beginning = seals_after(uow, -1, 1)
    if not beginning:
        return keys.key("audit")
    known = keys.known_key("audit")
    advice = "Set OPSDESK_AUDIT_KEY to the key in use, or bring its file back."
    if known is None:
        raise OpsError(f"The key that seals the audit log is missing on this machine. {advice}")
    if not beginning[0].begins_chain_of(known):
        raise OpsError(f"This machine's audit key is not the one that the audit log is sealed with. {advice}")
    return known


_LAST_NUMBER = "SELECT pg_sequence_last_value(pg_get_serial_sequence('ops_audit_log', 'id')::regclass)"
_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = 'ops_audit_log'::regclass AND mode = 'RowExclusiveLock' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


def last_number(uow: UnitOfWork) -> int:
    """The newest number that the log has handed out, to a row or to an attempt that was undone; 0 before any."""
    return uow.execute(_LAST_NUMBER).scalar_one() or 0


def _last_settled(uow: UnitOfWork, patience_seconds: float) -> int | None:
    """The newest number such that it and all below are rows for good or gaps for good; None if that takes too long.

    A writer locks the table before it draws a number and until its end can be seen. So once everybody who held that
    lock just after we read the newest number is gone, nothing at or below it can still appear. (Waiting on
    transaction ids would not do: a number is drawn before the transaction has one.)
    """
    newest = last_number(uow)
    writers = _writers(uow)
    for _ in range(int(patience_seconds / _POLL_SECONDS)):
        if not writers:
            break
        time.sleep(_POLL_SECONDS)
        writers &= _writers(uow)
    return None if writers else newest


def _writers(uow: UnitOfWork) -> set[str]:
    return {row[0] for row in uow.rows(_WRITERS)}


def _extend(uow: UnitOfWork, settled: int) -> int:
    """Add seals until every row up to `settled` is covered; returns how many rows they cover."""
    key = chain_key(uow)
    newest = head(uow) or _begin(uow, key)
    sealed = 0
    for _ in range(SEALS_AT_ONCE):
        rows = rows_after(uow, newest.last_id, settled, ROWS_PER_SEAL)
        if not rows:
            break
        last_id = rows[-1][0] if len(rows) == ROWS_PER_SEAL else settled
        newest = _append(uow, key, newest, last_id, rows)
        sealed += len(rows)
    return sealed


def _begin(uow: UnitOfWork, key: bytes) -> Seal:
    bare = Seal(0, 0, 0, 0, microseconds(uow.now), "")
    return _insert(uow, replace(bare, mac=bare.true_mac(key, "", digest([]))))


def _append(uow: UnitOfWork, key: bytes, newest: Seal, last_id: int, rows: Sequence[Sequence[Any]]) -> Seal:
    bare = Seal(newest.id + 1, newest.last_id + 1, last_id, len(rows), microseconds(uow.now), "")
    return _insert(uow, replace(bare, mac=bare.true_mac(key, newest.mac, digest(rows))))


def _insert(uow: UnitOfWork, made: Seal) -> Seal:
    uow.execute(
        "INSERT INTO audit_seals (id, first_id, last_id, row_count, sealed_at, mac) "
        "VALUES (:id, :first_id, :last_id, :row_count, :at, decode(:mac, 'hex'))",
        {**vars(made), "at": uow.now},
    )
    return made


def microseconds(moment: datetime) -> str:
    """A moment as the whole number of microseconds since 1970, in digits, exact."""
    return str((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
