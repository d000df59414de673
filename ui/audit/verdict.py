"""Is the record whole? A check of the whole audit log, and its verdict in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core import clock, verifying
from core.permissions import Principal
from core.spans import format_span
from core.verifying import Verdict
from ui import acting, times
from ui.plain import literal

_LAST = "audit.verdict"
_TIMES = "audit.checks"
_WANTED = "audit.check_wanted"


@dataclass(frozen=True)
class Checked:
    """A verdict and when it was given."""

    verdict: Verdict
    at: datetime


def draw(me: Principal) -> None:
    """Draw the question, its button, and the last verdict that this screen has been given."""
    with st.container(border=True, gap="small"):
        if st.session_state.pop(_WANTED, False):
            _check()
        last: Checked | None = st.session_state.get(_LAST)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("**Is the record whole?**", width="content")
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _headline(last, me, clock.now())
            st.button(
                "Check all of it",
                key="verify",
                icon=":material/verified_user:",
                help="Reads every row and every seal; about ten seconds for each million rows.",
                on_click=_want,
                args=(st.session_state.get(_TIMES, 0),),
            )
        if last is not None:
            _particulars(last.verdict)


def _want(times_before: int) -> None:
    """Ask for a check; the second half of a double click, drawn for the same number of checks, asks for nothing."""
    if times_before == st.session_state.get(_TIMES, 0):
        st.session_state[_TIMES] = times_before + 1
        st.session_state[_WANTED] = True


def _check() -> None:
    with st.spinner("Reading the whole record…"):
        done = acting.act(verifying.verify)
        # Kept before anything else is drawn: whatever interrupts the drawing, the answer is not lost.
        if done is not None:
            st.session_state[_LAST] = Checked(done.answer, clock.now())
    acting.show_notices()


def _headline(last: Checked | None, me: Principal, now: datetime) -> None:
    if last is None:
        st.markdown(":gray[Every row is sealed into a chain whose end is kept outside the database.]")
        return
    if last.verdict.ok:
        st.badge("Whole", icon=":material/verified:", color="green")
    else:
        st.badge("Altered", icon=":material/gpp_bad:", color="red")
    st.markdown(f"{_sum(last.verdict)} :gray[:small[{literal(times.both(last.at, me.zone, now))}]]")


def _sum(verdict: Verdict) -> str:
    """The verdict in one line."""
    checked = ", ".join((_many(verdict.rows, "row"), _many(verdict.seals, "seal"), _many(verdict.anchors, "anchor")))
    if verdict.ok:
        return f"Nothing was altered, removed or cut off: {checked} checked."
    return f"{_many(len(verdict.findings), 'place')} not as written: {checked} checked."


def _particulars(verdict: Verdict) -> None:
    if verdict.findings:
        st.dataframe(
            {"Where": [each.where for each in verdict.findings], "What": [each.what for each in verdict.findings]},
            column_config={"Where": st.column_config.TextColumn(width=260)},
            hide_index=True,
            height="content" if len(verdict.findings) <= 6 else 220,
            alt="Where the record is not as it was written",
        )
    notes = list(_notes(verdict))
    if notes:
        st.markdown("  \n".join(f":small[{literal(note)}]" for note in notes))


def _notes(verdict: Verdict) -> Iterator[str]:
    if verdict.unsealed:
        age = f", the oldest for {format_span(verdict.oldest_unsealed)}" if verdict.oldest_unsealed else ""
        yield f"{_many(verdict.unsealed, 'row')} at the end not sealed yet{age}: too young to be proven."
    yield from verdict.cautions


def _many(count: int, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count:,} {thing}s"
