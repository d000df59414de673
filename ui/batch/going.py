"""A batch that was begun: taken forward a turn at a time, stopped, gone on with; and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from core.errors import OpsError
from core.permissions import Permission, Principal
from core.queue import batching, continuing
from core.queue.continuing import Batch
from core.uow import perform
from ui import acting, gate
from ui.batch import choosing, outcomes
from ui.batch.deeds import DEEDS
from ui.listing import Listing
from ui.plain import literal

BATCHES = Listing("batch")
"""The batch that is open stands in the address, so that it is found again after a reload."""
TURN_SECONDS = 0.3


def draw(me: Principal, batch_id: int) -> None:
    """Draw a batch: how far it is while it is going, then what came of each item."""
    try:
        batch = perform(me, continuing.batch, batch_id)
    except OpsError as refusal:
        st.markdown(literal(refusal.sentence))
        _close_button()
        return
    st.markdown(f"**{_deed(batch)}** {batch.size:,} items")
    if batch.is_going:
        _take_forward(batch_id)
    else:
        _standing(me, batch)


def offer(me: Principal, batch_id: int) -> None:
    """Say that a batch was cut off, and offer to go on with it."""
    batch = perform(me, continuing.batch, batch_id)
    with st.container(border=True, gap="small"):
        how_far = f"stopped after {batch.tried:,} of {batch.size:,} items."
        st.markdown(f":orange[:material/pause_circle:] **{_deed(batch)}** {how_far}")
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Go on", key="batch_take_up", type="primary", on_click=_resume, args=(batch_id,))
            st.button("Look at it", key="batch_look", on_click=BATCHES.open, args=(batch_id,))
            st.button("Leave it there", key="batch_leave", type="tertiary", on_click=_put_away, args=(batch_id,))


@gate.fragment(Permission.OPS_WRITE, active=False, run_every=TURN_SECONDS)
def _take_forward(me: Principal, batch_id: int) -> None:
    """Have the next turn, and say how far it is; draw the page anew after the last one.

    A turn is one transaction with nothing of Streamlit in it: whatever reruns or reloads, it is had once.
    """
    try:
        more = perform(me, continuing.go_on, batch_id)
        batch = perform(me, continuing.batch, batch_id)
    except OpsError as refusal:
        st.warning(
            f"{literal(refusal.sentence)} The batch waits, and goes on by itself.", icon=":material/sync_problem:"
        )
        return
    st.progress(batch.tried / batch.size, text=f"{batch.tried:,} of {batch.size:,} · {len(batch.refused):,} refused")
    st.button("Stop", key="batch_stop", icon=":material/stop:", shortcut="Escape", on_click=_stop, args=(batch_id,))
    st.caption("It goes on while this is open, and from here when you come back.")
    if not more:
        gate.rerun_by_itself()


def _standing(me: Principal, batch: Batch) -> None:
    of = {"refused": [*batch.refused], "done": batch.done, "left": batch.left}
    outcomes.counts(of)
    if batch.why:
        st.warning(literal(batch.why), icon=":material/block:")
    with st.container(horizontal=True, gap="xsmall"):
        if not batch.has_ended:
            st.button(
                "Go on", key="batch_go_on", type="primary", shortcut="Ctrl+Enter", on_click=_resume, args=(batch.id,)
            )
        _keep_button("refused", "the refused", [*batch.refused], "X")
        _keep_button("done", "the done", batch.done, "V")
        _keep_button("left", "the rest", batch.left, None)
        _close_button()
    outcomes.draw(me, of, batch.refused)


def _keep_button(name: str, words: str, ids: Sequence[int], key: str | None) -> None:
    if ids:
        st.button(f"Select {words}", key=f"batch_keep_{name}", shortcut=key, on_click=_keep, args=(ids,))


def _keep(ids: Iterable[int]) -> None:
    """Go on with exactly these, as they stand now: their outcome has just been read."""
    done = acting.act(batching.afresh, list(ids))
    if done:
        choosing.choose(done.answer.versions)
        close()


def _close_button() -> None:
    st.button("Close", key="batch_close", type="tertiary", shortcut="Escape", on_click=close)


def close() -> None:
    """Leave the batch as it is; one that has not ended is offered again."""
    BATCHES.open(None)


def _stop(batch_id: int) -> None:
    acting.act(continuing.stop, batch_id)
    st.rerun()


def _resume(batch_id: int) -> None:
    if acting.act(continuing.resume, batch_id):
        BATCHES.open(batch_id)
        choosing.turn(on=True)


def _put_away(batch_id: int) -> None:
    acting.act(continuing.put_away, batch_id)


def _deed(batch: Batch) -> str:
    return DEEDS[batch.deed].label
