"""Questions put to the audit log: who saw or did what, to what, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from core import cursors
from core.clock import checked_moment
from core.errors import Invalid, NotFound
from core.looking import looked
from core.permissions import Permission, requires
from core.text import checked_text
from core.uow import UnitOfWork

MOST_ENTRIES = 100
_LONGEST = 200
_LISTED = "audit"


@dataclass(frozen=True)
class Filters:
    """Which entries are asked for; None leaves a question open. The period is [since, until), aware moments.

    `person` is the name under which somebody acted: of staff, of a token, of a job.
    """

    person: str | None = None
    action: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    pii: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AuditEntry:
    """One row of the log as it stands; `metadata` holds filters, counts and names of fields, never personal values."""

    id: int
    at: datetime
    actor_kind: str
    staff_id: int | None
    actor_name: str
    action: str
    resource_type: str
    resource_id: str | None
    pii_accessed: bool
    metadata: dict[str, Any]
    ip: str | None
    user_agent: str | None


@dataclass(frozen=True)
class Page:
    """Entries, newest first; `next_cursor` asks for the older ones after them and is None at the end."""

    entries: tuple[AuditEntry, ...]
    next_cursor: str | None


@requires(Permission.AUDIT_READ, leaves="audit.read")
def entries(uow: UnitOfWork, filters: Filters | None = None, cursor: str | None = None, limit: int = 50) -> Page:
    """A page of at most `limit` (1 to 100) entries that match, newest first.

    Raises Invalid naming the filter, the cursor or the limit that cannot be used.
    """
    asked = _checked(filters or Filters())
    if not 1 <= limit <= MOST_ENTRIES:
        raise Invalid("limit", f"is between 1 and {MOST_ENTRIES}")
    values = {**asked, **_after(cursor)}
    found = uow.rows(_question(values), {**values, "more": limit + 1})
    page = tuple(AuditEntry(**row._mapping) for row in found[:limit])
    looked(uow, "audit.read", "audit_log", filters={name: str(value) for name, value in asked.items()}, cursor=cursor)
    return Page(page, _cursor(page[-1]) if len(found) > limit else None)


@requires(Permission.AUDIT_READ, leaves="audit.read")
def entry(uow: UnitOfWork, entry_id: int) -> AuditEntry:
    """One entry by its number. Raises NotFound."""
    found = uow.execute(f"SELECT {_COLUMNS} FROM ops_audit_log WHERE id = :id", {"id": entry_id}).one_or_none()
    if found is None:
        raise NotFound("entry of the audit log", entry_id)
    looked(uow, "audit.read", "audit_log", entry_id)
    return AuditEntry(**found._mapping)


@requires(Permission.AUDIT_READ, leaves=None)
def actions_known(uow: UnitOfWork) -> list[str]:
    """Every action that the log knows, in order, for choosing from."""
    return list(uow.execute(_loose_scan("action")).scalars())


@requires(Permission.AUDIT_READ, leaves=None)
def people_known(uow: UnitOfWork) -> list[str]:
    """Every name under which somebody acted, in order, those who have left included."""
    return list(uow.execute(_loose_scan("actor_name")).scalars())


@requires(Permission.AUDIT_READ, leaves=None)
def resources_known(uow: UnitOfWork) -> list[str]:
    """Every type of resource that something was done to, in order."""
    return list(uow.execute(_loose_scan("resource_type")).scalars())


_CONDITIONS = {
    "person": "actor_name = :person",
    "action": "action = :action",
    "resource_type": "resource_type = :resource_type",
    "resource_id": "resource_id = :resource_id",
    "pii": "pii_accessed = :pii",
    "since": "at >= :since",
    "until": "at < :until",
    "last_at": "(at, id) < (:last_at, :last_id)",
}
_COLUMNS = ", ".join(field.name for field in fields(AuditEntry))
_NEWEST = "ORDER BY at DESC, id DESC LIMIT :more"


def _question(values: dict[str, Any]) -> str:
    """The statement for these filters, each of which is one walk down an index."""
    given = {name: condition for name, condition in _CONDITIONS.items() if name in values}
    shown_in_clear = values.get("pii", False)
    if shown_in_clear:
        given["pii"] = "pii_accessed"  # as the partial index says it
    where = " AND ".join(given.values()) or "true"
    if "person" in given and not shown_in_clear and not given.keys() & {"action", "resource_id"}:
        return _for_each_action(where)
    return f"SELECT {_COLUMNS} FROM ops_audit_log WHERE {where} {_NEWEST}"


def _for_each_action(where: str) -> str:
    """The newest of a person's entries, whatever the action: the index has the action before the time.

    So the newest of each action are merged: some dozens of short walks, however much that person did.
    """
    return (
        f"SELECT {_COLUMNS} FROM ({_loose_scan('action', 'actor_name = :person')}) AS known (known_action) "
        f"CROSS JOIN LATERAL (SELECT * FROM ops_audit_log WHERE action = known_action AND {where} {_NEWEST}) AS newest "
        f"{_NEWEST}"
    )


def _loose_scan(column: str, where: str = "true") -> str:
    """The distinct values of a column that leads an index (after `where`): a step for each of them, not each row."""
    smallest = f"SELECT min({column}) FROM ops_audit_log WHERE {where}"
    return (
        f"WITH RECURSIVE step (value) AS (({smallest}) UNION ALL "
        f"SELECT ({smallest} AND {column} > step.value) FROM step WHERE step.value IS NOT NULL) "
        "SELECT value FROM step WHERE value IS NOT NULL"
    )


def _checked(filters: Filters) -> dict[str, Any]:
    """The filters that are given, by name; raises Invalid naming the first that cannot be used."""
    asked = dict(_given(filters))
    if "since" in asked and "until" in asked and asked["since"] >= asked["until"]:
        raise Invalid("until", "must be later than since")
    return asked


def _given(filters: Filters) -> Iterator[tuple[str, Any]]:
    for name, value in vars(filters).items():
        if value is None:
            continue
        if name in {"since", "until"}:
            yield name, checked_moment(name, value)
        elif name == "pii":
            yield name, bool(value)
        else:
            yield name, checked_text(name, value, _LONGEST)


def _cursor(last: AuditEntry) -> str:
    return cursors.written(_LISTED, last.at, last.id)


def _after(cursor: str | None) -> dict[str, Any]:
    """Where the page before ended, as the values :last_at and :last_id; nothing for the first page."""
    if cursor is None:
        return {}
    last_at, last_id = cursors.read(cursor, _LISTED, cursors.moment, cursors.key)
    return {"last_at": last_at, "last_id": last_id}
