"""The queue: the list of work, and one item of it."""

from __future__ import annotations

import streamlit as st

from core.permissions import Principal


def show(me: Principal) -> None:
    """Draw the page."""
    st.subheader("Queue")
    st.caption(me.zone)
