"""Finding a customer's open items by a whole address or number: for those with full access, on record."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.queue import finding
from core.queue.inbox import QueueRow
from ui import acting, badges
from ui.bar.tools import Tool
from ui.plain import line, literal

TOOL = Tool("customer", ":material/person_search:", "H", "Find a customer's open items.")
_FIELDS = {"email": "E-mail address", "mobile": "Mobile number"}
_FIELD, _VALUE, _FOUND = "find_by", "find_value", "customer.found"
_SHOWN = 12


def draw(on_open: Callable[[int], None]) -> None:
    """Draw the popover. `on_open` opens an item; for callbacks."""
    with TOOL.popover() as is_open:
        if not is_open:
            _forget()
            return
        st.markdown("**Find a customer's open items**")
        with st.form("find_customer", border=False):
            st.radio(
                "By",
                list(_FIELDS),
                format_func=_FIELDS.__getitem__,
                key=_FIELD,
                horizontal=True,
                label_visibility="collapsed",
            )
            st.text_input(
                "The whole of it",
                key=_VALUE,
                max_chars=320,
                placeholder="The whole of it",
                autocomplete="off",
                label_visibility="collapsed",
            )
            st.form_submit_button("Find", key="find_customer_now", type="primary", on_click=_find)
        _results(on_open)
        st.caption("Each search is on record. Nothing of it stays in the address or after this is closed.")


def _forget() -> None:
    for key in (_VALUE, _FOUND):
        st.session_state.pop(key, None)


def _find() -> None:
    value = str(st.session_state.get(_VALUE) or "")
    st.session_state.pop(_FOUND, None)
    if value:
        done = acting.act(finding.items_of_customer, str(st.session_state[_FIELD]), value)
        st.session_state[_FOUND] = done.answer if done else None


def _results(on_open: Callable[[int], None]) -> None:
    found: tuple[QueueRow, ...] | None = st.session_state.get(_FOUND)
    if found is None:
        return
    if not found:
        st.markdown("**No open item** of a customer with exactly this.")
    for row in found[:_SHOWN]:
        words = (
            f"{row.id} · {literal(line(row.title, 60))} :gray[:small[{badges.look(badges.STATUS, row.status).word}]]"
        )
        st.button(words, key=f"found_{row.id}", type="tertiary", on_click=_open, args=(on_open, row.id))
    if len(found) > _SHOWN:
        st.caption(f"And {len(found) - _SHOWN} more with lower scores.")


def _open(on_open: Callable[[int], None], item_id: int) -> None:
    on_open(item_id)
    _forget()
    TOOL.close()
