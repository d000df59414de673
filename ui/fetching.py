"""Files that a screen hands out: asked for in a callback, fetched by the browser with a ticket of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec

import streamlit as st

from core.uow import UnitOfWork
from ui import acting

P = ParamSpec("P")
_TICKET = "fetching.ticket"


def fetch(offer: Callable[Concatenate[UnitOfWork, P], str], *args: P.args, **kwargs: P.kwargs) -> None:
    """Have the browser fetch the file that the verb `offer` gives a ticket for. For callbacks."""
    done = acting.act(offer, *args, **kwargs)
    if done:
        st.session_state[_TICKET] = done.answer


def draw() -> None:
    """Where the browser begins to fetch what a callback asked for, once; nothing is seen of it."""
    ticket = st.session_state.pop(_TICKET, None)
    if ticket is not None:
        st.iframe(f"/export/{ticket}", height=1, tab_index=-1, alt="The file is on its way.")
