"""The filters of the queue: widgets whose values live in the address bar, and the question they make.

What is searched is the exception: words may name a person, and an address is kept by browsers, proxies and whoever it
is sent to. So it lives on the screen alone, is not part of a saved view, and an address that brings a reference along
(`?ref=`) loses it to the search box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import streamlit as st

from core import config
from core.people import Person
from core.permissions import Principal
from core.queue.filters import Filter
from core.resolutions.declaring import registry
from core.words import Priority, SlaState
from ui import badges, focus, narrowing, times
from ui.plain import distinct

VIEWS = {"pending": "Pending", "mine": "Mine", "escalated": "Escalated", "reviewed": "Reviewed", "all": "All"}
SORTS: Mapping[str, tuple[str, str, Literal["asc", "desc"]]] = {
    "score": ("Score, highest first", "priority_score", "desc"),
    "deadline": ("Deadline, nearest first", "sla_deadline", "asc"),
    "newest": ("Age, newest first", "created_at", "desc"),
    "oldest": ("Age, oldest first", "created_at", "asc"),
    "doubtful": ("Confidence, least first", "confidence_score", "asc"),
}
SEARCH = "search"
_ANY = "any"
_ASSIGNEE = "assignee"
_REFERENCE = "ref"
_HIDDEN = ("queue", "type", "sla", "held", "score", "since", "until", "sort")
_KEYS = ("status", "priority", SEARCH, *_HIDDEN)
_ASSIGNEES = {_ANY: "Anybody", "me": "Me", "nobody": "Nobody"}
_EMPTY: Mapping[str, Any] = {
    "priority": [],
    SEARCH: "",
    "score": (0, 100),
    "since": None,
    "until": None,
    "sort": "score",
}
_bound: Mapping[str, Any] = {"bind": "query-params"}


def bar(me: Principal, people: Sequence[Person]) -> Filter:
    """Draw the filters and return what they ask for."""
    given = {"status": _view(), "priority": _priorities(), SEARCH: _search(), **_further(people)}
    wanted = narrowing.narrowed(_asked(given, me.zone), me.zone)
    if is_filtered():
        st.button("Reset", key="reset_filters", type="tertiary", icon=":material/filter_alt_off:", on_click=reset)
    return wanted


def _view() -> str:
    chosen = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        default=_usual_view(),
        required=True,
        key="status",
        label_visibility="collapsed",
        **_bound,
    )
    return str(chosen or "pending")


def _priorities() -> list[str]:
    return list(
        st.pills(
            "Priority",
            [priority.value for priority in Priority],
            format_func=lambda key: badges.PRIORITY[key].word,
            selection_mode="multi",
            key="priority",
            label_visibility="collapsed",
            **_bound,
        )
    )


def _search() -> str:
    """The box for words, numbers and references, which asks while one types."""
    if _REFERENCE in st.query_params:
        st.session_state[SEARCH] = st.query_params.pop(_REFERENCE)[:200]
    with st.container(key=focus.SEARCH, width=172):
        given = st.text_input(
            "Words, number or reference",
            type="search",
            placeholder="Words, no. or ref.",
            key=SEARCH,
            live="300ms",
            label_visibility="collapsed",
            persist_state="session",
        )
    return (given or "").strip()


def _asked(given: Mapping[str, Any], zone: str) -> Filter:
    """The question that the widgets' values make."""
    mine = given["status"] == "mine"
    low, high = given["score"]
    _, sort_by, sort_order = SORTS[given["sort"]]
    return Filter(
        status="pending" if mine else given["status"],
        queue=_or_none(given["queue"]),
        item_type=_or_none(given["type"]),
        priority=tuple(given["priority"]),
        score_min=low or None,
        score_max=high if high < 100 else None,
        created_from=times.begins(given["since"], zone),
        created_to=times.begins(given["until"], zone, after=True),
        assignee="me" if mine else _or_none(given["held"]),
        sla=_or_none(given["sla"]),
        text=given[SEARCH] or None,
        sort_by=sort_by,
        sort_order=sort_order,
    )


def _values(wanted: Filter, zone: str) -> dict[str, Any]:
    """The widgets' values that make this question, as far as there are any."""
    mine = (wanted.status, wanted.assignee) == ("pending", "me")
    sort = next((key for key, (_, *sort) in SORTS.items() if sort == [wanted.sort_by, wanted.sort_order]), "score")
    return {
        "status": "mine" if mine else wanted.status,
        "queue": wanted.queue or _ANY,
        "type": wanted.item_type or _ANY,
        "priority": list(wanted.priority),
        "score": (int(wanted.score_min or 0), int(100 if wanted.score_max is None else wanted.score_max)),
        "since": wanted.created_from and wanted.created_from.astimezone(ZoneInfo(zone)).date(),
        "until": wanted.created_to and wanted.created_to.astimezone(ZoneInfo(zone)).date() - timedelta(days=1),
        "held": _ANY if mine or wanted.assignee is None else str(wanted.assignee),
        "sla": wanted.sla or _ANY,
        "sort": sort,
        SEARCH: "",
    }


def can_show(wanted: Filter, zone: str) -> bool:
    """Whether these filters can ask this: a program may have asked for what they have no widget for."""
    return wanted.status in {*VIEWS} and _asked(_values(wanted, zone), zone) == lasting(wanted) == wanted


def show(wanted: Filter, zone: str) -> None:
    """Set every filter to what `wanted` asks for; for callbacks."""
    values = _values(wanted, zone)
    _hold_by(values.pop("held"))
    narrowing.widen()
    st.session_state.update(values)


def show_all() -> None:
    """Look for the same among all items; for callbacks."""
    st.session_state["status"] = "all"


def lasting(wanted: Filter) -> Filter:
    """What of a question is kept as a view: all but the words searched for."""
    return replace(wanted, text=None, reference=None)


def _usual_view() -> str:
    usual = config.word("DEFAULT_STATUS_FILTER")
    return usual if usual in VIEWS else "pending"


def is_filtered() -> bool:
    """Whether anything but the view narrows the list."""
    return narrowing.is_narrowed() or any(_is_set(key) for key in _KEYS if key != "status")


def reset() -> None:
    """Take every filter away; the view stays."""
    for key in _KEYS:
        if key != "status" and key in st.session_state:
            st.session_state[key] = _EMPTY.get(key, _ANY)
    st.query_params.pop(_ASSIGNEE, None)
    narrowing.widen()


def _is_set(key: str) -> bool:
    return key in st.session_state and st.session_state[key] not in (_EMPTY.get(key, _ANY), None)


def _further(people: Sequence[Person]) -> dict[str, Any]:
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
            held = _holder(_ASSIGNEES | _names(people))
            until = st.date_input("Created until", value=None, key="until", **_bound)
        score = st.slider("Score", 0, 100, (0, 100), key="score", **_bound)
        sort = _choice("Order", "sort", {key: label for key, (label, _, _) in SORTS.items()})
    return {
        "queue": queue,
        "type": kind,
        "sla": sla,
        "held": held,
        "score": score,
        "since": since,
        "until": until,
        "sort": sort,
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
    _hold_by(st.session_state["held"])


def _hold_by(chosen: str) -> None:
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
