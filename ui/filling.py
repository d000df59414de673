"""What an option asks for: a widget for each thing, what was filled in, and what does not fit said beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from core.resolutions.declaring import Parameter
from core.resolutions.guiding import Offer
from ui import focus
from ui.plain import distinct, line, literal

_SHORT = {"text", "number", "staff", "record"}


def key(form: object, offer: Offer, name: str) -> str:
    """The key of one widget of a form."""
    return f"with_{form}_{offer.name}_{name}"


def field(name: str, item_id: int) -> str:
    """The key of what belongs to an item's form whatever the option: its justification, which option is picked."""
    return f"{name}_{item_id}"


def given(form: object, offer: Offer, zone: str) -> dict[str, Any]:
    """What was filled in, without what was left empty; a time is meant in the zone of whoever filled it in."""
    found = {
        wanted.name: _value(st.session_state.get(key(form, offer, wanted.name)), zone) for wanted in offer.parameters
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def fill(form: object, offer: Offer, values: Mapping[str, Any]) -> None:
    """Put values into a form that is drawn after this."""
    for name, value in values.items():
        st.session_state[key(form, offer, name)] = value


def _value(value: Any, zone: str) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return value


def draw(form: object, offer: Offer, zone: str, *, has_cursor: bool) -> bool:
    """Draw the widgets of an offer, short ones two in a row. `has_cursor`: whether the cursor may be put here.

    Returns whether it is here: in the first field that does not fit, else in the first.
    """
    wrong = problems(form)
    asked = list(offer.parameters)
    first = next((wanted.name for wanted in asked if wanted.name in wrong), asked[0].name if asked else None)
    for row in _rows(asked):
        for place, wanted in zip(st.columns(len(row)) if len(row) > 1 else [st.container()], row, strict=True):
            here = has_cursor and wanted.name == first
            with place, st.container(key=focus.HERE if here else None, gap="xxsmall"):
                _widget(form, offer, wanted, zone)
                tell(wrong.get(wanted.name))
    return has_cursor and first is not None


def _rows(asked: Sequence[Parameter]) -> Iterator[list[Parameter]]:
    waiting: list[Parameter] = []
    for wanted in asked:
        if wanted.widget not in _SHORT:
            yield from ([waiting] if waiting else [])
            waiting = []
            yield [wanted]
            continue
        waiting.append(wanted)
        if len(waiting) == 2:
            yield waiting
            waiting = []
    yield from ([waiting] if waiting else [])


def _widget(form: object, offer: Offer, wanted: Parameter, zone: str) -> None:
    """The widget that fits what is asked for."""
    name = key(form, offer, wanted.name)
    label = literal(wanted.label, 100) + ("" if wanted.required else " :gray[(optional)]")
    tip = literal(wanted.help) or None
    if wanted.widget == "choice":
        captions = distinct(dict(zip(wanted.choices, wanted.captions or wanted.choices, strict=False)), 300)
        begins = wanted.choices.index(wanted.suggested) if wanted.suggested in wanted.choices else None
        st.selectbox(
            label, wanted.choices, index=begins, format_func=lambda it: captions.get(it, it), key=name, help=tip
        )
        return
    if name not in st.session_state:
        st.session_state[name] = _suggested(wanted, zone)
    if wanted.widget == "date_time":
        st.datetime_input(label, key=name, help=tip)
    elif wanted.widget == "long_text":
        st.text_area(label, height=96, key=name, help=tip)
    else:
        st.text_input(label, key=name, placeholder=line(wanted.help, 120) or None)


def _suggested(wanted: Parameter, zone: str) -> Any:
    if wanted.widget != "date_time":
        return wanted.suggested or ""
    try:
        moment = datetime.fromisoformat(wanted.suggested or "")
    except ValueError:
        return None
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment


def problems(form: object) -> dict[str, str]:
    """What does not fit, by the name of its field."""
    found: dict[str, str] = st.session_state.get(_problems(form)) or {}
    return found


def note_problems(form: object, found: Mapping[str, str]) -> None:
    """Remember what does not fit, for the next drawing to say it beside the fields."""
    st.session_state[_problems(form)] = dict(found)


def tell(problem: str | None) -> None:
    """Say below a field what does not fit, if anything does not."""
    if problem:
        st.caption(f":red[:material/error: {literal(problem)}]")


def _problems(form: object) -> str:
    return f"problems_{form}"
