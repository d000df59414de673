"""My work: what is mine, what is next, what is late, what is loud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core import clock
from core.alerts import inbox as alerts
from core.alerts.inbox import AlertFilter, AlertRow
from core.permissions import Permission, Principal
from core.queue import inbox
from core.queue.filters import Filter
from core.queue.inbox import Page, QueueRow
from core.uow import UnitOfWork, perform
from ui import badges, grid, times
from ui.listing import Listing
from ui.plain import line, literal
from ui.views.queue import take_next

_QUEUE = "pages/queue.py"
_MINE = Filter(assignee="me", sort_by="sla_deadline", sort_order="asc")
_FREE = Filter(status="open")
_HELD = Listing("held_item")
_AHEAD = 6
_LOUD = 6


@dataclass(frozen=True)
class Desk:
    """What one drawing of the page shows."""

    mine: Page
    free: Page
    loud: tuple[AlertRow, ...]
    unread: int


def show(me: Principal) -> None:
    """Draw the page."""
    if not me.may(Permission.OPS_READ):
        _show_alerts(perform(me, _loud), clock.now())
        _show_other_work(me)
        return
    desk = perform(me, _read)
    works = me.may(Permission.OPS_WRITE)
    _figures(me, desk, works=works)
    left, right = st.columns((1.36, 1), gap="medium")
    with left:
        if works:
            _show_mine(desk.mine)
        else:
            _show_free(desk.free, works=False)
    with right:
        if works:
            _show_free(desk.free, works=True)
        _show_alerts(desk.loud, desk.mine.read_at)


def _show_other_work(me: Principal) -> None:
    """Where those go whose work is not in the queue."""
    if me.may(Permission.AUDIT_READ):
        st.page_link("pages/audit.py", label="Read the audit log", icon=":material/policy:")


def _read(uow: UnitOfWork) -> Desk:
    mine = inbox.page(uow, _MINE, limit=inbox.LARGEST_PAGE)
    return Desk(mine, inbox.page(uow, _FREE, limit=_AHEAD), _loud(uow), alerts.unread_count(uow))


def _loud(uow: UnitOfWork) -> tuple[AlertRow, ...]:
    return alerts.alerts(uow, AlertFilter(unread=True, mine=True), limit=_LOUD).items


def _figures(me: Principal, desk: Desk, *, works: bool) -> None:
    rows, now = desk.mine.items, desk.mine.read_at
    late = sum(row.sla_state == "breached" for row in rows)
    figures = {"In my hands": desk.mine.total, "Overdue": late, "Due today": _due_today(me, rows, now)}
    figures = figures if works else {}
    with st.container(horizontal=True, gap="small"):
        for label, figure in (
            figures | {"Waiting for somebody": desk.free.total, "Unread alerts": desk.unread}
        ).items():
            capped = "+" if label == "Waiting for somebody" and desk.free.total_is_capped else ""
            st.metric(label, f"{figure:,}{capped}", border=True)


def _due_today(me: Principal, rows: tuple[QueueRow, ...], now: datetime) -> int:
    """How many of these fall due between now and midnight where the person is."""
    zone = ZoneInfo(me.zone)
    today = now.astimezone(zone).date()
    due = (row.sla_deadline for row in rows if row.sla_deadline is not None and row.sla_deadline > now)
    return sum(moment.astimezone(zone).date() == today for moment in due)


def _show_mine(mine: Page) -> None:
    st.markdown("##### In my hands, nearest deadline first")
    if not mine.items:
        with st.container(border=True):
            st.markdown("**Your hands are free.** Take the next item (`T`), or choose one in the queue.")
        return
    grid.draw(_HELD, mine.items[:25], mine.read_at, _open_picked)
    if mine.total > 25:
        st.page_link(_QUEUE, label=f"All {mine.total:,} in the queue", query_params={"status": "Mine"})


def _open_picked() -> None:
    item = _HELD.picked()
    if item is not None:
        st.switch_page(_QUEUE, query_params={"status": "Mine", "item": str(item)})


def _show_free(free: Page, *, works: bool) -> None:
    st.markdown("##### What is next")
    if not free.items:
        st.markdown("Nothing is waiting: every open item is in somebody's hands or put off.")
        return
    if works:
        st.button(
            "Take next",
            key="take_next",
            type="primary",
            icon=":material/download:",
            shortcut="T",
            on_click=_take_and_go,
        )
    for row in free.items:
        due = times.briefly(row.sla_deadline, free.read_at) if row.sla_deadline else "no deadline"
        with _row():
            badges.badge(badges.PRIORITY, row.priority)
            _link(row.title, row.id)
            _aside(f"due {due}")


def _take_and_go() -> None:
    taken = take_next()
    if taken is not None:
        st.switch_page(_QUEUE, query_params={"item": str(taken)})


def _show_alerts(loud: tuple[AlertRow, ...], now: datetime) -> None:
    st.markdown("##### Alerts")
    if not loud:
        st.markdown(":gray[Nothing needs you to know about it just now.]")
    for alert in loud:
        with _row():
            badges.badge(badges.SEVERITY, alert.severity)
            _link(alert.title, alert.item_id)
            _aside(times.briefly(alert.last_seen_at, now))


def _row() -> st.delta_generator.DeltaGenerator:
    return st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall")


def _link(title: str, item_id: int | None) -> None:
    """A title, which opens its item where there is one."""
    label = literal(line(title, 80))
    if item_id is None:
        st.markdown(label, width="stretch", wrap=False)
    else:
        st.page_link(_QUEUE, label=label, query_params={"item": str(item_id)}, width="stretch")


def _aside(told: str) -> None:
    st.markdown(f":gray[:small[{literal(told)}]]", width="content", wrap=False)
