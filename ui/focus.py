"""Putting the cursor into a field that a key has just called up, which Streamlit has no word for."""

from __future__ import annotations

import streamlit as st

HERE, SEARCH, TOOL = "focus_here", "focus_search", "focus_tool"
_TYPED = ":is(textarea,input:not([type=radio],[type=checkbox]))"


def _script(*sought: str) -> str:
    """Focus the first there is of `sought`; trying for a second, as a browser fetches a widget's code when needed."""
    found = "??".join(f"document.querySelector('{selector}')" for selector in sought)
    return f"(n=>{{const f=()=>{{const e={found};e?e.focus():n-->0&&setTimeout(f,50)}};f()}})(20)"


SCRIPTS = {
    HERE: _script(f".st-key-{HERE} {_TYPED}"),
    SEARCH: _script(f".st-key-{SEARCH} {_TYPED}"),
    TOOL: _script(f".st-key-{TOOL} {_TYPED}", f".st-key-{TOOL} :is(input,button)"),
}
"""The scripts of ours. The content policy allows exactly these texts, so they must not vary."""

_WANTED = "focus.wanted"
_TIMES = "focus.times"


def want(key: str = HERE) -> None:
    """At the next drawing, put the cursor into the first field of the container that has this key."""
    st.session_state[_WANTED] = key


def place(key: str = HERE) -> None:
    """Put the cursor there if it was wanted; to be called after the field is drawn."""
    if st.session_state.get(_WANTED) == key:
        del st.session_state[_WANTED]
        times = st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
        # A body that differs each time, since the browser runs the same one only once.
        st.html(f'<script>{SCRIPTS[key]}</script><i data-time="{times}"></i>', unsafe_allow_javascript=True)
