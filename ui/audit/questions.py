"""The filters of the audit page: widgets whose values live in the address bar, and the question they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st

from core import clock
from core.auditing import Filters
from core.permissions import Principal
from ui import badges, times
from ui.plain import line

PERIODS = {"today": "Today", "week": "7 days", "month": "30 days", "any": "Any time", "custom": "Custom"}
PERSONAL = {"yes": "Shown in clear", "no": "Not shown"}
_DAYS = {"today": 1, "week": 7, "month": 30}
_UNSET: Mapping[str, Any] = {
    "person": None,
    "action": None,
    "resource": None,
    "number": "",
    "pii": None,
}
_DAY = timedelta(days=1)
_bound: Mapping[str, Any] = {"bind": "query-params", "label_visibility": "collapsed"}


@dataclass(frozen=True)
class Known:
    """What the log knows and one may choose from."""

    people: Sequence[str]
    actions: Sequence[str]
    resources: Sequence[str]


def bar(me: Principal, known: Known) -> Filters:
    """Draw the filters and return what they ask for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        since, until = _period(me)
        person = _choice("Person", "person", known.people, "Anybody", 132)
        action = _choice("Action", "action", known.actions, "Any action", 160)
        resource = _choice("About", "resource", known.resources, "About anything", 146, badges.words)
        number = _number(disabled=resource is None)
        pii = _choice("Personal data", "pii", list(PERSONAL), "Personal data", 146, lambda key: PERSONAL[key])
        if is_filtered():
            st.button("Reset", key="reset_audit", type="tertiary", icon=":material/filter_alt_off:", on_click=reset)
    return Filters(
        person=person,
        action=action,
        resource_type=resource,
        resource_id=number,
        pii=None if pii is None else pii == "yes",
        since=since,
        until=until,
    )


def address(resource_type: str, resource_id: object) -> str:
    """The address at which this page tells who saw or did something to one thing."""
    # The address bar holds choices as they are worded.
    asked = {"period": PERIODS["any"], "resource": badges.words(resource_type), "number": str(resource_id)}
    return "/audit?" + urlencode(asked)


def ask(**wanted: str | None) -> None:
    """Ask for these alone, whenever it was; for callbacks."""
    for key, unset in _UNSET.items():
        st.session_state[key] = wanted.get(key) or unset
    st.session_state["period"] = "any"


def is_filtered() -> bool:
    """Whether anything but the period narrows the list."""
    return any(st.session_state.get(key) not in (unset, None) for key, unset in _UNSET.items())


def reset() -> None:
    """Take every filter away; the period stays."""
    for key, unset in _UNSET.items():
        st.session_state[key] = unset


def _period(me: Principal) -> tuple[datetime | None, datetime | None]:
    """The beginning and the end that are asked for; whole days of the reader, so that each question stays the same."""
    period = st.segmented_control(
        "Period", list(PERIODS), format_func=PERIODS.__getitem__, default="week", required=True, key="period", **_bound
    )
    if period == "custom":
        first = st.date_input("From", value=None, key="from", width=118, **_bound)
        st.markdown(":gray[to]", width="content")
        last = st.date_input("To", value=None, key="to", width=118, **_bound)
        return times.begins(first, me.zone), times.begins(last, me.zone, after=True)
    if period not in _DAYS:
        return None, None
    today = clock.now().astimezone(ZoneInfo(me.zone)).date()
    return times.midnight(today - (_DAYS[period] - 1) * _DAY, me.zone), None


def _choice(
    label: str, key: str, options: Sequence[str], nothing: str, width: int, told: Callable[[str], str] = line
) -> str | None:
    chosen = st.selectbox(
        label, options, index=None, format_func=told, placeholder=nothing, key=key, width=width, **_bound
    )
    return str(chosen) if chosen in options else None


def _number(*, disabled: bool) -> str | None:
    """The number of the one thing; without its type it would mean many."""
    given = st.text_input(
        "Number", placeholder="Its number", max_chars=200, key="number", width=92, disabled=disabled, **_bound
    )
    return None if disabled else (given or "").strip() or None
