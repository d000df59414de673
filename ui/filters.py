"""The filters of the queue: widgets whose values live in the address bar, and the question they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from core import config
from core.people import Person
from core.permissions import Principal
from core.queue.filters import Filter
from core.resolutions.declaring import registry
from core.words import Priority, SlaState
from ui import badges, times
from ui.plain import distinct

VIEWS = {"pending": "Pending", "mine": "Mine", "escalated": "Escalated", "reviewed": "Reviewed", "all": "All"}
SORTS: Mapping[str, tuple[str, str, Literal["asc", "desc"]]] = {
    "score": ("Score, highest first", "priority_score", "desc"),
    "deadline": ("Deadline, nearest first", "sla_deadline", "asc"),
    "newest": ("Age, newest first", "created_at", "desc"),
    "oldest": ("Age, oldest first", "created_at", "asc"),
    "doubtful": ("Confidence, least first", "confidence_score", "asc"),
}
_ANY = "any"
_ASSIGNEE = "assignee"
_HIDDEN = ("queue", "type", "sla", "held", "score", "since", "until", "sort")
_KEYS = ("status", "priority", "ref", *_HIDDEN)
_ASSIGNEES = {_ANY: "Anybody", "me": "Me", "nobody": "Nobody"}
_bound: Mapping[str, Any] = {"bind": "query-params"}


def bar(me: Principal, people: Sequence[Person]) -> Filter:
    """Draw the filters and return what they ask for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        view = st.segmented_control(
            "View",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            default=_usual_view(),
            required=True,
            key="status",
            label_visibility="collapsed",
            **_bound,
        )
        priorities = st.pills(
            "Priority",
            [priority.value for priority in Priority],
            format_func=lambda key: badges.PRIORITY[key].word,
            selection_mode="multi",
            key="priority",
            label_visibility="collapsed",
            **_bound,
        )
        reference = st.text_input(
            "Number or reference",
            type="search",
            placeholder="No. or ref.",
            max_chars=200,
            width=112,
            key="ref",
            label_visibility="collapsed",
            **_bound,
        )
        wanted = _further(me, people)
        if is_filtered():
            st.button("Reset", key="reset_filters", type="tertiary", icon=":material/filter_alt_off:", on_click=reset)
    assignee = "me" if view == "mine" else wanted.pop("assignee")
    status = "pending" if view == "mine" else str(view or "pending")
    return Filter(
        status=status, priority=tuple(priorities or ()), reference=reference or None, **wanted | {"assignee": assignee}
    )


def _usual_view() -> str:
    usual = config.word("DEFAULT_STATUS_FILTER")
    return usual if usual in VIEWS else "pending"


def is_filtered() -> bool:
    """Whether anything but the view narrows the list."""
    return any(_is_set(key) for key in _KEYS if key != "status")


def reset() -> None:
    """Take every filter away; the view stays."""
    for key in _KEYS:
        if key != "status" and key in st.session_state:
            st.session_state[key] = _unset(key)
    st.query_params.pop(_ASSIGNEE, None)


def _unset(key: str) -> Any:
    return {"priority": [], "ref": "", "score": (0, 100), "since": None, "until": None, "sort": "score"}.get(key, _ANY)


def _is_set(key: str) -> bool:
    return key in st.session_state and st.session_state[key] not in (_unset(key), None)


def _further(me: Principal, people: Sequence[Person]) -> dict[str, Any]:
    """The filters behind the button, which says how many of them are set."""
    count = sum(_is_set(key) for key in _HIDDEN)
    with st.popover(f"Filters ({count})" if count else "Filters", icon=":material/tune:", width="content"):
        left, right = st.columns(2)
        with left:
            queue = _choice("Queue", "queue", {_ANY: "All queues", **badges.QUEUES})
            sla = _choice("Deadline", "sla", {_ANY: "Any", **_sla_words()})
            since = st.date_input("Created from", value=None, key="since", **_bound)
        with right:
            kind = _choice("Type", "type", {_ANY: "All types", **_types()})
            assignee = _holder(_ASSIGNEES | _names(people))
            until = st.date_input("Created until", value=None, key="until", **_bound)
        low, high = st.slider("Score", 0, 100, (0, 100), key="score", **_bound)
        sort = _choice("Order", "sort", {key: label for key, (label, _, _) in SORTS.items()})
    _, sort_by, sort_order = SORTS[sort]
    return {
        "queue": _or_none(queue),
        "item_type": _or_none(kind),
        "sla": _or_none(sla),
        "assignee": _or_none(assignee),
        "score_min": low or None,
        "score_max": high if high < 100 else None,
        "created_from": times.begins(since, me.zone),
        "created_to": times.begins(until, me.zone, after=True),
        "sort_by": sort_by,
        "sort_order": sort_order,
    }


def _choice(label: str, key: str, options: Mapping[str, str]) -> str:
    chosen = st.selectbox(label, list(options), format_func=lambda given: options.get(given, given), key=key, **_bound)
    return chosen if chosen in options else next(iter(options))


def _holder(options: Mapping[str, str]) -> str:
    """Whose items: by number in the address, where a person's name does not belong."""
    given = st.query_params.get(_ASSIGNEE, _ANY)
    st.session_state["held"] = given if given in options else _ANY
    return str(
        st.selectbox("In the hands of", list(options), format_func=options.__getitem__, key="held", on_change=_hold)
    )


def _hold() -> None:
    chosen = st.session_state["held"]
    if chosen == _ANY:
        st.query_params.pop(_ASSIGNEE, None)
    else:
        st.query_params[_ASSIGNEE] = chosen


def _or_none(chosen: str) -> str | None:
    return None if chosen == _ANY else chosen


def _types() -> dict[str, str]:
    labels = distinct({name: known.label for name, known in registry().items()})
    return dict(sorted(labels.items(), key=lambda pair: pair[1]))


def _sla_words() -> dict[str, str]:
    return {state.value: badges.SLA[state].word for state in SlaState}


def _names(people: Sequence[Person]) -> dict[str, str]:
    return distinct({str(person.id): person.full_name for person in people}, 60)
