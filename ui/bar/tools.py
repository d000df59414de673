"""A tool of the bar: a popover whose content is drawn only while it is open, and the key that opens it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from ui import focus

KEYS = "keys_alone"
"""The container of the buttons that are there for their keys: nobody sees them (ui/frame.py)."""


@dataclass(frozen=True)
class Tool:
    """One popover of the bar."""

    name: str
    icon: str
    key: str
    help: str

    @property
    def _state(self) -> str:
        return f"tool_{self.name}"

    def toggle(self) -> None:
        """Open it, the cursor in its first field, or close it; for callbacks."""
        st.session_state[self._state] = not st.session_state.get(self._state)
        focus.want(focus.TOOL)

    def close(self) -> None:
        """Close it; for callbacks."""
        st.session_state[self._state] = False

    @contextmanager
    def popover(self, label: str = "") -> Iterator[bool]:
        """The popover; whether it is open, and so worth filling."""
        tip = f"{self.help} Key {self.key}."
        held = st.popover(label, icon=self.icon, key=self._state, on_change="rerun", help=tip, width="content")
        with held, st.container(key=focus.TOOL if held.open else None, gap="small", width=340):
            yield bool(held.open)
            if held.open:
                focus.place(focus.TOOL)


def keys(tools: Sequence[Tool]) -> None:
    """Draw what listens to the keys of the search box and of these tools."""
    with st.container(key=KEYS):
        st.button("Search", key="key_search", shortcut="F", on_click=focus.want, args=(focus.SEARCH,))
        for tool in tools:
            st.button(tool.name, key=f"key_{tool.name}", shortcut=tool.key, on_click=tool.toggle)
        focus.place(focus.SEARCH)
