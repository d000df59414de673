"""Incidents of a service desk, told as a log of events: one item for each, with the way it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from core.checking import checked_form
from core.errors import Invalid
from core.intake.drafts import Draft, Drafts, Format, Line, Problem, Reject, Rows
from core.intake.forms import WorkForm
from core.intake.values import Columns, moment, text, whole
from core.words import Priority, Queue, Status

_WRITTEN = "%d/%m/%Y %H:%M"
_NOTHING = ("", "?")
_PRIORITIES = {
    "1 - Critical": Priority.CRITICAL,
    "2 - High": Priority.HIGH,
    "3 - Moderate": Priority.MEDIUM,
    "4 - Low": Priority.LOW,
}
_SETTLED = {"Resolved", "Closed"}
_CONTEXT = ("contact_type", "category", "subcategory", "u_symptom", "impact", "urgency", "location")
_COLUMNS = (
    "number",
    "incident_state",
    "reassignment_count",
    "reopen_count",
    "made_sla",
    "opened_at",
    "sys_updated_at",
    "priority",
    "assignment_group",
    "closed_code",
    "resolved_at",
    "closed_at",
    *_CONTEXT,
)


def _reader(rows: Rows, as_of: datetime | None) -> Drafts:
    """An incident's events follow each other; its row is the last of them."""
    for number, told in groupby(rows, lambda row: row.columns.get("number")):
        events = []
        for row in told:
            if isinstance(row, Reject):
                yield row
            else:
                events.append(row)
        if events:
            yield from _incident(str(number), events, as_of)


def _incident(number: str, events: Sequence[Line], as_of: datetime | None) -> Iterator[Draft | Reject]:
    last = events[-1]
    try:
        known = [event for event in events if as_of is None or _at(event, "sys_updated_at") <= as_of]
        yield _read(number, events, known or events[:1])
    except Invalid as error:
        yield from (Reject(event.number, error.sentence, event.columns) for event in events)
    except KeyError as error:
        yield Reject(last.number, f"{error.args[0]}: is missing", last.columns)


def _read(number: str, events: Sequence[Line], known: Sequence[Line]) -> Draft:
    """The incident after the events that are known; the log repeats its final times on every line of it."""
    last, opened = known[-1].columns, _at(known[0], "opened_at")
    settled = last["incident_state"] in _SETTLED
    resolved = _time(last, "resolved_at")
    ended = (resolved or _time(last, "closed_at") or _at(known[-1], "sys_updated_at")) if settled else None
    form = checked_form(
        WorkForm,
        {
            "external_ref": number,
            "item_type": "incident",
            "resource_type": "incident",
            "resource_id": number,
            "queue": Queue.AUTOMATION,
            "title": f"{number}: {last['category']}, {last['subcategory']}",
            "reason": f"{last['u_symptom'] if last['u_symptom'] not in _NOTHING else 'no symptom told'}",
            "priority": _PRIORITIES.get(last["priority"], last["priority"]),
            "context": _context(last, known, settled),
            "created_at": opened,
            "responded_at": _first_response(known),
            "status": Status.RESOLVED if settled else Status.OPEN,
            "resolved_at": ended,
            "resolution": text(last, "closed_code", _NOTHING) if settled else None,
        },
    )
    problems = tuple(_problems(opened, resolved, ended))
    return Draft(events[-1].number, form, problems, lines=len(events))


def _context(last: Columns, known: Sequence[Line], settled: bool) -> dict[str, Any]:
    counts = {"reassignments": whole(last, "reassignment_count"), "reopened": whole(last, "reopen_count")}
    told = {name: said for name in _CONTEXT if (said := text(last, name, _NOTHING))}
    final = {"made_sla": last["made_sla"] == "true"} if settled else {}
    return told | counts | final | {"state": last["incident_state"], "way": list(_way(known))}


def _way(known: Sequence[Line]) -> Iterator[dict[str, Any]]:
    """The states and groups that the incident went through, without the events that changed neither."""
    before = None
    for event in known:
        now = event.columns["incident_state"], text(event.columns, "assignment_group", _NOTHING)
        if now != before:
            yield {"state": now[0], "group": now[1], "at": _at(event, "sys_updated_at")}
        before = now


def _first_response(known: Sequence[Line]) -> datetime | None:
    """When the incident first was no longer new."""
    return next((_at(event, "sys_updated_at") for event in known if event.columns["incident_state"] != "New"), None)


def _time(columns: Columns, name: str) -> datetime | None:
    return moment(columns, name, _WRITTEN, missing=_NOTHING)


def _at(event: Line, name: str) -> datetime:
    found = _time(event.columns, name)
    if found is None:
        raise Invalid(name, "is a time such as 31/01/2016 13:05")
    return found


def _problems(opened: datetime, resolved: datetime | None, ended: datetime | None) -> Iterator[Problem]:
    if ended is not None and resolved is None:
        yield Problem(("resolved_at",), "closed without ever being resolved")
    if ended is not None and ended < opened:
        yield Problem(("resolved_at", "created_at"), "resolved before it was opened")


FORMAT = Format("uci-incidents", "incidents", _COLUMNS, _reader)
