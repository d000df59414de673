"""The alerts: what somebody should know, newest first, each for its reader to read and put away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from core import clock
from core.alerts import answering, inbox
from core.alerts.inbox import AlertFilter, AlertPage, AlertRow
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.settings import PROJECT, settings
from core.uow import UnitOfWork, perform
from core.words import AlertType, Severity
from ui import acting, badges, times
from ui.acting import Done
from ui.alerts import announcing, quieting
from ui.badges import Look
from ui.listing import Listing
from ui.plain import line, literal

ALERTS = Listing("alert")
SNOOZES: Mapping[str, Callable[[datetime, str], datetime]] = {
    "4 hours": lambda now, _: now + timedelta(hours=4),
    "Until tomorrow, 09:00": times.next_morning,
    "1 week": lambda now, _: now + timedelta(days=7),
}
SHOWS = {"live": "Live", "unread": "Unread", "snoozed": "Snoozed", "past": "Past"}
_QUEUE = PROJECT / "pages" / "queue.py"
_REPORTS = PROJECT / "pages" / "reports.py"
_UNREAD = "alerts.unread"
_READ = "alerts.read"
_WIDTHS = (1.5, 1)
_ENDS = {"over": Look("Over", "green", ":material/check:"), "dismissed": Look("Dismissed", "gray")}
_UNSET: Mapping[str, Any] = {"severity": None, "kind": None, "mine": False}
_bound: Mapping[str, Any] = {"bind": "query-params", "label_visibility": "collapsed"}


@dataclass(frozen=True)
class Desk:
    """What one drawing shows: a page of the list, the open alert where there is one, and how many are unread."""

    page: AlertPage
    opened: AlertRow | None
    unread: int


def show(me: Principal) -> None:
    """Draw the page. All of it is drawn anew each time, so that the number in the menu is right at once."""
    wanted = _filters(me)
    ALERTS.begin_anew_when(wanted)
    desk = perform(me, _read, wanted, ALERTS.cursor(), ALERTS.opened())
    _read_on_arrival(desk.opened)
    now = clock.now()
    left, right = st.columns(_WIDTHS, gap="medium")
    with left:
        chosen = _list(me, desk, now, wanted)
    with right:
        if chosen is None:
            _detail(me, desk.opened, now)
        else:
            _several(chosen)


def _read(uow: UnitOfWork, wanted: AlertFilter, cursor: str | None, number: int | None) -> Desk:
    page = inbox.alerts(uow, wanted, limit=settings().page_size, cursor=cursor)
    try:
        opened = None if number is None else inbox.alert(uow, number)
    except NotFound:
        opened = None
    return Desk(page, opened, inbox.unread_count(uow))


def _read_on_arrival(opened: AlertRow | None) -> None:
    """Note an alert as read that was opened by its address. One that comes back while it is open stays unread."""
    if opened is None or st.session_state.get(_READ) == opened.id:
        return
    st.session_state[_READ] = opened.id
    if opened.is_unread and acting.act(answering.mark_read, opened.id):
        st.rerun()


def _open(number: int | None) -> None:
    """Open an alert, which is to read it; or close the open one."""
    ALERTS.open(number)
    st.session_state[_READ] = number
    if number is not None and number in st.session_state.get(_UNREAD, ()):
        acting.act(answering.mark_read, number)


def _open_picked() -> None:
    _open(ALERTS.picked())


def _step(by: int) -> None:
    found = ALERTS.neighbour(by)
    if found is not None:
        _open(found)


def _dismiss(number: int, occurrences: int) -> None:
    """Put an alert away and open the one that takes its place. One that comes back can be put away again."""
    following = ALERTS.neighbour(1) or ALERTS.neighbour(-1)
    if acting.once(f"alert.dismiss {number} {occurrences}", answering.dismiss, number):
        _open(following)


def _mark_all_read(wanted: AlertFilter) -> None:
    _say_count(acting.act(answering.mark_all_read, wanted), "read now")


def _answer_several(verb: Callable[[UnitOfWork, Sequence[int]], int], numbers: Sequence[int], what: str) -> None:
    _say_count(acting.act(verb, numbers), what)
    ALERTS.choose_none()


def _say_count(done: Done[int] | None, what: str) -> None:
    if done:
        acting.say(f"1 alert is {what}." if done.answer == 1 else f"{done.answer:,} alerts are {what}.")


def _snooze(number: int, until: datetime | None = None) -> None:
    """Put an alert off and open the one that takes its place; without a moment, as the menu says."""
    following = ALERTS.neighbour(1) or ALERTS.neighbour(-1)
    if acting.act(answering.snooze, number, until):
        acting.say("Put off: it comes back unread by itself." if until else "It is live again.")
        _open(following)


def _snooze_as_chosen(number: int, zone: str) -> None:
    until = SNOOZES.get(str(st.session_state.get("snooze_for")))
    if until:
        _snooze(number, until(clock.now(), zone))


def _acknowledge(number: int, zone: str) -> None:
    done = acting.act(answering.acknowledge, number)
    if done:
        acting.say(f"It is yours and quiet until {times.clock_time(done.answer, zone, clock.now())}.")


def _filters(me: Principal) -> AlertFilter:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.segmented_control(
            "Show", list(SHOWS), format_func=SHOWS.__getitem__, default="live", required=True, key="show", **_bound
        )
        severity = st.pills(
            "Severity",
            [each.value for each in reversed(Severity)],
            format_func=lambda key: badges.SEVERITY[key].word,
            key="severity",
            **_bound,
        )
        kind = st.selectbox(
            "Type",
            [each.value for each in AlertType],
            index=None,
            format_func=lambda key: badges.ALERTS[key],
            placeholder="All types",
            key="kind",
            width=190,
            **_bound,
        )
        mine = me.may(Permission.OPS_ADMIN) and st.toggle(
            "Meant for me", key="mine", bind="query-params", help="Administrators see everybody's alerts."
        )
        if _is_filtered():
            st.button("Reset", key="reset_alerts", type="tertiary", icon=":material/filter_alt_off:", on_click=_reset)
        announcing.popover(me)
        quieting.popover(me)
    return AlertFilter(
        severity,
        kind,
        unread=shown == "unread",
        past=shown == "past",
        snoozed=shown == "snoozed",
        mine=mine,
    )


def _is_filtered() -> bool:
    return any(st.session_state.get(key, unset) != unset for key, unset in _UNSET.items())


def _reset() -> None:
    for key, unset in _UNSET.items():
        st.session_state[key] = unset


def _list(me: Principal, desk: Desk, now: datetime, wanted: AlertFilter) -> list[int] | None:
    """Draw the list; returns what is chosen in it where several may be, else None."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":gray[{_unread_words(desk.unread)}]")
        st.button(
            "Mark all read",
            key="mark_all_read",
            icon=":material/done_all:",
            shortcut="M",
            disabled=not desk.unread,
            help="Those that fit the filters.",
            on_click=_mark_all_read,
            args=(wanted,),
        )
        several = st.toggle("Choose several", key="several")
    rows = desk.page.items
    st.session_state[_UNREAD] = {row.id for row in rows if row.is_unread}
    if not rows:
        _nothing(past=wanted.past)
        return None
    numbers, cells, columns = [row.id for row in rows], _cells(rows, me, now, wanted.past), _columns(wanted.past)
    chosen = None
    if several:
        chosen = ALERTS.draw_several(numbers, cells, columns, says="Alerts")
    else:
        ALERTS.draw(numbers, cells, columns, _open_picked, says="Alerts")
    ALERTS.pager(len(rows), desk.page.next_cursor, settings().page_size)
    return chosen


def _several(chosen: list[int]) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(f"**{len(chosen)} chosen.** What you do with them is for you alone.")
        with st.container(horizontal=True, gap="small"):
            for label, icon, key, verb, what in _FOR_SEVERAL:
                st.button(
                    label,
                    key=f"several_{key}",
                    icon=icon,
                    shortcut=key,
                    disabled=not chosen,
                    on_click=_answer_several,
                    args=(verb, chosen, what),
                )


def _unread_words(unread: int) -> str:
    return "All read" if not unread else f"{unread:,}{'+' if unread >= inbox.COUNTED else ''} unread"


def _nothing(*, past: bool) -> None:
    with st.container(border=True):
        if _is_filtered():
            st.markdown("**No alert fits these filters.**")
            st.button("Take the filters away", key="reset_from_empty", on_click=_reset)
        elif past:
            st.markdown("**Nothing is past yet.** Alerts that are over or that you dismissed come here.")
        elif st.session_state.get("show") == "snoozed":
            st.markdown("**Nothing is put off.** Snoozed alerts wait here and come back unread by themselves.")
        elif st.session_state.get("show") == "unread":
            st.markdown("**You have read everything.** New alerts appear here by themselves.")
        else:
            st.markdown("**Nothing needs your attention.** New alerts appear here by themselves.")


def _cells(rows: tuple[AlertRow, ...], me: Principal, now: datetime, past: bool) -> pd.DataFrame:
    cells = {
        "unread": ["●" if row.is_unread else "" for row in rows],
        "severity": badges.cells(badges.SEVERITY, [row.severity for row in rows]),
        "title": [_title(row) for row in rows],
        "ended": badges.cells(_ENDS, [_end(row) for row in rows]),
        "type": [badges.ALERTS.get(row.alert_type, row.alert_type) for row in rows],
        "seen": [_seen(row.last_seen_at, me, now) for row in rows],
    }
    return pd.DataFrame({name: cells[name] for name in _columns(past)})


def _title(row: AlertRow) -> str:
    times_told = f"  ×{row.occurrences:,}" if row.occurrences > 1 else ""
    return f"{line(row.title)}{times_told}{'  (silent)' if row.silent else ''}"


def _seen(moment: datetime, me: Principal, now: datetime) -> str:
    return f"{times.briefly(moment, now)} · {times.clock_time(moment, me.zone, now)}"


def _columns(past: bool) -> dict[str, Any]:
    text = st.column_config.TextColumn
    columns = {
        "unread": text("", width=26, help="● You have not read it."),
        "severity": badges.column("Severity", badges.SEVERITY, width=80),
        "title": text("Title", width=236),
        "ended": badges.column("Ended", _ENDS, width=86),
        "seen": text("Last seen", width=140),
        "type": text("Type", width=118),
    }
    left_out = "unread" if past else "ended"
    return {name: column for name, column in columns.items() if name != left_out}


def _end(row: AlertRow) -> str:
    return "dismissed" if row.dismissed_at and not row.resolved_at else "over"


def _detail(me: Principal, row: AlertRow | None, now: datetime) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Previous", key="previous", type="tertiary", shortcut="K", on_click=_step, args=(-1,))
            st.button("Next", key="next", type="tertiary", shortcut="J", on_click=_step, args=(1,))
        if row is not None:
            _alert(me, row, now)
        elif ALERTS.opened() is not None:
            st.markdown(f"**There is no alert {ALERTS.opened()} for you.** It may be another's, or long gone.")
        else:
            st.markdown("**Choose an alert.** Opening one marks it read, for you alone.")
            st.markdown(_KEYS)


def _alert(me: Principal, row: AlertRow, now: datetime) -> None:
    st.markdown(f"#### {literal(line(row.title))}")
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        badges.badge(badges.SEVERITY, row.severity)
        st.badge(badges.ALERTS.get(row.alert_type, row.alert_type), color="gray")
        if row.occurrences > 1:
            st.badge(f"×{row.occurrences:,}", color="gray", help="How often it was raised.")
        if row.silent:
            st.badge("Silent", color="gray", icon=":material/notifications_off:", help="Raised within maintenance.")
        if row.acknowledged_until and row.acknowledged_until > now:
            st.badge("Acknowledged", color="green", icon=":material/front_hand:", help="By you: it is quiet for you.")
        if not _is_live(row, now):
            badges.badge(_ENDS, _end(row))
    st.markdown(literal(row.message))
    st.table(dict(_moments(me, row, now)), border="horizontal")
    with st.container(horizontal=True, gap="small"):
        if row.item_id is not None and me.may(Permission.OPS_READ):
            _item_button(row.item_id)
        elif row.resource_type == "report" and me.may(Permission.OPS_READ):
            _report_button(str(row.resource_id))
        if _is_live(row, now):
            _answers(me, row, now)
    if row.alert_type == AlertType.BROADCAST and me.may(Permission.ALERTS_BROADCAST):
        announcing.receipts(me, row.id)


def _answers(me: Principal, row: AlertRow, now: datetime) -> None:
    st.button(
        "Dismiss",
        key="dismiss",
        icon=":material/done:",
        shortcut="D",
        on_click=_dismiss,
        args=(row.id, row.occurrences),
    )
    st.button(
        "Acknowledge",
        key="acknowledge",
        icon=":material/front_hand:",
        shortcut="A",
        help="You take care of it: it is quiet for you for a while, then loud again.",
        on_click=_acknowledge,
        args=(row.id, me.zone),
    )
    if row.snoozed_until and row.snoozed_until > now:
        st.button("Wake", key="wake", icon=":material/alarm:", on_click=_snooze, args=(row.id,))
        return
    st.button(
        "Snooze 1 h",
        key="snooze",
        icon=":material/snooze:",
        shortcut="S",
        on_click=_snooze,
        args=(row.id, now + timedelta(hours=1)),
    )
    st.menu_button(
        "Longer",
        list(SNOOZES),
        key="snooze_for",
        type="tertiary",
        on_click=_snooze_as_chosen,
        args=(row.id, me.zone),
    )


def _is_live(row: AlertRow, now: datetime) -> bool:
    is_over = row.resolved_at is not None or (row.expires_at is not None and row.expires_at <= now)
    return not is_over and row.dismissed_at is None


def _moments(me: Principal, row: AlertRow, now: datetime) -> Iterator[tuple[str, str]]:
    told = {
        "First seen": row.created_at,
        "Last seen": row.last_seen_at if row.occurrences > 1 else None,
        "Over since": row.resolved_at,
        "Dismissed": row.dismissed_at,
        "Snoozed until": row.snoozed_until if row.snoozed_until and row.snoozed_until > now else None,
        "Quiet until": row.acknowledged_until,
        "Expires": row.expires_at,
    }
    for label, moment in told.items():
        if moment is not None:
            yield label, literal(f"{times.ago(moment, now)} · {times.full_time(moment, me.zone)}")


def _item_button(item_id: int) -> None:
    if st.button(f"Open item {item_id}", key="open_item", type="primary", icon=":material/inbox:", shortcut="O"):
        st.switch_page(_QUEUE, query_params={"item": str(item_id)})


_FOR_SEVERAL = (
    ("Mark read", ":material/done_all:", "E", answering.mark_several_read, "read now"),
    ("Dismiss", ":material/done:", "D", answering.dismiss_several, "put away"),
)


def _report_button(number: str) -> None:
    if st.button("Open the report", key="open_report", type="primary", icon=":material/summarize:", shortcut="O"):
        st.switch_page(_REPORTS, query_params={"report": number})


_KEYS = """
| Key | |
| --- | --- |
| `J` `K` | next, previous alert |
| `O` | open the item that it is about |
| `D` | dismiss |
| `A` | acknowledge |
| `S` | snooze for an hour |
| `M` | mark all read |
| `N` `B` | next page, back |
"""
