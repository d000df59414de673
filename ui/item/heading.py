"""The head of an item: its title and badges, and why it scores what it scores and is due when it is."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.permissions import Principal
from core.queue.inbox import QueueRow
from core.queue.offering import is_under_way
from core.queue.viewing import ItemView
from core.resolutions.declaring import item_type
from core.spans import format_span
from core.words import Status
from ui import badges, times
from ui.plain import line, literal


def draw(me: Principal, view: ItemView) -> None:
    """Draw the head."""
    row, now = view.row, view.read_at
    st.subheader(literal(line(row.title)), anchor=False)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        badges.badge(badges.PRIORITY, row.priority)
        badges.badge(badges.STATUS, row.status)
        badges.deadline_badge(row, now, me.zone)
        if row.escalation_level:
            st.badge(f"Level {row.escalation_level}", icon=":material/priority_high:", color="red")
        if row.occurrences > 1:
            st.badge(f"×{row.occurrences:,}", color="gray", help="How often it was reported while open.")
        _score(row)
        _deadline(me, view)
    st.markdown(f"{_standing(me, view)}  \n:gray[:small[{_origin(me, row, now)}]]")


def _origin(me: Principal, row: QueueRow, now: datetime) -> str:
    parts = [badges.QUEUES.get(row.queue, row.queue), f"arrived {times.both(row.created_at, me.zone, now)}"]
    if row.external_ref:
        parts.append(literal(line(row.external_ref, 60)))
    return " · ".join(parts)


def _standing(me: Principal, view: ItemView) -> str:
    """In whose hands it is and until when, in one line."""
    row, now = view.row, view.read_at
    holder = "you" if row.assigned_to == me.staff_id else literal(row.holder or "somebody", 60)
    if row.resolved_at is not None:
        done = f"{badges.look(badges.STATUS, row.status).word} by **{literal(view.decided_by or 'its source', 60)}**"
        option = badges.words(row.resolution or row.status).lower()
        return f"{done} {times.ago(row.resolved_at, now)}: *{literal(option)}*"
    if row.status is Status.DEFERRED and row.deferred_until:
        return f"Put off until **{times.clock_time(row.deferred_until, me.zone, now)}**; its deadline stays"
    if row.status is Status.WAITING:
        return f"Held by **{holder}**, waiting on the {row.waiting_on}"
    if is_under_way(row):
        option = literal(badges.words(row.resolution or "").lower())
        ends = "is in hand again" if _is_kept(row) else "is settled"
        return f"Held by **{holder}**: *{option}* is being carried out, and the item {ends} when that is done"
    if row.status is Status.IN_PROGRESS:
        left = f", claim holds {format_span(row.lease_expires_at - now)} more" if row.lease_expires_at else ""
        return f"Held by **{holder}**{left}"
    return "In nobody's hands"


def _is_kept(row: QueueRow) -> bool:
    """Whether what is being carried out leaves the item to be decided yet."""
    option = item_type(row.item_type).option(row.resolution or "")
    return option is not None and option.keeps


def _score(row: QueueRow) -> None:
    with st.popover(f"Score {row.priority_score:.0f}", type="tertiary"):
        st.markdown("**Why this score**")
        st.markdown("  \n".join(f"`{part.points:+5.1f}` {literal(part.because)}" for part in row.score_parts))
        st.caption("The sum, held between 0 and 100; higher is more pressing.")


def _deadline(me: Principal, view: ItemView) -> None:
    row, now = view.row, view.read_at
    due = f"Due {times.clock_time(row.sla_deadline, me.zone, now)}" if row.sla_deadline else "No deadline"
    with st.popover(due, type="tertiary"):
        st.markdown(f"**{times.full_time(row.sla_deadline, me.zone)}**" if row.sla_deadline else "**No deadline**")
        st.markdown("  \n".join(literal(step) for step in view.derivation))
        if row.first_response_due_at:
            st.caption(f"First response: {_first_response(me, row, now)}")


def _first_response(me: Principal, row: QueueRow, now: datetime) -> str:
    assert row.first_response_due_at is not None
    due = times.clock_time(row.first_response_due_at, me.zone, now)
    if row.first_responded_at is None:
        late = "overdue since" if row.first_response_due_at <= now else "due"
        return f"{late} {due}"
    late = "late" if row.first_responded_at > row.first_response_due_at else "in time"
    return f"given {times.clock_time(row.first_responded_at, me.zone, now)}, {late} (due {due})"
