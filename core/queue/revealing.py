"""Opening the full record behind an item: a deed of its own, counted against the caller's allowance, with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import SQLModel

import core.tables  # noqa: F401 - fills the metadata
from core import allowances
from core.errors import Invalid
from core.permissions import Permission, requires
from core.queue import inbox
from core.queue.filters import Filter
from core.queue.summaries import SOURCES, Source
from core.text import checked_text
from core.uow import UnitOfWork

_OURS = {"risk_told_for", "late_told_for", "scanned_as_of"}
"""Columns that are about our own work and not about the record."""


@requires(Permission.OPS_READ, leaves=None)
def reveal(
    uow: UnitOfWork, ids: Sequence[int], reason: str, fields: Sequence[str] | None = None
) -> dict[int, Mapping[str, Any]]:
    """The full records behind these items, by item, as the caller may see them; only `fields` of them where given.

    Each counts against MAX_EXPAND_PER_HOUR and is on record with the reason. Items that have none are left out and
    cost nothing. Raises LimitReached, and then shows none; Invalid for a field that no record has.
    """
    why = checked_text("reason", reason, 500)
    wanted = _wanted(fields)
    found = {row.id: row for kind in _kinds(uow, ids) for row in uow.rows(_statement(kind), {"ids": list(ids)})}
    if not found:
        return {}
    allowances.spend(uow, len(found))
    for item in found:
        uow.record("item.revealed", "work_item", item, pii=uow.principal.lens.clear, reason=why, fields=fields)
    return {item: _shown(uow, row, wanted) for item, row in found.items()}


@requires(Permission.OPS_READ, leaves="queue.read")
def expanded_page(
    uow: UnitOfWork,
    wanted: Filter,
    *,
    limit: int = 20,
    skip: int = 0,
    cursor: str | None = None,
    fields: Sequence[str] | None = None,
) -> inbox.Page:
    """One page of the queue whose items carry the full record in place of its summary. Raises as `reveal` does."""
    page = inbox.page(uow, wanted, limit=limit, skip=skip, cursor=cursor)
    records = reveal(uow, [row.id for row in page.items], "expanded in the priority queue", fields)
    return replace(page, items=tuple(replace(row, related=records.get(row.id, {})) for row in page.items))


_BY_SESSION = "session"
_KINDS = (
    "SELECT DISTINCT CASE WHEN resource_id IS NOT NULL THEN resource_type WHEN session_id IS NOT NULL "
    f"THEN '{_BY_SESSION}' END AS kind FROM work_items WHERE id = ANY(:ids)"
)
_BY_RESOURCE = (
    "JOIN {table} r ON i.resource_type = '{kind}' AND r.id = "
    "CASE WHEN i.resource_id ~ '^[0-9]{{1,18}}$' THEN i.resource_id::bigint END"
)
_LATEST_OF_SESSION = (
    "CROSS JOIN LATERAL (SELECT * FROM bookings WHERE session_id = i.session_id "
    "AND i.resource_id IS NULL ORDER BY id DESC LIMIT 1) r"
)


def _kinds(uow: UnitOfWork, ids: Sequence[int]) -> list[str]:
    return [row.kind for row in uow.rows(_KINDS, {"ids": list(ids)}) if row.kind in {*SOURCES, _BY_SESSION}]


def _statement(kind: str) -> str:
    """The records of one kind of resource behind :ids, or the bookings that items are linked to by their session."""
    source = SOURCES["booking" if kind == _BY_SESSION else kind]
    joined = _LATEST_OF_SESSION if kind == _BY_SESSION else _BY_RESOURCE.format(table=source.table, kind=kind)
    customer = "to_jsonb(c)" if _has_customer(source) else "NULL::jsonb"
    return (
        f"SELECT i.id, to_jsonb(r) AS record, {customer} AS customer FROM work_items i {joined} {source.joins} "
        "WHERE i.id = ANY(:ids)"
    )


def _has_customer(source: Source) -> bool:
    return " c ON" in source.joins


def _wanted(fields: Sequence[str] | None) -> set[str] | None:
    if fields is None:
        return None
    known = {column.name for source in SOURCES.values() for column in SQLModel.metadata.tables[source.table].columns}
    for name in fields:
        if name not in (known - _OURS) | {"customer"}:
            raise Invalid("fields", f"are among {', '.join(sorted((known - _OURS) | {'customer'}))}")
    return set(fields)


def _shown(uow: UnitOfWork, row: Any, wanted: set[str] | None) -> Mapping[str, Any]:
    record = {name: value for name, value in row.record.items() if name not in _OURS}
    if row.customer is not None:
        record["customer"] = row.customer
    chosen = record if wanted is None else {name: value for name, value in record.items() if name in wanted}
    shown: Mapping[str, Any] = uow.principal.lens.document(chosen)
    return shown
