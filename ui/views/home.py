"""My work: what is mine, what is next, what is late, what is loud."""

from __future__ import annotations

import streamlit as st

from core.permissions import Principal


def show(me: Principal) -> None:
    """Draw the page."""
    st.subheader("My work")
    st.caption(me.zone)
