"""Saved views: choose one and the filters ask what it asks; keep what they ask now under a name."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.permissions import MANAGES, Principal
from core.queue import views
from core.queue.filters import Filter
from core.queue.views import NAME_LENGTH, View
from ui import acting, filters
from ui.bar.tools import Tool
from ui.plain import line, literal

TOOL = Tool("views", ":material/bookmark:", "Q", "Saved views.")
_SHARED, _TIMES = "view_shared", "views.times"


def draw(me: Principal, wanted: Filter, known: Sequence[View]) -> None:
    """Draw the popover, named after the view that is on."""
    on = next((view for view in known if view.wanted == filters.lasting(wanted)), None)
    with TOOL.popover(literal(line(on.name, 24)) if on else "Views") as is_open:
        if is_open:
            _choices(me, known, on)
            _keeping(me, wanted, known)


def _choices(me: Principal, known: Sequence[View], on: View | None) -> None:
    if not known:
        st.caption("No view is saved yet. Set the filters as you often need them, and save them under a name.")
    for mine, heading in ((True, "Yours"), (False, "Shared by others")):
        listed = [view for view in known if view.mine is mine]
        if listed:
            st.caption(heading)
            with st.container(gap="xxsmall", height=240 if len(listed) > 7 else "content", border=False):
                for view in listed:
                    _choice(me, view, is_on=view is on)


def _choice(me: Principal, view: View, *, is_on: bool) -> None:
    shown = filters.can_show(view.wanted, me.zone)
    whose = "" if view.mine else f" :gray[:small[{literal(view.owner, 40)}]]"
    marked = f" :gray[:small[shared]]{whose}" if view.mine and view.shared else whose
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xxsmall"):
        st.button(
            literal(line(view.name)) + marked,
            key=f"view_{view.id}",
            type="tertiary",
            icon=":material/check:" if is_on else ":material/bookmark:",
            disabled=not shown,
            help=None if shown else "It asks for what these filters cannot show: it was made by a program.",
            on_click=_show,
            args=(view.wanted, me.zone),
        )
        if view.mine or me.may(MANAGES):
            st.button(
                "",
                key=f"view_delete_{view.id}",
                type="tertiary",
                icon=":material/delete:",
                help=f"Delete {literal(line(view.name, 40))}",
                on_click=_delete,
                args=(view.id, view.name),
            )


def _show(wanted: Filter, zone: str) -> None:
    filters.show(wanted, zone)
    TOOL.close()


def _delete(view_id: int, name: str) -> None:
    if acting.once(f"view.delete {view_id}", views.delete, view_id):
        acting.say(f"The view {line(name, 40)} is gone.")


def _keeping(me: Principal, wanted: Filter, known: Sequence[View]) -> None:
    st.text_input("Save what the filters ask now as", key=_name(), max_chars=NAME_LENGTH, placeholder="A name")
    named = str(st.session_state.get(_name()) or "").strip()
    replaces = any(view.mine and view.name == named for view in known)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = "Replace it" if replaces else "Save"
        st.button(label, key="view_save", type="primary", on_click=_save, args=(filters.lasting(wanted),))
        if me.may(MANAGES):
            st.checkbox("Share with everybody", key=_SHARED)
    if wanted.text:
        st.caption("The words searched for are not part of it: they may name somebody.")


def _save(wanted: Filter) -> None:
    name = str(st.session_state.get(_name()) or "")
    if acting.act(views.save, name, wanted, shared=bool(st.session_state.get(_SHARED))):
        acting.say(f"The view {line(name, 40)} is saved.")
        st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
        TOOL.close()


def _name() -> str:
    """The key of the box for the name: another after each use, so that it begins empty."""
    return f"view_name_{st.session_state.get(_TIMES, 0)}"
