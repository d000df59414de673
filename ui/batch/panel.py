"""The batch beside the list: what is chosen, what is to be done to it, what would come of it, and doing it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.people import Person
from core.permissions import Principal
from core.queue import batching, continuing
from core.queue.batching import Outcome
from core.queue.tasks import Chosen, Task
from ui import acting, focus
from ui.batch import choosing, going, outcomes
from ui.batch.deeds import DEEDS, Deed, Read, Values, open_to

_DEED, _PREVIEW = "batch.deed", "batch.preview"


@dataclass(frozen=True)
class Previewed:
    """What a preview told, of what: `token` makes that it is carried out once."""

    name: str
    values: Values
    chosen: Chosen
    task: Task
    outcomes: Sequence[Outcome]
    token: str = field(default_factory=lambda: secrets.token_hex(8))


def draw(me: Principal, people: Sequence[Person], unfinished: int | None) -> None:
    """Draw the batch that is open, or what makes a new one."""
    opened = going.BATCHES.opened()
    if opened is not None:
        going.draw(me, opened)
        return
    if unfinished is not None:
        going.offer(me, unfinished)
    if not choosing.count():
        _explain()
        return
    known = open_to(me)
    name = st.session_state.get(_DEED)
    with st.container(horizontal=True, gap="xsmall"):
        for each, deed in known.items():
            _deed_button(each, deed, is_on=each == name)
    if name not in known:
        st.caption("Choose what to do to them. You see what would come of it before anything is done.")
        return
    with st.container(key=focus.HERE, gap="small"):
        read = known[name].draw(me, people)
    _preview_and_run(me, name, read)
    focus.place()


def _explain() -> None:
    st.markdown("**Choose items** in the list; they stay chosen on every page.")
    st.table(
        {
            "`J` `K` `M`": "next, previous, choose it",
            "`W` `G` `U`": "this page · all that match · none",
            "`Space`": "choose the row with the cursor",
            "`Ctrl+Enter`": "preview; with `Shift` too, do it",
            "`S`": "back to one at a time",
        },
        border="horizontal",
        width="content",
    )


def _deed_button(name: str, deed: Deed, *, is_on: bool) -> None:
    kind: Any = "primary" if is_on else "secondary"
    st.button(deed.label, key=f"batch_{name}", type=kind, shortcut=deed.key, on_click=_pick_deed, args=(name,))


def _pick_deed(name: str) -> None:
    st.session_state[_DEED] = name
    st.session_state.pop(_PREVIEW, None)
    focus.want()


def _preview_and_run(me: Principal, name: str, read: Read) -> None:
    chosen, filled = choosing.chosen(), read()
    seen: Previewed | None = st.session_state.get(_PREVIEW)
    fits = seen is not None and (seen.name, seen.values, seen.chosen) == (name, filled.values, chosen)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(
            "Preview",
            key="batch_preview",
            type="secondary" if fits else "primary",
            shortcut="Ctrl+Enter",
            disabled=filled.task is None,
            on_click=_preview,
            args=(name, read),
        )
        if seen is not None and fits:
            _run_button(seen)
        st.button("Leave", key="batch_no", type="tertiary", shortcut="Escape", on_click=_leave)
    if seen is None:
        return
    if not fits:
        st.caption("What is chosen or filled in has changed since the preview.")
        return
    why = {outcome.id: outcome.why for outcome in seen.outcomes if not outcome.done}
    of = {"refused": [*why], "done": [outcome.id for outcome in seen.outcomes if outcome.done]}
    outcomes.counts(of, f"would be {DEEDS[name].done}")
    outcomes.draw(me, of, why, ahead=True)


def _preview(name: str, read: Read) -> None:
    filled, chosen = read(), choosing.chosen()
    if filled.task is None:
        return
    task = filled.task()
    done = acting.act(batching.preview, chosen, task)
    if done:
        st.session_state[_PREVIEW] = Previewed(name, filled.values, chosen, task, done.answer.outcomes)


def _run_button(seen: Previewed) -> None:
    count = sum(outcome.done for outcome in seen.outcomes)
    st.button(
        f"{DEEDS[seen.name].label} {count:,}",
        key="batch_run",
        type="primary",
        icon=":material/playlist_add_check:",
        shortcut="Ctrl+Shift+Enter",
        disabled=not count,
        on_click=_run,
        args=(seen,),
    )


def _run(seen: Previewed) -> None:
    done = acting.once(f"batch:{seen.token}", continuing.begin, seen.chosen, seen.task)
    if done:
        going.BATCHES.open(done.answer)
        choosing.choose({})
        _leave()


def _leave() -> None:
    for key in (_DEED, _PREVIEW):
        st.session_state.pop(key, None)
