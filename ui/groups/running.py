"""How far a settling is: taken forward by the screen of whoever began it, and seen by everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from core import clock
from core.errors import Unavailable
from core.permissions import MANAGES, Permission, Principal
from core.queue import settling
from core.queue.runs import ItemOutcome, Run, outcomes, runs
from core.uow import perform
from ui import acting, badges, gate, times
from ui.badges import Look
from ui.groups import planning
from ui.plain import line, literal

STEP_SECONDS = 1
_STATES = {
    "canaries": Look("First few", "violet", ":material/science:"),
    "rest": Look("Going", "blue", ":material/play_arrow:"),
    "paused": Look("Paused", "orange", ":material/pause:"),
    "stopped": Look("Stopped", "red", ":material/front_hand:"),
    "done": Look("Done", "green", ":material/check:"),
}
_OUTCOMES = {
    "under_way": Look("On its way", "violet"),
    "done": Look("Done", "green"),
    "failed": Look("Failed", "red"),
}


def briefly(run: Run | None) -> str:
    """Who settles a group, and how far it is, in a few words; nothing when nobody does."""
    if run is None or (run.state == "done" and not run.failed):
        return ""
    word = "" if run.is_moving else f"{badges.look(_STATES, _state(run)).word.lower()} "
    return f"{'You' if run.mine else line(run.by, 40)}: {word}{run.done:,}/{run.size:,}"


def draw(me: Principal, run: Run, example: int) -> None:
    """Draw the settling; the screen of whoever began it takes it forward, and nobody else's."""
    if run.mine and (run.is_moving or (run.under_way and not run.is_paused)):
        _take_forward(run.id, example)
    else:
        _panel(me, run)


def draw_past(me: Principal, run: Run) -> None:
    """Draw in a line what came of the settling before the one that is being planned."""
    began = times.clock_time(run.started_at, me.zone, clock.now())
    told = f"{_who(run)} with {literal(run.option, 80)} at {began}: {_progress(run)}."
    st.caption(f"{told} {literal(run.why or '')}")


@gate.fragment(Permission.OPS_WRITE, active=False, run_every=STEP_SECONDS)
def _take_forward(me: Principal, run_id: int, example: int) -> None:
    """Take it one step forward and show how far it is; once there is no more to do, draw the page anew."""
    try:
        goes_on = perform(me, settling.step, run_id)
    except Unavailable:
        goes_on = True  # the next tick tries again
    _panel(me, perform(me, runs, [example])[example])
    if not goes_on:
        gate.rerun_by_itself()


def _panel(me: Principal, run: Run) -> None:
    now = clock.now()
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        badges.badge(_STATES, _state(run))
        began = times.clock_time(run.started_at, me.zone, now)
        st.markdown(f"{_who(run)} with *{literal(run.option, 80)}* :gray[:small[since {began}]]", width="stretch")
        _buttons(me, run)
    st.progress(run.done / max(run.size, 1), text=_progress(run))
    if note := _note(run, me, now):
        st.markdown(note)
    if run.justification:
        st.caption(literal(run.justification, 400))
    _outcomes(me, perform(me, outcomes, run.id), now)


def _who(run: Run) -> str:
    name = "You" if run.mine else f"**{literal(run.by, 60)}**"
    if not run.is_moving:
        return f"{name} began"
    return f"{name} {'are' if run.mine else 'is'} settling this group"


def _state(run: Run) -> str:
    return "paused" if run.is_paused else run.state


def _progress(run: Run) -> str:
    parts = [f"{run.done:,} of {run.size:,} done"]
    parts += [f"{run.under_way:,} on their way"] if run.under_way else []
    parts += [f"{run.failed:,} failed"] if run.failed else []
    return " · ".join(parts)


def _note(run: Run, me: Principal, now: datetime) -> str:
    """Where it stands, and what comes next, in a sentence."""
    if run.is_paused:
        last = times.clock_time(run.stepped_at, me.zone, now)
        whose = "It goes on where it stopped." if run.mine else f"{literal(run.by, 60)} can go on with it."
        return f":orange[Paused since {last}: its screen was closed.] {whose}"
    if run.state == "stopped":
        return f":red[{literal(run.why)}]"
    if run.state == "canaries":
        return f"The first {run.canaries} go ahead. The rest follows by itself when all of them have come true."
    if run.state == "rest":
        return f"The first {run.canaries} went well. It stops by itself once more than {run.most_failures} have failed."
    return f"{run.failed:,} could not be settled." if run.failed else "All of them are done."


def _buttons(me: Principal, run: Run) -> None:
    if not me.may(Permission.OPS_WRITE):
        return
    if run.is_moving and (run.mine or me.may(MANAGES)):
        st.button("Stop", key="stop", icon=":material/stop:", shortcut="S", on_click=_stop, args=(run.id,))
    elif run.mine and run.has_more and not run.is_moving and not planning.is_anew(run):
        st.button("Decide anew", key="anew", type="tertiary", on_click=planning.decide_anew, args=(run.id,))
        st.button(
            "Try these again" if run.state == "done" else "Resume",
            key="resume",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            on_click=_resume,
            args=(run.id, run.stepped_at),
            help=f"{run.canaries} first again, then the rest.",
        )


def _stop(run_id: int) -> None:
    acting.act(settling.stop, run_id)


def _resume(run_id: int, seen: datetime) -> None:
    acting.once(f"resume:{run_id}:{seen.isoformat()}", settling.resume, run_id)


def _outcomes(me: Principal, found: Sequence[ItemOutcome], now: datetime) -> None:
    if not found:
        return
    st.dataframe(
        pd.DataFrame(
            {
                "item": [f"queue?item={each.item_id}" for each in found],
                "state": badges.cells(_OUTCOMES, [each.state for each in found]),
                "why": [line(each.why) for each in found],
                "at": [times.clock_time(each.at, me.zone, now) for each in found],
            }
        ),
        column_config={
            "item": st.column_config.LinkColumn("Item", width=70, display_text=r"item=(\d+)"),
            "state": badges.column("Outcome", _OUTCOMES, width=92),
            "why": st.column_config.TextColumn("What came of it", width=230),
            "at": st.column_config.TextColumn("At", width=70),
        },
        hide_index=True,
        height=min(38 + 30 * len(found), 280),
        row_height=30,
        key="outcomes",
        alt="What came of each item, failures first",
    )
