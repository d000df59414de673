"""Exports: the items of a view as CSV, as their asker may see them, fetched once with a ticket of a minute."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import IO, Any

from core.cells import cell
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import Permission, requires
from core.queue import inbox
from core.queue.filters import Filter
from core.queue.inbox import QueueRow, row_of
from core.queue.viewing import ENTRIES, ITEMS, Entry, entry_of
from core.uow import UnitOfWork

MOST = 50_000
LIFE = timedelta(seconds=60)
_CHUNK = 1000
_IN_MEMORY = 4 * 2**20
_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")


class Contents(StrEnum):
    """What an export holds: a line for each item, or for each action in the history of each item."""

    ITEMS = "items"
    ACTIONS = "actions"


@dataclass(frozen=True)
class Export:
    """A finished export: its file name, its content from the beginning, its bytes and its lines below the headings.

    Whoever has it closes the file, which then is gone.
    """

    name: str
    file: IO[bytes]
    size: int
    lines: int


@requires(Permission.OPS_READ, leaves="export.offered")
def offer(uow: UnitOfWork, wanted: Filter, contents: Contents = Contents.ITEMS) -> str:
    """A ticket for the items that `wanted` describes: good once, for a minute, for the asker alone.

    The export itself is at `/export/` and the ticket. Raises Invalid for a filter that cannot be used, and for more
    than 50,000 items.
    """
    if uow.principal.staff_id is None:
        raise NotPermitted(Permission.OPS_READ, "Only a member of staff gets exports.")
    if contents not in set(Contents):
        raise Invalid("contents", f"is one of {', '.join(Contents)}")
    items = len(inbox.matching(uow, wanted, MOST))
    ticket = secrets.token_urlsafe(32)
    uow.execute("DELETE FROM export_tickets WHERE expires_at < :now", {"now": uow.now})
    uow.execute(
        "INSERT INTO export_tickets (token_hash, staff_id, contents, filters, expires_at) "
        "VALUES (:hash, :me, :contents, CAST(:filters AS jsonb), :expires_at)",
        {
            "hash": _hash(ticket),
            "me": uow.principal.staff_id,
            "contents": contents,
            "filters": wanted.kept(),
            "expires_at": uow.now + LIFE,
        },
    )
    uow.record("export.offered", "queue", wanted.queue, contents=contents, items=items, filters=wanted.told())
    return ticket


@requires(Permission.OPS_READ, leaves="queue.exported")
def redeem(uow: UnitOfWork, ticket: str) -> Export:
    """The export that a ticket is for, with personal data as the caller may see it now. On record with its lines.

    Raises NotFound for a ticket that is used, too old, or another's.
    """
    row = uow.execute(
        "UPDATE export_tickets SET used_at = :now WHERE token_hash = :hash AND staff_id = :me AND used_at IS NULL "
        "AND expires_at > :now RETURNING contents, filters",
        {"now": uow.now, "hash": _hash(ticket), "me": uow.principal.staff_id},
    ).one_or_none()
    if row is None or not _TICKET.fullmatch(ticket):
        raise NotFound("export", "here: it was fetched already, or asked for more than a minute ago. Ask for it again")
    contents, wanted = Contents(row.contents), Filter.restored(row.filters)
    export = _written(uow, wanted, contents)
    uow.record(
        "queue.exported",
        "queue",
        wanted.queue,
        pii=uow.principal.lens.clear and export.lines > 0,
        contents=contents,
        rows=export.lines,
        filters=wanted.told(),
    )
    return export


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()


_ITEM: dict[str, Callable[[QueueRow], object]] = {
    "id": lambda item: item.id,
    "queue": lambda item: item.queue,
    "item_type": lambda item: item.item_type,
    "title": lambda item: item.title,
    "reason": lambda item: item.reason,
    "priority": lambda item: item.priority,
    "priority_score": lambda item: item.priority_score,
    "confidence_score": lambda item: item.confidence_score,
    "status": lambda item: item.status,
    "escalation_level": lambda item: item.escalation_level,
    "occurrences": lambda item: item.occurrences,
    "assigned_to": lambda item: item.holder,
    "waiting_on": lambda item: item.waiting_on,
    "deferred_until": lambda item: item.deferred_until,
    "created_at": lambda item: item.created_at,
    "sla_deadline": lambda item: item.sla_deadline,
    "sla_state": lambda item: item.sla_state,
    "first_responded_at": lambda item: item.first_responded_at,
    "resolved_at": lambda item: item.resolved_at,
    "resolution": lambda item: item.resolution,
    "resource_type": lambda item: item.resource_type,
    "resource_id": lambda item: item.resource_id,
    "source": lambda item: item.source,
    "external_ref": lambda item: item.external_ref,
    "related": lambda item: item.related or None,
}
_ACTION: dict[str, Callable[[Entry], object]] = {
    "action": lambda entry: entry.kind,
    "at": lambda entry: entry.at,
    "by": lambda entry: entry.actor,
    "status_before": lambda entry: entry.status_before,
    "status_after": lambda entry: entry.status_after,
    "details": lambda entry: entry.payload or None,
}


def _written(uow: UnitOfWork, wanted: Filter, contents: Contents) -> Export:
    """The whole file, in memory while it is small: what is on record is what is in it."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - its reader closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # a spreadsheet knows UTF-8 by its mark alone
    table = csv.writer(text)
    table.writerow([*_ITEM, *(_ACTION if contents is Contents.ACTIONS else ())])
    lines = 0
    for lines, line in enumerate(_lines(uow, wanted, contents), 1):  # noqa: B007 - the last is their number
        table.writerow(line)
    text.detach()
    size = file.tell()
    file.seek(0)
    return Export(f"opsdesk-{contents}-{uow.now:%Y%m%d-%H%M}.csv", file, size, lines)


def _lines(uow: UnitOfWork, wanted: Filter, contents: Contents) -> Iterator[list[str]]:
    ids = [row.id for row in inbox.matching(uow, wanted, MOST)]
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        histories = _histories(uow, chunk) if contents is Contents.ACTIONS else None
        for item in _items(uow, chunk):
            line = [cell(value(item)) for value in _ITEM.values()]
            if histories is None:
                yield line
            else:
                yield from (
                    [*line, *(cell(value(entry)) for value in _ACTION.values())] for entry in histories[item.id]
                )


def _items(uow: UnitOfWork, ids: Sequence[int]) -> Iterator[QueueRow]:
    """These items, in this order."""
    rows = {row.id: row for row in uow.rows(f"{ITEMS} WHERE i.id = ANY(:ids)", {"ids": ids})}
    return (row_of(uow, rows[item]) for item in ids)


def _histories(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, list[Entry]]:
    """The actions of each of these items, oldest first."""
    found: dict[int, list[Entry]] = defaultdict(list)
    row: Any
    for row in uow.rows(f"{ENTRIES} WHERE a.item_id = ANY(:ids) ORDER BY a.item_id, a.id", {"ids": ids}):
        found[row.item_id].append(entry_of(row, uow.principal.lens))
    return found
