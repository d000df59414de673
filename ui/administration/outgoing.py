"""What has not left the house: what waits, what was put aside with the error in words, and sending it once more."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import clock
from core.outbox import delivering, reading
from core.outbox.reading import Listed, Listing
from core.permissions import Principal
from core.settings import settings
from core.uow import UnitOfWork, perform
from ui import acting, badges, listing, times
from ui.badges import Look
from ui.plain import line, literal

ENTRIES = listing.Listing("outgoing")
_STATES = {
    "parked": Look("Parked", "red", ":material/block:"),
    "waiting": Look("Waiting", "blue", ":material/schedule:"),
    "leased": Look("Being sent", "violet", ":material/send:"),
}
_ALL = "all"


def draw(me: Principal) -> None:
    """The counts, the list and the one that is open."""
    counts = perform(me, reading.waiting_counts)
    labels = {_ALL: f"All {sum(counts.values()):,}"} | {
        state: f"{_STATES[state].word} {counts[state]:,}" for state in _STATES
    }
    state = st.segmented_control(
        "State", list(labels), format_func=labels.__getitem__, default=_ALL, required=True, key="outgoing_state",
        label_visibility="collapsed",
    )  # fmt: skip
    wanted = None if state in (None, _ALL) else state
    ENTRIES.begin_anew_when(wanted)
    cursor = ENTRIES.cursor()
    found = perform(me, _read, wanted, int(cursor) if cursor else None)
    if not found.entries:
        with st.container(border=True):
            st.markdown("**Nothing waits to leave.** What is parked, because it could not be sent, is shown here.")
        return
    opened = next((entry for entry in found.entries if entry.id == ENTRIES.opened()), None)
    left, right = st.columns((1.7, 1), gap="medium")
    with left:
        _list(found)
    with right:
        if opened:
            _entry(me, opened)
        else:
            st.caption("Choose one to see why it has not left. Whom it is for and what it says is not shown.")


def _read(uow: UnitOfWork, state: str | None, cursor: int | None) -> Listing:
    return reading.entries(uow, state=state, cursor=cursor, limit=settings().page_size)


def _list(found: Listing) -> None:
    now = clock.now()
    cells = pd.DataFrame(
        {
            "state": badges.cells(_STATES, [entry.state for entry in found.entries]),
            "kind": [badges.words(entry.kind) for entry in found.entries],
            "since": [times.briefly(entry.since, now) for entry in found.entries],
            "attempts": [entry.attempts for entry in found.entries],
            "error": [line(entry.last_error or "", 200) for entry in found.entries],
        }
    )
    columns = {
        "state": badges.column("State", _STATES, width=92),
        "kind": st.column_config.TextColumn("What", width=130),
        "since": st.column_config.TextColumn("Since", width=84),
        "attempts": st.column_config.NumberColumn("Tries", width=50),
        "error": st.column_config.TextColumn("Last error", width=300),
    }
    ENTRIES.draw([entry.id for entry in found.entries], cells, columns, _open_picked, says="What has not left")
    ENTRIES.pager(len(found.entries), str(found.cursor) if found.cursor else None, settings().page_size)


def _open_picked() -> None:
    ENTRIES.open(ENTRIES.picked())


def _entry(me: Principal, entry: Listed) -> None:
    now = clock.now()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"##### {literal(badges.words(entry.kind))} {entry.id}", width="content")
            badges.badge(_STATES, entry.state)
        st.caption(f"Since {times.both(entry.since, me.zone, now)} · {entry.attempts} tries")
        if entry.item_id:
            st.markdown(f"It settles item {entry.item_id}.")
        st.markdown(literal(entry.last_error or "It has not been tried yet."))
        if entry.state != "parked":
            st.caption(f"It is tried {times.both(entry.due_at, me.zone, now)}.")
            return
        with st.container(horizontal=True, gap="xsmall"):
            st.button(
                "Send again", key="outgoing_again", type="primary", icon=":material/replay:", on_click=_again,
                args=(entry.id, entry.since.isoformat()),
            )  # fmt: skip
            st.button(
                "Send all of its kind again", key="outgoing_all", on_click=_all_again,
                args=(entry.kind, entry.since.isoformat()),
            )  # fmt: skip


def _again(number: int, since: str) -> None:
    if acting.once(f"resend:{number}:{since}", delivering.resend, number):
        acting.say("It is on its way again.")


def _all_again(kind: str, since: str) -> None:
    done = acting.once(f"resend:{kind}:{since}", delivering.resend_all, kind)
    if done:
        acting.say(f"{done.answer:,} are on their way again.")
