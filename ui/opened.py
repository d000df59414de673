"""Which item is open beside the list: its number lives in the address, so that it can be bookmarked and sent."""

from __future__ import annotations

import streamlit as st

_PARAMETER = "item"
_PLACE = "opened.place"


def number() -> int | None:
    """The number of the item that the address names, if it names one."""
    given = st.query_params.get(_PARAMETER, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def put(item_id: int | None) -> None:
    """Open an item, or close it with None."""
    if item_id is None:
        st.query_params.pop(_PARAMETER, None)
    else:
        st.query_params[_PARAMETER] = str(item_id)


def remember_place(ids: list[int]) -> None:
    """Note where in the list the open item stands, for the neighbours of one that has since left it."""
    opened = number()
    if opened in ids:
        st.session_state[_PLACE] = ids.index(opened)


def neighbour(ids: list[int], step: int) -> int | None:
    """The item `step` places on from the open one, None past either end; where that has left, what took its place."""
    opened = number()
    vacated = st.session_state.get(_PLACE, 0) - (1 if step < 0 else 0)
    at = ids.index(opened) + step if opened in ids else vacated
    return ids[at] if 0 <= at < len(ids) else None
