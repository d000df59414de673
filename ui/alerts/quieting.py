"""Planned maintenance: what is going on and coming, and a form to plan more."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from core import clock
from core.alerts import maintenance
from core.alerts.maintenance import REASON_LENGTH, Window
from core.permissions import Permission, Principal
from core.uow import perform
from core.words import AlertType, Queue
from ui import acting, badges, times
from ui.plain import literal


def popover(me: Principal) -> None:
    """Draw planned maintenance behind a button, where there is some or one may plan it."""
    planned = perform(me, maintenance.windows)
    manages = me.may(Permission.ALERTS_MANAGE)
    if not planned and not manages:
        return
    going = any(window.starts_at <= clock.now() for window in planned)
    label = "Maintenance now" if going else "Maintenance"
    with st.popover(label, icon=":material/notifications_off:", width="content", key="maintenance"):
        for window in planned:
            _window(me, window, manages=manages)
        if manages:
            _form(me)


def _window(me: Principal, window: Window, *, manages: bool) -> None:
    now = clock.now()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        span = f"{times.clock_time(window.starts_at, me.zone, now)} – {times.clock_time(window.ends_at, me.zone, now)}"
        st.markdown(f"**{literal(window.reason)}**  \n:gray[:small[{literal(f'{span} · {_scope(window)}')}]]")
        if manages:
            label = "End now" if window.starts_at <= now else "Take back"
            st.button(label, key=f"end_maintenance_{window.id}", type="tertiary", on_click=_end, args=(window.id,))


def _scope(window: Window) -> str:
    types = ", ".join(badges.ALERTS.get(each, each) for each in window.alert_types or ()) or "all alerts"
    queues = ", ".join(badges.QUEUES.get(each, each) for each in window.queues or ())
    return f"{types} of {queues}" if queues else types


def _form(me: Principal) -> None:
    now = clock.now()
    with st.form("maintenance_form", border=False):
        st.text_input("Reason", key="maintenance_reason", max_chars=REASON_LENGTH, placeholder="Storage is moved")
        left, right = st.columns(2)
        left.datetime_input("From", times.local_input(now, me.zone), key="maintenance_from")
        right.datetime_input("Until", times.local_input(now + timedelta(hours=2), me.zone), key="maintenance_until")
        st.multiselect(
            "Types",
            [each.value for each in AlertType],
            format_func=badges.ALERTS.__getitem__,
            placeholder="All types",
            key="maintenance_types",
        )
        st.multiselect(
            "Queues",
            [each.value for each in Queue],
            format_func=badges.QUEUES.__getitem__,
            placeholder="All queues",
            key="maintenance_queues",
        )
        st.caption("Alerts raised within it are kept, without toast and without delivery.")
        st.form_submit_button("Plan it", type="primary", on_click=_plan, args=(me.zone,))


def _plan(zone: str) -> None:
    said = st.session_state
    begins, ends = said["maintenance_from"], said["maintenance_until"]
    if begins is None or ends is None:
        acting.refuse("Say from when until when.")
        return
    done = acting.act(
        maintenance.plan,
        said["maintenance_reason"],
        times.from_input(begins, zone),
        times.from_input(ends, zone),
        alert_types=[AlertType(each) for each in said["maintenance_types"]],
        queues=[Queue(each) for each in said["maintenance_queues"]],
    )
    if done:
        said["maintenance_reason"] = ""
        acting.say("Planned.")


def _end(number: int) -> None:
    if acting.act(maintenance.end, number):
        acting.say("It is over: alerts are heard again.")
