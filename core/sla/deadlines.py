"""The stored deadlines of items: computed from their clock events whenever what they depend on changes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import config
from core.alerts.clearing import follow_items
from core.sla.calendars import Calendar
from core.sla.clock import Reading, read
from core.sla.events import Event, EventKind, Targets
from core.sla.policies import PolicyBook, Promise, Wanted, calendars
from core.tables.work import OPEN
from core.uow import UnitOfWork

BATCH = 1000
_EVENTS = (
    "SELECT item_id, kind, at, cycle, reason, calendar_id, targets FROM clock_events "
    "WHERE item_id = ANY(:ids) AND at < coalesce(:before, 'infinity'::timestamptz) ORDER BY id"
)
_STORE = (
    "UPDATE work_items i SET sla_deadline = d.due, at_risk_at = d.risk, sla_paused = d.paused, "
    "first_response_due_at = d.first, sla_started_at = d.began "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS d(id bigint, due timestamptz, risk timestamptz, paused boolean, first timestamptz, began timestamptz) "
    "WHERE i.id = d.id"
)


@dataclass(frozen=True)
class Story:
    """An item's clock events and the calendar that they count in."""

    events: tuple[Event, ...]
    calendar: Calendar

    def read(self, now: datetime) -> Reading:
        """What the clock says at `now`."""
        return read(self.events, self.calendar, now, config.sla_buffer())


def stories(uow: UnitOfWork, ids: Iterable[int]) -> dict[int, Story]:
    """The clock events of each of these items, with its calendar."""
    return {item: told[-1] for item, told in cycle_stories(uow, ids).items()}


def cycle_stories(uow: UnitOfWork, ids: Iterable[int], before: datetime | None = None) -> dict[int, list[Story]]:
    """For each cycle of each of these items what happened to its end, and its own calendar; nothing from `before` on.

    Each story tells of the cycles that went before as well: targets may be theirs.
    """
    told: dict[int, list[Any]] = defaultdict(list)
    for row in uow.rows(_EVENTS, {"ids": list(ids), "before": before}):
        told[row.item_id].append(row)
    parts = {item: _by_cycle(rows) for item, rows in told.items()}
    known = calendars(uow, {_calendar_id(rows) for each in parts.values() for rows in each})
    return {
        item: [Story(tuple(map(_event, rows)), known[_calendar_id(rows)]) for rows in each]
        for item, each in parts.items()
    }


def _by_cycle(rows: Sequence[Any]) -> list[list[Any]]:
    return [[row for row in rows if row.cycle <= cycle] for cycle in sorted({row.cycle for row in rows})]


def _calendar_id(rows: Sequence[Any]) -> int | None:
    """The calendar of the targets in force: the last event that brought targets names it."""
    return next((row.calendar_id for row in reversed(rows) if row.targets), None)


def _event(row: Any) -> Event:
    targets = Targets.from_json(row.targets) if row.targets else None
    return Event(EventKind(row.kind), row.at, row.cycle, row.reason, targets)


def recompute(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Store anew what the clock events of these items say about their deadlines."""
    store(uow, {item: story.read(uow.now) for item, story in stories(uow, ids).items()})


def store(uow: UnitOfWork, readings: dict[int, Reading]) -> None:
    """Write readings into their items, all in one statement. Part of the move that caused it: no trail of its own.

    What alerts said of their deadlines before is over.
    """
    rows = [
        {
            "id": item,
            "due": _text(reading.resolution_due_at),
            "risk": _text(reading.at_risk_at),
            "paused": reading.paused,
            "first": _text(reading.first_response_due_at),
            "began": _text(reading.started_at),
        }
        for item, reading in readings.items()
    ]
    if rows:
        uow.execute(_STORE, {"rows": json.dumps(rows)})
        follow_items(uow, list(readings))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


_WANTED = "SELECT id, queue, item_type, priority, sla_hours, sla_cycle FROM work_items WHERE id = ANY(:ids) ORDER BY id"


def retarget(uow: UnitOfWork, ids: Sequence[int], reason: str) -> None:
    """Give open items the targets that the policies in force hold for them now, from the start of their cycle.

    Called when priority, policy or calendar changed, and when an item is reopened. An item's own hours and
    a deadline that its source set stay what they are; so does having none by its source.
    """
    book = PolicyBook.at(uow)
    told = stories(uow, ids)
    promises = {
        row.id: (row.sla_cycle, book.promise(_wanted(row, told.get(row.id))))
        for row in uow.rows(_WANTED, {"ids": list(ids)})
    }
    append(uow, EventKind.REPRIORITISE, promises, reason)
    recompute(uow, ids)


def _wanted(row: Any, story: Story | None) -> Wanted:
    """What decides the item's targets; what its source said of its deadline is in its latest ones."""
    last = next((event.targets for event in reversed(story.events) if event.targets), None) if story else None
    due_at, open_ended = (last.resolution_due_at, last.is_open_ended) if last else (None, False)
    return Wanted(row.queue, row.item_type, row.priority, row.sla_hours, due_at, open_ended)


def recompute_open(uow: UnitOfWork) -> None:
    """Store anew what the clocks of all open items say: a setting that they depend on has changed."""
    ids = [row.id for row in uow.rows(f"SELECT id FROM work_items WHERE {OPEN} ORDER BY id")]
    for start in range(0, len(ids), BATCH):
        recompute(uow, ids[start : start + BATCH])


config.follow("SLA_BUFFER_HOURS", recompute_open)


def append(
    uow: UnitOfWork, kind: EventKind, promises: dict[int, tuple[int, Promise]], reason: str | None = None
) -> None:
    """Add one clock event with targets to each item: {id: (cycle, promise)}."""
    rows = [
        {"id": item, "cycle": cycle, "calendar": promise.calendar_id, "targets": promise.targets.to_json()}
        for item, (cycle, promise) in promises.items()
    ]
    uow.execute(
        "INSERT INTO clock_events (item_id, kind, at, cycle, reason, calendar_id, targets) "
        "SELECT id, :kind, :now, cycle, :reason, calendar, targets FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
        "AS r(id bigint, cycle int, calendar bigint, targets jsonb)",
        {"kind": kind, "now": uow.now, "reason": reason, "rows": json.dumps(rows)},
    )
