"""The form of a rule: it builds the JSON, which stands beside it and can be written by hand where that says more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

import streamlit as st

from core.alerts.rules import bounds
from core.alerts.rules.fields import EVENTS, METRICS, SUBJECTS, Mark
from core.alerts.rules.keeping import NAME_LENGTH
from core.alerts.rules.language import CHANNELS, DAYS, MESSAGE_LENGTH, TITLE_LENGTH
from core.alerts.rules.parsing import placeholder_names
from core.alerts.rules.telling import event_words
from core.people import Person
from core.permissions import Role
from core.words import Severity
from ui.badges import SEVERITY, words
from ui.plain import distinct, literal
from ui.rules import conditions

KINDS = {"event": "Event", "sla": "Deadline", "threshold": "Metric", "schedule": "Schedule"}
_OPERATORS = {"more_than": "more than", "at_least": "at least", "less_than": "less than", "at_most": "at most"}
_TITLES = {
    "event": "Item {number} was opened",
    "sla": "Item {number}: {event}",
    "threshold": "{metric}: {value}",
    "schedule": "{total_pending} items are open",
}
"""What a new rule's alert is called, until somebody says it better."""
_PER = {"record": "Once for each record", "rule": "Once for all"}
_NEW: Mapping[str, Any] = {
    "kind": "event",
    "event": "item.opened",
    "title": _TITLES["event"],
    "audience": {"to": "everybody"},
}


def draw(of: str, name: str, kept: Mapping[str, Any] | None, people: Sequence[Person], zone: str) -> None:
    """Draw the form, or the JSON where that is wanted or says more. Widgets are known by `of`."""
    said = dict(kept or _NEW)
    simple = conditions.rows_of(said.get("condition")) is not None
    left, right = st.columns([2.2, 1], gap="small")
    left.text_input("Name", name, key=f"{of}_name", max_chars=NAME_LENGTH, placeholder="What it watches for")
    by_hand = right.segmented_control(
        "Said by", ["Form", "JSON"], default="Form" if simple else "JSON", required=True, key=f"{of}_way"
    )
    if by_hand == "JSON":
        begun = json.dumps(read(of) if simple and f"{of}_kind" in st.session_state else said, indent=2)
        st.text_area("JSON", begun, key=f"{of}_json", height=360, max_chars=bounds.MOST_LETTERS)
        return
    kind = st.segmented_control(
        "Kind",
        list(KINDS),
        format_func=KINDS.__getitem__,
        default=said["kind"],
        required=True,
        key=f"{of}_kind",
        persist_state="page",
    )
    _OWN[kind or "event"](of, said, zone)
    _texts(of, said)
    _to(of, said, people)
    with st.expander("The JSON that this says", icon=":material/data_object:"):
        st.code(json.dumps(read(of), indent=2), language="json")


def named(of: str) -> str:
    """The name that is filled in."""
    return str(st.session_state.get(f"{of}_name", ""))


def read(of: str) -> Any:
    """What the form says, as JSON. Raises Invalid where it was written by hand and is none."""
    said = st.session_state
    if said.get(f"{of}_way") == "JSON":
        return bounds.from_text(str(said.get(f"{of}_json", "")))
    kind = _kind(of)
    built = {"kind": kind, **_READ[kind](of)}
    built |= {name: said.get(f"{of}_{kind}_{name}") or "" for name in ("title", "message")}
    built |= {"severity": said.get(f"{of}_severity") or "warning", "audience": _audience(of)}
    built |= {name: said.get(f"{of}_{name}") for name in ("cooldown_minutes", "expires_minutes")}
    return built | {"channels": list(said.get(f"{of}_channels") or ["in_app"])}


def _kind(of: str) -> str:
    return st.session_state.get(f"{of}_kind") or "event"


def _event(of: str, said: Mapping[str, Any], _zone: str) -> None:
    names = list(EVENTS)
    left, right = st.columns([2, 1], gap="small")
    event = left.selectbox(
        "Event", names, index=_place(names, said.get("event")), format_func=event_words, key=f"{of}_event"
    )
    _per(right, of, said)
    subject = EVENTS[event].subject
    same = said.get("event") in EVENTS and EVENTS[said["event"]].subject == subject
    conditions.draw(f"{of}_{subject}", SUBJECTS[subject].fields, said.get("condition") if same else None)


def _sla(of: str, said: Mapping[str, Any], _zone: str) -> None:
    marks = [each.value for each in Mark]
    left, right = st.columns([2, 1], gap="small")
    left.selectbox("When", marks, index=_place(marks, said.get("mark")), format_func=event_words, key=f"{of}_mark")
    _per(right, of, said)
    conditions.draw(f"{of}_sla", SUBJECTS["item"].fields, said.get("condition") if said["kind"] == "sla" else None)


def _per(column: Any, of: str, said: Mapping[str, Any]) -> None:
    column.selectbox(
        "Fires", list(_PER), index=_place(list(_PER), said.get("per")), format_func=_PER.__getitem__, key=f"{of}_per"
    )


def _threshold(of: str, said: Mapping[str, Any], _zone: str) -> None:
    metrics, operators = list(METRICS), list(_OPERATORS)
    first, second, third = st.columns([2, 1, 1], gap="small")
    first.selectbox(
        "Metric",
        metrics,
        index=_place(metrics, said.get("metric")),
        format_func=lambda it: METRICS[it].label,
        key=f"{of}_metric",
    )
    second.selectbox(
        "Is",
        operators,
        index=_place(operators, said.get("operator")),
        format_func=_OPERATORS.__getitem__,
        key=f"{of}_operator",
    )
    third.number_input("Value", value=float(said.get("value", 100)), key=f"{of}_value", format="%g")
    left, right = st.columns(2, gap="small")
    left.number_input("Held for minutes", 0, 10_080, int(said.get("held_minutes", 5)), key=f"{of}_held_minutes")
    clears = said.get("clears_at")
    right.number_input(
        "Over when back at",
        value=None if clears is None else float(clears),
        key=f"{of}_clears_at",
        format="%g",
        placeholder="the value itself",
        help="Leave room between the two, so that a metric around the value does not fire again and again.",
    )


def _schedule(of: str, said: Mapping[str, Any], zone: str) -> None:
    left, right = st.columns(2, gap="small")
    left.time_input("At", time.fromisoformat(said.get("time", "09:00")), key=f"{of}_time")
    right.text_input("In the zone", said.get("zone", zone), key=f"{of}_zone")
    st.pills(
        "On",
        DAYS,
        selection_mode="multi",
        default=list(said.get("days", DAYS)),
        format_func=lambda day: day[:3].capitalize(),
        key=f"{of}_days",
    )


_OWN = {"event": _event, "sla": _sla, "threshold": _threshold, "schedule": _schedule}


def _texts(of: str, said: Mapping[str, Any]) -> None:
    listed = ", ".join(f"{{{name}}}" for name in placeholder_names(read(of)))
    tip, kind = f"Placeholders: {literal(listed)}", _kind(of)
    title, message = (said["title"], said.get("message", "")) if kind == said["kind"] else (_TITLES[kind], "")
    st.text_input("Title of the alert", title, key=f"{of}_{kind}_title", max_chars=TITLE_LENGTH, help=tip)
    st.text_area("Message", message, key=f"{of}_{kind}_message", max_chars=MESSAGE_LENGTH, height=68, help=tip)


def _to(of: str, said: Mapping[str, Any], people: Sequence[Person]) -> None:
    kept = said.get("audience", {})
    kind = _kind(of)
    aims = {"everybody": "Everybody", "role": "A role", "staff": "Named staff"}
    if kind in {"event", "sla"}:
        aims = {"assignee": "Who holds it", **aims}
    first, second, third = st.columns([1, 1.4, 1], gap="small")
    aim = first.selectbox(
        "For", list(aims), index=_place(list(aims), kept.get("to")), format_func=aims.__getitem__, key=f"{of}_to_{kind}"
    )
    if aim == "role":
        roles = [each.value for each in Role]
        second.selectbox("Role", roles, index=_place(roles, kept.get("role")), format_func=words, key=f"{of}_role")
    elif aim == "staff":
        labels = distinct({person.id: person.full_name for person in people})
        chosen = [each for each in kept.get("ids", ()) if each in labels]
        second.multiselect("Staff", list(labels), chosen, format_func=labels.__getitem__, key=f"{of}_ids")
    severities = [each.value for each in Severity]
    third.selectbox(
        "Severity",
        severities,
        index=_place(severities, said.get("severity", "warning")),
        format_func=lambda each: SEVERITY[each].word,
        key=f"{of}_severity",
    )
    first, second, third = st.columns([1, 1, 1.4], gap="small")
    first.number_input(
        "Calm for minutes", 0, 43_200, int(said.get("cooldown_minutes", 60)), key=f"{of}_cooldown_minutes"
    )
    second.number_input(
        "Expires after minutes", 5, 129_600, int(said.get("expires_minutes", 1_440)), key=f"{of}_expires_minutes"
    )
    third.multiselect(
        "Channels", CHANNELS, list(said.get("channels", ["in_app"])), format_func=words, key=f"{of}_channels"
    )


def _audience(of: str) -> dict[str, Any]:
    said = st.session_state
    aim = said.get(f"{of}_to_{_kind(of)}") or "everybody"
    if aim == "role":
        return {"to": aim, "role": said.get(f"{of}_role") or "manager"}
    return {"to": aim, "ids": list(said.get(f"{of}_ids") or ())} if aim == "staff" else {"to": aim}


def _read_event(of: str) -> dict[str, Any]:
    event = st.session_state.get(f"{of}_event") or "item.opened"
    subject = EVENTS[event].subject
    return {"event": event, **_condition(f"{of}_{subject}", subject), "per": _said_per(of)}


def _read_sla(of: str) -> dict[str, Any]:
    mark = st.session_state.get(f"{of}_mark") or Mark.DUE.value
    return {"mark": mark, **_condition(f"{of}_sla", "item"), "per": _said_per(of)}


def _condition(prefix: str, subject: str) -> dict[str, Any]:
    said = conditions.read(prefix, SUBJECTS[subject].fields)
    return {} if said is None else {"condition": said}


def _said_per(of: str) -> str:
    return st.session_state.get(f"{of}_per") or "record"


def _read_threshold(of: str) -> dict[str, Any]:
    said = st.session_state
    built = {name: said.get(f"{of}_{name}") for name in ("metric", "operator", "value", "held_minutes", "clears_at")}
    return {name: value for name, value in built.items() if name != "clears_at" or value is not None}


def _read_schedule(of: str) -> dict[str, Any]:
    said = st.session_state
    at = said.get(f"{of}_time")
    days = [day for day in DAYS if day in (said.get(f"{of}_days") or ())]
    return {"time": at.strftime("%H:%M") if at else "", "days": days, "zone": said.get(f"{of}_zone") or ""}


_READ = {"event": _read_event, "sla": _read_sla, "threshold": _read_threshold, "schedule": _read_schedule}


def _place(names: Sequence[Any], kept: Any) -> int:
    return names.index(kept) if kept in names else 0
