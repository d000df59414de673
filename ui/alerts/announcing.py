"""Saying something to everybody, a role or a queue's people, and seeing who has read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd
import streamlit as st

from core import clock
from core.alerts import broadcasting
from core.alerts.broadcasting import MESSAGE_LENGTH, TITLE_LENGTH
from core.alerts.raising import Audience
from core.permissions import Permission, Principal, Role
from core.uow import perform
from core.words import Queue, Severity
from ui import acting, badges, times

AUDIENCES: Mapping[str, Audience] = {
    "Everybody": Audience(),
    **{f"Role: {badges.words(role)}": Audience(role=role) for role in Role},
    **{f"Queue: {badges.QUEUES[queue]}": Audience(queue=queue) for queue in Queue},
}
LASTS: Mapping[str, timedelta] = {
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "1 week": timedelta(days=7),
    "1 month": timedelta(days=30),
}


def popover(me: Principal) -> None:
    """Draw the form behind a button, for who may broadcast."""
    if not me.may(Permission.ALERTS_BROADCAST):
        return
    with st.popover("Broadcast", icon=":material/campaign:", width="content"), st.form("broadcast", border=False):
        st.text_input("Title", key="broadcast_title", max_chars=TITLE_LENGTH)
        st.text_area("Message", key="broadcast_message", max_chars=MESSAGE_LENGTH, height=96)
        left, middle, right = st.columns(3)
        left.selectbox("For", list(AUDIENCES), key="broadcast_for")
        middle.selectbox("Lasts", list(LASTS), index=1, key="broadcast_lasts")
        right.selectbox(
            "Severity", [each.value for each in Severity], format_func=badges.words, key="broadcast_severity"
        )
        st.form_submit_button("Broadcast", type="primary", icon=":material/campaign:", on_click=_broadcast)


def _broadcast() -> None:
    said = st.session_state
    done = acting.act(
        broadcasting.broadcast,
        said["broadcast_title"],
        said["broadcast_message"],
        AUDIENCES[said["broadcast_for"]],
        clock.now() + LASTS[said["broadcast_lasts"]],
        severity=Severity(said["broadcast_severity"]),
    )
    if done:
        said["broadcast_title"] = said["broadcast_message"] = ""
        acting.say("It is told.")


def receipts(me: Principal, alert_id: int) -> None:
    """Draw who has read a broadcast, behind a button."""
    with st.popover("Who has read it", icon=":material/fact_check:", width="content", on_change="rerun") as opened:
        if not opened.open:
            return
        told = perform(me, broadcasting.receipts, alert_id)
        now = clock.now()
        st.markdown(f"**{sum(each.read_at is not None for each in told)} of {len(told)}** have read it.")
        st.dataframe(
            pd.DataFrame(
                {
                    "Person": [each.full_name for each in told],
                    "Read": [times.both(each.read_at, me.zone, now) if each.read_at else "" for each in told],
                }
            ),
            hide_index=True,
            alt="Who has read it",
        )
