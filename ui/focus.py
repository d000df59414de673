"""Putting the cursor into a field that a key has just called up, which Streamlit has no word for."""

from __future__ import annotations

import streamlit as st

HERE = "focus_here"
SCRIPT = f"document.querySelector('.st-key-{HERE} :is(textarea,input)')?.focus()"
"""The one script of ours. The content policy allows exactly this text, so it must not vary."""

_WANTED = "focus.wanted"
_TIMES = "focus.times"


def want() -> None:
    """At the next drawing, put the cursor into the first field of the container whose key is `HERE`."""
    st.session_state[_WANTED] = True


def place() -> None:
    """Put the cursor there if it was wanted; to be called after the field is drawn."""
    if st.session_state.pop(_WANTED, False):
        times = st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
        # A body that differs each time, since the browser runs the same one only once.
        st.html(f'<script>{SCRIPT}</script><i data-time="{times}"></i>', unsafe_allow_javascript=True)
