"""The box of a decision that waits for a second person: what is proposed, by whom and why, and the answers to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core.permissions import Principal
from core.queue.inbox import QueueRow
from core.queue.offering import Deed
from core.queue.proposing import Proposal
from ui import badges, times
from ui.item import deeds
from ui.plain import literal


def draw(me: Principal, row: QueueRow, proposal: Proposal, may: Sequence[Deed], now: datetime) -> None:
    """Draw the box; whoever may answer the proposal has the buttons in it."""
    with st.container(border=True, key="proposal", gap="small"):
        st.badge("Needs a second person", icon=":material/group:", color="orange")
        who = "You propose" if proposal.by == me.staff_id else f"{literal(proposal.name, 60)} proposes"
        amount = f"{proposal.returned:,.2f} {proposal.currency}"
        told = f"**{who}: {literal(proposal.label, 80)}**, giving back **{literal(amount)}**"
        st.markdown(f"{told} :gray[:small[{times.ago(proposal.at, now)}]]  \n{literal(proposal.justification, 4_000)}")
        if proposal.parameters:
            filled = (f"{badges.words(name)}: {value}" for name, value in proposal.parameters.items())
            st.caption(literal("; ".join(filled), 500))
        answers = [deed for deed in deeds.ANSWERS if deed in may]
        if answers:
            with st.container(horizontal=True, gap="xsmall"):
                for deed in answers:
                    deeds.button(row, deed, is_first=deed is Deed.APPROVE)
        else:
            st.caption(_next_step(me, proposal, row))


def _next_step(me: Principal, proposal: Proposal, row: QueueRow) -> str:
    if proposal.by == me.staff_id:
        return "Somebody else has to approve it; until then you can take it back."
    return "Whoever holds it can approve it." if row.assigned_to else "Claim it to approve it or send it back."
