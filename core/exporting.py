"""Exports: the items of a view as CSV, as their asker may see them, fetched once with a ticket of a minute."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from core import tickets
from core.cells import cell
from core.errors import Invalid
from core.permissions import Permission, requires
from core.queue import inbox
from core.queue.filters import Filter
from core.queue.inbox import QueueRow, row_of
from core.queue.viewing import ENTRIES, ITEMS, Entry, entry_of
from core.tickets import Export
from core.uow import UnitOfWork

MOST = 50_000
_CHUNK = 1000
_IN_MEMORY = 4 * 2**20


class Contents(StrEnum):
    """What an export holds: a line for each item, or for each action in the history of each item."""

    ITEMS = "items"
    ACTIONS = "actions"


@requires(Permission.OPS_READ, leaves="export.offered")
def offer(uow: UnitOfWork, wanted: Filter, contents: Contents = Contents.ITEMS) -> str:
    """A ticket for the items that `wanted` describes: good once, for a minute, for the asker alone.

    The export itself is at `/export/` and the ticket. Raises Invalid for a filter that cannot be used, and for more
    than 50,000 items.
    """
    if contents not in set(Contents):
        raise Invalid("contents", f"is one of {', '.join(Contents)}")
    items = len(inbox.matching(uow, wanted, MOST))
    ticket = tickets.give(uow, contents, wanted.kept())
    uow.record("export.offered", "queue", wanted.queue, contents=contents, items=items, filters=wanted.told())
    return ticket


@requires(Permission.OPS_READ, leaves="queue.exported")
def export(uow: UnitOfWork, contents: str, told: Mapping[str, Any]) -> Export:
    """The export that a ticket was given for. On record with its lines."""
    wanted = Filter.restored(told)
    made = _written(uow, wanted, Contents(contents))
    uow.record(
        "queue.exported",
        "queue",
        wanted.queue,
        pii=uow.principal.lens.clear and made.lines > 0,
        contents=contents,
        rows=made.lines,
        filters=wanted.told(),
    )
    return made


tickets.made_by(export, *Contents)

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
