"""How items come into the queue: one or ten thousand at a time, merged into what is open already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core import audit
from core.alerts.raising import raise_if_critical
from core.errors import Invalid
from core.permissions import Permission, requires
from core.queue import priority as scoring
from core.queue.newcomers import NewItem, checked
from core.queue.summaries import summarise
from core.sla import deadlines
from core.sla.events import EventKind
from core.sla.policies import PolicyBook, Promise, Wanted
from core.tables.work import OPEN
from core.uow import UnitOfWork
from core.words import Priority


@dataclass(frozen=True)
class Opened:
    """What became of a new item: its id, and whether it is "new", "merged" into an open one, or was "known" before."""

    id: int
    outcome: Literal["new", "merged", "known"]


@requires(Permission.OPS_WRITE, leaves="item.opened")
def open_item(uow: UnitOfWork, new: NewItem) -> Opened:
    """Put one item into the queue, or merge it into the open one with the same dedup key.

    Raises Invalid naming the field that cannot be used.
    """
    return _open(uow, [new])[0]


@requires(Permission.OPS_WRITE, leaves="item.opened")
def open_items(uow: UnitOfWork, news: Sequence[NewItem]) -> list[Opened]:
    """Put many items into the queue, set-based; the answers stand in the order of `news`.

    An item whose source has sent it before (same external reference) is known: nothing happens to it.
    """
    if not news:
        raise Invalid("items", "are at least one")
    return _open(uow, news)


def _open(uow: UnitOfWork, news: Sequence[NewItem]) -> list[Opened]:
    given = [checked(uow, new) for new in news]
    known = _known(uow, given)
    rows, places = _fold([row for row in given if _reference(row) not in known])
    put = _insert(uow, rows)
    fresh = {item.id: row for item, row in zip(put, rows, strict=True) if item.outcome == "new"}
    merged = [item.id for item in put if item.outcome == "merged"]
    _start_clocks(uow, fresh)
    _write_down(uow, put, rows)
    if merged:
        deadlines.retarget(uow, merged, "merged with a newcomer")
    summarise(uow, list(fresh))
    scoring.rescore(uow, [*fresh, *merged])
    raise_if_critical(uow, [*fresh, *merged])
    waiting = iter(places)
    return [known.get(_reference(row)) or put[next(waiting)] for row in given]


def _reference(row: Mapping[str, Any]) -> tuple[str, str | None]:
    return row["source"], row["external_ref"]


def _known(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str | None], Opened]:
    """The items that their source has sent before, by source and reference; each seen again is on record."""
    told = [{"source": row["source"], "ref": row["external_ref"]} for row in rows if row["external_ref"] is not None]
    if not told:
        return {}
    found = uow.rows(
        "SELECT i.source, i.external_ref, i.id FROM jsonb_to_recordset(CAST(:told AS jsonb)) "
        "AS r(source text, ref text) JOIN work_items i ON i.source = r.source AND i.external_ref = r.ref",
        {"told": json.dumps(told)},
    )
    if found:
        uow.record("item.opened", "work_item", None, known=len(found))
    return {(row.source, row.external_ref): Opened(row.id, "known") for row in found}


def _fold(rows: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[int]]:
    """One row for each open dedup key of the batch (decided ones stand alone), and the place of each given row in it.

    A folded row counts how often it came and has the highest priority that was brought.
    """
    folded: list[dict[str, Any]] = []
    places, seen = [], dict[str, int]()
    for row in rows:
        place = seen.get(row["dedup_key"]) if row["resolved_at"] is None else None
        if place is None:
            place = len(folded)
            folded.append(row | {"times": 0})
            if row["resolved_at"] is None:
                seen[row["dedup_key"]] = place
        first = folded[place]
        first["times"] += 1
        first["priority"] = min(first["priority"], row["priority"], key=lambda name: Priority(name).rank)
        places.append(place)
    return folded, places


_COLUMNS = {
    "queue": "text",
    "item_type": "text",
    "resource_type": "text",
    "resource_id": "text",
    "session_id": "text",
    "customer_id": "bigint",
    "title": "text",
    "reason": "text",
    "context": "jsonb",
    "priority": "text",
    "confidence_score": "float",
    "stake_amount": "numeric",
    "status": "text",
    "created_at": "timestamptz",
    "sla_hours": "float",
    "first_responded_at": "timestamptz",
    "resolved_at": "timestamptz",
    "resolution": "text",
    "dedup_key": "text",
    "failure_signature": "text",
    "source": "text",
    "external_ref": "text",
}
_RANK = "array_position(ARRAY['critical', 'high', 'medium', 'low'], {})"
_INSERT = f"""
WITH news AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r({", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())}, times int, place int)
), put AS (
    INSERT INTO work_items ({", ".join(_COLUMNS)}, occurrences, sla_started_at, updated_at)
    SELECT {", ".join(_COLUMNS)}, times, created_at, :now FROM news ORDER BY place
    ON CONFLICT (dedup_key) WHERE {OPEN} DO UPDATE SET
        occurrences = work_items.occurrences + excluded.occurrences,
        version = work_items.version + 1,
        updated_at = :now,
        priority = CASE WHEN {_RANK.format("excluded.priority")} < {_RANK.format("work_items.priority")}
            THEN excluded.priority ELSE work_items.priority END
    RETURNING id, dedup_key, CASE WHEN xmax = 0 THEN 'new' ELSE 'merged' END AS outcome
)
SELECT id, dedup_key, outcome FROM put"""


def _insert(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> list[Opened]:
    """Put the rows in, or merge them; the answers stand in their order, as PostgreSQL inserts one by one."""
    told = [
        {name: value for name, value in row.items() if name != "due_at"} | {"place": place}
        for place, row in enumerate(rows)
    ]
    put = uow.rows(_INSERT, {"rows": json.dumps(told, default=str), "now": uow.now})
    assert [found.dedup_key for found in put] == [row["dedup_key"] for row in rows]
    return [Opened(found.id, found.outcome) for found in put]


def _start_clocks(uow: UnitOfWork, rows: Mapping[int, dict[str, Any]]) -> None:
    """Start each new item's SLA clock at its creation, with what its source says has happened since."""
    book = PolicyBook.at(uow)
    promises = {item: book.promise(_wanted(row)) for item, row in rows.items()}
    events = [event for item, row in rows.items() for event in _clock_events(item, row, promises[item])]
    uow.execute(
        "INSERT INTO clock_events (item_id, kind, at, cycle, calendar_id, targets) "
        "SELECT id, kind, at, 1, calendar, targets FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
        "AS r(id bigint, kind text, at timestamptz, calendar bigint, targets jsonb)",
        {"rows": json.dumps(events)},
    )
    deadlines.recompute(uow, list(rows))


def _wanted(row: Mapping[str, Any]) -> Wanted:
    return Wanted(row["queue"], row["item_type"], row["priority"], row["sla_hours"], row["due_at"], row["open_ended"])


def _clock_events(item: int, row: Mapping[str, Any], promise: Promise) -> list[dict[str, Any]]:
    start = {"id": item, "kind": EventKind.START, "at": row["created_at"]}
    told = [start | {"calendar": promise.calendar_id, "targets": promise.targets.to_json()}]
    for kind, column in ((EventKind.RESPOND, "first_responded_at"), (EventKind.FULFIL, "resolved_at")):
        if row[column]:
            told.append({"id": item, "kind": kind, "at": row[column]})
    return told


def _write_down(uow: UnitOfWork, put: Sequence[Opened], rows: Sequence[Mapping[str, Any]]) -> None:
    """History and trail of every item that was opened or merged.

    The history tells of an item's opening, and of a decision that its source brought along, at the moment when
    that was; the trail tells of all of it now, when it came to be here.
    """
    told = [
        {
            "item": item.id,
            "kind": "MERGE" if item.outcome == "merged" else "OPEN",
            "payload": {name: row[name] for name in ("reason", "source", "times", "priority")},
        }
        for item, row in zip(put, rows, strict=True)
    ]
    uow.execute(
        "WITH told AS (SELECT r.*, i.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
        "AS r(item bigint, kind text, payload jsonb) JOIN work_items i ON i.id = item), steps AS ("
        "SELECT id, 1 AS step, kind, CASE kind WHEN 'OPEN' THEN created_at ELSE :now END AS at, NULL AS before, "
        "CASE WHEN resolved_at IS NULL THEN status ELSE 'open' END AS after, version, payload FROM told UNION ALL "
        "SELECT id, 2, CASE status WHEN 'rejected' THEN 'REJECT' ELSE 'RESOLVE' END, resolved_at, 'open', status, "
        "version, jsonb_build_object('option', resolution, 'source', source) FROM told WHERE resolved_at IS NOT NULL), "
        "history AS (INSERT INTO work_actions (item_id, kind, at, actor_kind, staff_id, actor_name, status_before, "
        "status_after, version, payload) SELECT id, kind, at, :kind, :staff_id, :name, before, after, version, payload "
        "FROM steps ORDER BY id, step) "
        f"INSERT INTO ops_audit_log ({audit.COLUMNS}) SELECT :now, :kind, :staff_id, :name, 'item.opened', "
        "'work_item', id::text, false, jsonb_build_object('merged', told.kind = 'MERGE', 'source', payload->'source'), "
        ":ip, :agent FROM told ORDER BY id",
        {**audit.actor_values(uow.principal), "now": uow.now, "rows": json.dumps(told, default=str)},
    )
    uow.wrote_trail("item.opened", len(told))
