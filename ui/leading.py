"""Leading from a figure to the items that it counts: the queue's own address for a filter."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.queue.filters import Filter
from core.resolutions.declaring import item_type
from core.settings import PROJECT
from ui import badges, filters, narrowing

QUEUE = PROJECT / "pages" / "queue.py"
_GOING = "leading.going"


def address(wanted: Filter) -> dict[str, str | list[str]]:
    """The parameters under which the queue shows what `wanted` describes: the words that stand on its filters."""
    told: Mapping[str, str | list[str] | None] = {
        "status": filters.VIEWS.get(wanted.status),
        "priority": [badges.PRIORITY[name].word for name in wanted.priority] or None,
        "queue": badges.QUEUES.get(wanted.queue or ""),
        "type": item_type(wanted.item_type).label if wanted.item_type else None,
        "sla": badges.SLA[wanted.sla].word if wanted.sla else None,
        "assignee": None if wanted.assignee is None else str(wanted.assignee),
        "sort": _sort(wanted),
    }
    return {name: value for name, value in told.items() if value is not None} | narrowing.told(wanted)


def _sort(wanted: Filter) -> str | None:
    asked = (wanted.sort_by, wanted.sort_order)
    return next((label for label, *by in filters.SORTS.values() if tuple(by) == asked), None)


def to(wanted: Filter) -> None:
    """Go there at the next drawing: for callbacks, which draw nothing."""
    st.session_state[_GOING] = wanted


def go_on() -> None:
    """Leave for where a callback wanted to go, if anywhere."""
    wanted: Filter | None = st.session_state.pop(_GOING, None)
    if wanted is not None:
        st.session_state[filters.SEARCH] = ""  # what was searched for before would narrow what is counted
        st.switch_page(QUEUE, query_params=address(wanted))
