"""The alert rules: which there are and how they fare; one of them built, tried against the past, switched on or off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from core import clock, people
from core.alerts.rules import keeping
from core.alerts.rules.backtesting import Backtest, backtest
from core.alerts.rules.keeping import KeptRule
from core.alerts.rules.linting import Finding, lint
from core.errors import Invalid
from core.permissions import Principal
from core.uow import UnitOfWork, perform
from ui import acting, badges, times
from ui.badges import Look
from ui.listing import Listing
from ui.plain import line, literal
from ui.rules import form, trying

RULES = Listing("rule")
DAYS = 30
_TRIED = "rules.tried"
_ROUND = "rules.round"
_WIDTHS = (1, 1.35)
_STATES = {"on": Look("On", "green"), "off": Look("Off", "gray"), "failing": Look("Failing", "red")}


def show(me: Principal) -> None:
    """Draw the page."""
    listed = perform(me, keeping.rules)
    number = RULES.opened()
    opened = next((each for each in listed if each.id == number), None)
    left, right = st.columns(_WIDTHS, gap="medium")
    with left:
        _list(listed)
        outcome: tuple[Backtest, list[Finding]] | None = st.session_state.get(_TRIED)
        if outcome:
            trying.draw_findings(outcome[1])
            trying.draw(me, outcome[0])
    with right, st.container(border=True, gap="small"):
        if number is not None and opened is None:
            st.markdown(f"**There is no rule {number}.** Somebody has taken it away.")
        else:
            _rule(me, opened)


def _list(listed: Sequence[KeptRule]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":gray[{len(listed)} {'rule' if len(listed) == 1 else 'rules'}]")
        st.button("New rule", key="new_rule", icon=":material/add:", shortcut="N", on_click=_begin)
    if not listed:
        st.markdown("**No rules yet.** Build one beside this and try it against the past.")
        return
    now = clock.now()
    cells = pd.DataFrame(
        {
            "name": [line(each.name) for each in listed],
            "state": badges.cells(_STATES, [_state(each) for each in listed]),
            "kind": [form.KINDS.get(each.kind, each.kind) for each in listed],
            "fired": [each.fired for each in listed],
            "last": [times.briefly(each.last_fired_at, now) if each.last_fired_at else "" for each in listed],
        }
    )
    text, whole = st.column_config.TextColumn, st.column_config.NumberColumn
    columns = {
        "name": text("Rule", width=190),
        "state": badges.column("State", _STATES, width=70),
        "kind": text("Kind", width=76),
        "fired": whole("Fired", width=56, format="localized"),
        "last": text("Last", width=92),
    }
    RULES.draw([each.id for each in listed], cells, columns, _open_picked, says="Alert rules")


def _state(kept: KeptRule) -> str:
    return "on" if kept.enabled and not kept.failures else "failing" if kept.enabled else "off"


def _open_picked() -> None:
    RULES.open(RULES.picked())
    _forget()


def _begin() -> None:
    RULES.open(None)
    _forget()


def _forget() -> None:
    """What was filled in and tried belongs to what was open before."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state.pop(_TRIED, None)


def _rule(me: Principal, kept: KeptRule | None) -> None:
    of = f"rule_{kept.id}_{kept.version}" if kept else "rule_new"
    of = f"{of}_{st.session_state.get(_ROUND, 0)}"
    _heading(me, of, kept)
    staff = perform(me, people.staff)
    form.draw(of, kept.name if kept else "", kept.definition if kept else None, staff, me.zone)
    if kept:
        _history(me, kept)


def _heading(me: Principal, of: str, kept: KeptRule | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"#### {literal(line(kept.name)) if kept else 'New rule'}")
        if kept:
            badges.badge(_STATES, _state(kept))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Try it on the last 30 days",
            key="try_rule",
            icon=":material/history:",
            shortcut="T",
            on_click=_try,
            args=(of, kept),
        )
        st.button("Save", key="save_rule", type="primary", icon=":material/save:", on_click=_save, args=(of, kept))
        if kept:
            _further(kept)
    if kept:
        said = f"Saved by {literal(kept.owner or 'nobody in particular')}, {_ago(me, kept.changed_at)}."
        st.caption(said + (f" {literal(kept.last_error)}" if kept.last_error else ""))


def _further(kept: KeptRule) -> None:
    label = "Switch off" if kept.enabled else "Switch on"
    st.button(label, key="switch_rule", icon=":material/power_settings_new:", on_click=_switch, args=(kept,))
    with st.popover("Take away", type="tertiary", icon=":material/delete:", width="content"):
        st.markdown("Its standing alerts end; its history stays on record.")
        st.button("Take it away", key="delete_rule", on_click=_delete, args=(kept,))


def _ago(me: Principal, moment: datetime) -> str:
    return literal(times.both(moment, me.zone, clock.now()))


def _history(me: Principal, kept: KeptRule) -> None:
    with st.expander("History", icon=":material/manage_history:", on_change="rerun", key="rule_history") as opened:
        if not opened.open:
            return
        deeds = perform(me, keeping.history, kept.id)
        st.dataframe(
            pd.DataFrame(
                {
                    "When": [times.stamp(each.at, me.zone) for each in deeds],
                    "What": [each.deed.capitalize() for each in deeds],
                    "By": [line(each.by_name) for each in deeds],
                    "Version": [each.version for each in deeds],
                }
            ),
            hide_index=True,
            alt="What was done to the rule",
        )


def _outcome(uow: UnitOfWork, definition: Any, name: str, number: int | None) -> tuple[Backtest, list[Finding]]:
    tried = backtest(uow, definition, days=DAYS, name=name or "This rule")
    return tried, lint(uow, definition, tried, number=number)


def _try(of: str, kept: KeptRule | None) -> None:
    """Try what is filled in; what is wrong with it is said in place."""
    st.session_state.pop(_TRIED, None)
    definition = _filled_in(of)
    number = None if kept is None else kept.id
    done = None if definition is None else acting.act(_outcome, definition, form.named(of), number)
    if done:
        st.session_state[_TRIED] = done.answer


def _filled_in(of: str) -> Any:
    try:
        return form.read(of)
    except Invalid as refusal:
        acting.refuse(f"The JSON {refusal.reason}.", refusal.field)
        return None


def _save(of: str, kept: KeptRule | None) -> None:
    """Save what is filled in, and say at once what is to be looked at before it is switched on."""
    _try(of, kept)
    if _TRIED not in st.session_state:
        return
    definition = _filled_in(of)
    if kept is None:
        made = acting.act(keeping.create, form.named(of), definition)
        if made:
            RULES.open(made.answer)
            acting.say("Saved, and switched off: switch it on when it says what you want.")
    elif acting.act(keeping.change, kept.id, kept.version, form.named(of), definition):
        acting.say("Saved. It begins afresh from now." if kept.enabled else "Saved.")


def _switch(kept: KeptRule) -> None:
    if acting.act(keeping.switch, kept.id, kept.version, on=not kept.enabled):
        acting.say("It watches from this moment on." if not kept.enabled else "It is off, and what it told is over.")


def _delete(kept: KeptRule) -> None:
    if acting.act(keeping.delete, kept.id, kept.version):
        acting.say(f"The rule {kept.name} is taken away.")
        _begin()
