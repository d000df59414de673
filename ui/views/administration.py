"""Administration: item types, what has not left the house, staff, settings and jobs. Only the open tab reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.permissions import Permission, Principal
from ui import acting, gate
from ui.administration import outgoing, settings, staff, types, work

TABS: Mapping[str, tuple[str, Callable[[Principal], None]]] = {
    "types": ("Item types", types.draw),
    "outgoing": ("Outgoing", outgoing.draw),
    "staff": ("Staff", staff.draw),
    "settings": ("Settings", settings.draw),
    "jobs": ("Jobs", work.draw),
}

_TAB = "tab"
_FIRST = "types"


def show(_me: Principal) -> None:
    """Draw the page."""
    desk()


@gate.fragment(Permission.OPS_ADMIN)
def desk(me: Principal) -> None:
    """The tabs and the open one; every click reruns this part alone."""
    acting.show_notices()
    opened = st.query_params.get(_TAB, _FIRST)
    st.session_state[_TAB] = opened if opened in TABS else _FIRST
    st.segmented_control(
        "Administration",
        list(TABS),
        format_func=lambda name: TABS[name][0],
        required=True,
        key=_TAB,
        label_visibility="collapsed",
        on_change=_turn,
    )
    TABS[st.session_state[_TAB]][1](me)


def _turn() -> None:
    st.query_params[_TAB] = st.session_state[_TAB]
