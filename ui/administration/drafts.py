"""The draft of an item type on the screen: its widgets' values, options and what they ask for, as one document."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import streamlit as st

from core.resolutions.own import TypeForm

_OPTIONS, _ASKED, _OF = "types.options", "types.asked", "types.of"
_LISTS = ("context_keys", "optional_keys")
SCALARS = (
    "name",
    "label",
    "queue",
    "resource_type",
    "default_priority",
    "runbook",
    "sla_hours",
    "lease_minutes",
    "first_response_by",
)
OPTION = ("name", "label", "settles", "help")
ASKED = ("name", "label", "widget", "required", "choices")
_NEW_OPTION = {"name": "", "label": "", "settles": "resolve", "help": ""}
_NEW_ASKED = {"name": "", "label": "", "widget": "text", "required": True, "choices": ()}
_BLANK: Mapping[str, Any] = {
    "name": "",
    "label": "",
    "queue": "automation",
    "resource_type": "record",
    "default_priority": "medium",
    "runbook": "",
    "sla_hours": None,
    "lease_minutes": None,
    "first_response_by": "claim",
    "context_keys": (),
    "optional_keys": (),
    "options": (
        {"name": "resolve", "label": "Resolve", "settles": "resolve", "help": "The matter is settled; say how."},
        {"name": "reject", "label": "Reject", "settles": "reject", "help": "No decision is needed."},
    ),
}
_numbers = count(1)


def key(field: str, part: int | None = None) -> str:
    """The widget's key of a field: of the type, or of one option or thing asked for by its number."""
    return f"type_{field}" if part is None else f"type_{part}_{field}"


def is_of(name: str) -> bool:
    """Whether the draft on the screen is that of `name` ("" for a new one) and whole."""
    return bool(st.session_state.get(_OF, (None, 0))[0] == name and key("label") in st.session_state)


def version() -> int:
    """The version that the draft was made from."""
    return int(st.session_state[_OF][1])


def follow(version: int) -> None:
    """The draft is what was just saved as this version."""
    st.session_state[_OF] = (st.session_state[_OF][0], version)


def hold() -> None:
    """Keep what is filled in over a drawing in which the widgets are not drawn."""
    widgets = [key(field) for field in (*SCALARS, *_LISTS)]
    for number in st.session_state.get(_OPTIONS, ()):
        widgets += [key(field, number) for field in OPTION]
        widgets += [key(field, each) for each in asked(number) for field in ASKED]
    for name in widgets:
        if name in st.session_state:
            st.session_state[name] = st.session_state[name]


def begin(name: str, version: int = 0, form: TypeForm | None = None) -> None:
    """Make the draft anew: from a type as it stands, or blank."""
    told = form.model_dump(mode="json") if form else dict(_BLANK)
    st.session_state[_OF] = (name, version)
    st.session_state[_OPTIONS], st.session_state[_ASKED] = [], {}
    for field in SCALARS:
        st.session_state[key(field)] = told[field]
    for field in _LISTS:
        st.session_state[key(field)] = ", ".join(told[field])
    for option in told["options"]:
        number = add_option(option)
        for asked in option.get("parameters", ()):
            add_asked(number, asked)


def options() -> list[int]:
    """The numbers of the draft's options, in order."""
    return list(st.session_state[_OPTIONS])


def asked(option: int) -> list[int]:
    """The numbers of what an option asks for, in order."""
    return list(st.session_state[_ASKED][option])


def add_option(told: Mapping[str, Any] = _NEW_OPTION) -> int:
    """One more option; its number."""
    number = next(_numbers)
    st.session_state[_OPTIONS] = [*options(), number]
    st.session_state[_ASKED][number] = []
    for field in OPTION:
        st.session_state[key(field, number)] = told[field]
    return number


def add_asked(option: int, told: Mapping[str, Any] = _NEW_ASKED) -> None:
    """One more thing that an option asks for."""
    number = next(_numbers)
    st.session_state[_ASKED][option] = [*asked(option), number]
    for field in ASKED:
        value = told[field]
        st.session_state[key(field, number)] = ", ".join(value) if field == "choices" else value


def drop_option(option: int) -> None:
    """Take an option out of the draft."""
    st.session_state[_OPTIONS] = [number for number in options() if number != option]


def drop_asked(option: int, gone: int) -> None:
    """Take one thing out of what an option asks for."""
    st.session_state[_ASKED][option] = [number for number in asked(option) if number != gone]


def told() -> dict[str, Any]:
    """The whole draft, as the verbs take it."""
    return {
        **{field: _value(key(field)) for field in SCALARS},
        **{field: _parts(key(field)) for field in _LISTS},
        "options": [_option(number) for number in options()],
    }


def _option(number: int) -> dict[str, Any]:
    known = {field: _value(key(field, number)) for field in OPTION}
    return {**known, "parameters": [_one_asked(each) for each in asked(number)]}


def _one_asked(number: int) -> dict[str, Any]:
    known = {field: _value(key(field, number)) for field in ASKED}
    is_choice = known["widget"] == "choice"
    return {**known, "choices": _parts(key("choices", number)) if is_choice else []}


def _value(widget: str) -> Any:
    return st.session_state.get(widget)


def _parts(widget: str) -> list[str]:
    return [part.strip() for part in str(_value(widget) or "").split(",") if part.strip()]
