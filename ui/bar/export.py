"""Exports: what is on view as a file, through a link that is good once and for a minute."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import exporting
from core.exporting import Contents
from core.permissions import Principal
from core.queue.filters import Filter
from core.queue.inbox import Page
from ui import acting
from ui.bar.tools import Tool

TOOL = Tool("export", ":material/ios_share:", "Z", "Export what is on view.")
_CONTENTS, _TICKET = "export_contents", "export.ticket"
_WORDS = {Contents.ITEMS: "A line for each item", Contents.ACTIONS: "A line for each action on them"}


def draw(me: Principal, wanted: Filter, page: Page) -> None:
    """Draw the popover."""
    with TOOL.popover() as is_open:
        if not is_open:
            st.session_state.pop(_TICKET, None)
            return
        count = f"{page.total:,}{'+' if page.total_is_capped else ''}"
        st.markdown(f"**Export {count} {'item' if page.total == 1 else 'items'}** as CSV: all on view, in this order.")
        contents = st.radio(
            "With", list(_WORDS), format_func=_WORDS.__getitem__, key=_CONTENTS, label_visibility="collapsed"
        )
        ticket = _ticket(wanted, contents)
        with st.container(horizontal=True, gap="xsmall"):
            label = "Make another link" if ticket else "Make a link"
            kind: Any = "secondary" if ticket else "primary"
            st.button(
                label, key="export_offer", type=kind, disabled=not page.items, on_click=_offer, args=(wanted, contents)
            )
            if ticket:
                st.link_button(
                    "Download", f"/export/{ticket}", key="export_link", type="primary", icon=":material/download:"
                )
        if ticket:
            st.caption("The link is good once, for a minute, for you alone.")
        seen = "with personal data in clear, as you see it" if me.lens.clear else "redacted as on the screen"
        st.caption(f"The file is {seen}; the export is on record.")


def _ticket(wanted: Filter, contents: Contents) -> str | None:
    """The ticket for exactly this, if one was made since the popover was opened."""
    made_for, ticket = st.session_state.get(_TICKET) or (None, None)
    return ticket if made_for == (wanted, contents) else None


def _offer(wanted: Filter, contents: Contents) -> None:
    done = acting.act(exporting.offer, wanted, contents)
    st.session_state[_TICKET] = ((wanted, contents), done.answer) if done else None
