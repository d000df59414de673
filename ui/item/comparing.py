"""Merging two records: side by side, what differs first with a pick for each field, and what would come of it."""

from __future__ import annotations

import streamlit as st

from core.queue.inbox import QueueRow
from core.resolutions.comparing import Comparison
from core.resolutions.guiding import Offer
from ui import filling
from ui.plain import line, literal

_SURVIVOR = "survivor"
_LONGEST = 160
_WIDTHS = (1, 1.7, 1.7)
_ICONS = {True: ":material/radio_button_checked:", False: ":material/radio_button_unchecked:"}


def is_merge(offer: Offer) -> bool:
    """Whether an option asks which of two records stays."""
    return any(wanted.name == _SURVIVOR for wanted in offer.parameters)


def draw(row: QueueRow, offer: Offer, told: Comparison) -> None:
    """Draw the form: a line for each field in which the two differ, then what they share, then the merged record."""
    st.caption(_likeness(told))
    names = {told.one: f"Record {told.one}", told.other: f"Record {told.other}"}
    with st.container(gap="xxsmall", key="side_by_side"):
        _choice(row, offer, told, _SURVIVOR, "**Stays**", names)
        for each in told.differing:
            _choice(row, offer, told, each.name, literal(each.label), {told.one: each.one, told.other: each.other})
    if told.equal:
        same = " · ".join(f"{literal(each.label)} **{literal(line(each.one, _LONGEST))}**" for each in told.equal)
        st.caption(f"The same in both: {same}")
    survivor = _picked(row, offer, _SURVIVOR)
    merged = told.merged(survivor, {each.name: _picked(row, offer, each.name) for each in told.differing})
    st.caption(f"Record {survivor} from then on; ← is taken from the other")
    st.table(
        {
            literal(f"{label} ←" if taken else label): literal(value, _LONGEST)
            for label, (value, taken) in merged.items()
        },
        border="horizontal",
    )


def _likeness(told: Comparison) -> str:
    score = f"**{told.likeness:.0%} alike.** " if told.likeness is not None else ""
    return score + literal(", ".join(line(each, 120) for each in told.evidence))


def _choice(row: QueueRow, offer: Offer, told: Comparison, name: str, label: str, values: dict[str, str]) -> None:
    """One line of the table: the field, and both values to pick from."""
    key = filling.key(row.id, offer, name)
    asked = next((wanted for wanted in offer.parameters if wanted.name == name), None)
    if st.session_state.get(key) not in values:
        st.session_state[key] = asked.suggested if asked and asked.suggested in values else told.one
    cells = st.columns(_WIDTHS, gap="xsmall", vertical_alignment="center")
    with cells[0]:
        st.markdown(f":small[{label}]")
    for cell, (record, value) in zip(cells[1:], values.items(), strict=True):
        with cell:
            is_picked = st.session_state[key] == record
            st.button(
                literal(line(value, _LONGEST)) or ":gray[*nothing*]",
                key=f"pick_{name}_{record}",
                icon=_ICONS[is_picked],
                type="secondary" if is_picked else "tertiary",
                width="stretch",
                wrap=True,
                on_click=_pick,
                args=(key, record),
            )


def _pick(key: str, record: str) -> None:
    st.session_state[key] = record


def _picked(row: QueueRow, offer: Offer, name: str) -> str:
    return str(st.session_state[filling.key(row.id, offer, name)])
