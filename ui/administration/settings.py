"""Runtime settings: what each means and may be, as it stands, changed with a reason, and what it was before."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from core import clock, config
from core.config import Standing, Value
from core.permissions import Principal
from core.uow import perform
from ui import acting, badges, times
from ui.administration import forms
from ui.badges import Look
from ui.listing import Listing
from ui.plain import line, literal

SETTINGS = Listing("setting")
_FORM = "setting"
_CHANGED = {"changed": Look("Changed", "orange")}
_TYPES = {bool: "yes or no", int: "whole number", float: "number", str: "text"}


def draw(me: Principal) -> None:
    """The settings, and the open one beside them."""
    found = perform(me, config.standings)
    opened = next((each for each in found if _number(each.key) == SETTINGS.opened()), None)
    left, right = st.columns((1.5, 1), gap="medium")
    with left:
        _list(found)
    with right:
        if opened:
            _setting(me, opened)
        else:
            st.caption("Choose a setting to change it, or to see what it was before. Every process follows in seconds.")


def _number(key: str) -> int:
    return zlib.crc32(key.encode())


def _list(found: Sequence[Standing]) -> None:
    cells = pd.DataFrame(
        {
            "key": [each.key for each in found],
            "value": [line(_said(each.value), 80) for each in found],
            "changed": [[_CHANGED["changed"].word] if each.is_changed else [] for each in found],
            "meaning": [each.meaning for each in found],
        }
    )
    columns = {
        "key": st.column_config.TextColumn("Setting", width=190),
        "value": st.column_config.TextColumn("Value", width=80),
        "changed": badges.column("Changed", _CHANGED, width=70),
        "meaning": st.column_config.TextColumn("Meaning", width=380),
    }
    SETTINGS.draw([_number(each.key) for each in found], cells, columns, _open_picked, says="Runtime settings")


def _open_picked() -> None:
    forms.clear(_FORM)
    SETTINGS.open(SETTINGS.picked())


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _setting(me: Principal, known: Standing) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(f"##### {literal(known.key)}")
        st.markdown(literal(known.meaning))
        st.caption(f"{_bounds(known)} By default {literal(_said(known.default) or 'nothing')}.")
        _value(known)
        forms.beside(_FORM, known.key)
        st.text_input("Why", key="setting_why", max_chars=500, placeholder="Kept with the change")
        forms.beside(_FORM, "reason")
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Change", key="setting_change", type="primary", on_click=_change, args=(known,))
            if known.is_changed:
                st.button("Back to the default", key="setting_default", on_click=_restore, args=(known,))
    _history(me, known.key)


def _bounds(setting: Standing) -> str:
    kind = _TYPES[type(setting.default)].capitalize()
    if setting.low is not None and setting.high is not None:
        return f"{kind} from {setting.low:,g} to {setting.high:,g}."
    return f"{kind}."


def _value(known: Standing) -> None:
    """The widget that fits. What it may be is checked by the core, so that the sentence is the same everywhere."""
    name = _key(known)
    if known.allowed or isinstance(known.default, bool):
        choices = list(known.allowed) or ["true", "false"]
        st.segmented_control("Value", choices, default=_said(known.value), required=True, key=name)
    else:
        st.text_input("Value", value=_said(known.value), key=name, max_chars=200)


def _key(known: Standing) -> str:
    return f"setting_{known.key}_{known.version}"


def _change(known: Standing) -> None:
    _store(known, str(st.session_state.get(_key(known)) or ""))


def _restore(known: Standing) -> None:
    _store(known, _said(known.default))


def _store(known: Standing, value: str) -> None:
    key, why = known.key, str(st.session_state.get("setting_why") or "")
    if forms.attempt(_FORM, config.change, key, value, version=known.version, reason=why):
        acting.say(f"{key} is {value} now.")
        st.session_state["setting_why"] = ""


def _history(me: Principal, key: str) -> None:
    found, now = perform(me, config.history, key), clock.now()
    if not found:
        st.caption("It has never been changed.")
        return
    table = pd.DataFrame(
        [
            (_when(change.at, me, now), line(change.who, 60), change.told.get("before") or "default",
             change.told.get("after"), line(change.told.get("reason") or "", 300))
            for change in found
        ],
        columns=["When", "Who", "Before", "After", "Why"],
    )  # fmt: skip
    st.dataframe(table, hide_index=True, height="content", alt="Changes of this setting")


def _when(moment: datetime, me: Principal, now: datetime) -> str:
    return times.clock_time(moment, me.zone, now)
