"""The daily reports: the archive, latest day first, and one of them beside it with its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date
from typing import Any

import pandas as pd
import streamlit as st

from core import clock
from core.errors import NotFound
from core.outgoing.mail import is_configured
from core.permissions import MANAGES, Permission, Principal
from core.reports import downloading, keeping
from core.reports.figures import DAYS, QueueReport
from core.reports.keeping import EARLIEST, Archive, Kept, Shown
from core.reports.wording import Form, heading, hours, label, number, percent, sla, title
from core.settings import settings
from core.uow import UnitOfWork, perform
from ui import acting, badges, fetching, gate, times
from ui.badges import Look
from ui.listing import ROW_PIXELS, Listing
from ui.plain import line, literal

REPORTS = Listing("report")
_WIDTHS = (1, 1.7)
_ENDS = {"final": Look("Final", "green"), "so_far": Look("So far", "orange")}
_FORMS = {Form.TEXT: "Text", Form.HTML: "HTML", Form.JSON: "JSON"}
_DAY = "report_day"


def show(_me: Principal) -> None:
    """Draw the page."""
    shelf()


@gate.fragment(Permission.OPS_READ)
def shelf(me: Principal) -> None:
    """The archive and one report of it; every click and key reruns this part alone."""
    acting.show_notices()
    archive, opened = perform(me, _read, REPORTS.cursor(), _named())
    if opened is not None:
        REPORTS.open(number(opened.report.day))
    left, right = st.columns(_WIDTHS, gap="medium")
    with left:
        if me.may(MANAGES):
            _producing()
            _mailing()
        _list(archive)
    with right:
        _detail(me, opened, is_empty=not archive.lines)
    fetching.draw()


def _read(uow: UnitOfWork, cursor: str | None, day: date | None) -> tuple[Archive, Shown | None]:
    """The archive, and the report that the address names, else the latest one."""
    archive = keeping.archive(uow, cursor, settings().page_size)
    wanted = day or (archive.lines[0].day if archive.lines and REPORTS.opened() is None else None)
    try:
        return archive, None if wanted is None else keeping.read(uow, wanted)
    except NotFound:
        return archive, None


def _named() -> date | None:
    """The day that the address names, if it names one."""
    given = f"{REPORTS.opened() or 0:08d}"
    try:
        return date(int(given[:-4]), int(given[-4:-2]), int(given[-2:]))
    except (ValueError, OverflowError):
        return None


def _open_picked() -> None:
    REPORTS.open(REPORTS.picked())


def _step(by: int) -> None:
    found = REPORTS.neighbour(by)
    if found is not None:
        REPORTS.open(found)


def _producing() -> None:
    today = clock.now().astimezone(UTC).date()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.date_input(
            "Day (UTC)",
            value=today,
            min_value=EARLIEST,
            max_value=today,
            format="YYYY-MM-DD",
            key=_DAY,
            width=150,
            help="A day that is over is told as it was at its end, today as it is now.",
        )
        st.button("Make report", key="produce", icon=":material/add_notes:", on_click=_produce)


def _produce() -> None:
    day = st.session_state.get(_DAY)
    if not isinstance(day, date):
        acting.refuse("Choose the day to report on.", "date")
        return
    done = acting.act(keeping.produce, day)
    if done:
        REPORTS.open(number(day))
        acting.say(f"{title(done.answer.report)} is kept.")


def _mailing() -> None:
    if not is_configured():
        st.markdown(":gray[:material/mail_off: Mail is not configured: nobody is sent the report.]")


def _list(archive: Archive) -> None:
    lines = archive.lines
    if lines:
        numbers = [number(each.day) for each in lines]
        REPORTS.draw(numbers, _cells(lines), _columns(), _open_picked, says="Reports, latest day first")
        REPORTS.pager(len(lines), archive.older, settings().page_size)


def _cells(lines: Sequence[Kept]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": [f"{each.day:%a} {each.day}" for each in lines],
            "pending": [each.pending for each in lines],
            "state": badges.cells(_ENDS, ["final" if each.is_final else "so_far" for each in lines]),
        }
    )


def _columns() -> dict[str, Any]:
    return {
        "day": st.column_config.TextColumn("Day", width=114),
        "pending": st.column_config.NumberColumn("Pending", width=68, format="localized"),
        "state": badges.column("State", _ENDS, width=68),
    }


def _detail(me: Principal, opened: Shown | None, *, is_empty: bool) -> None:
    with st.container(border=True, gap="small"):
        if opened is not None:
            _report(me, opened)
        elif is_empty:
            st.markdown("**There is no report yet.** The first is made at 09:00 UTC, of the day that is over by then.")
        else:
            st.markdown("**There is no report of that day.** Choose one from the list.")


def _report(me: Principal, opened: Shown) -> None:
    report = opened.report
    _heading(me, opened)
    _figures(report)
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=320, gap="xsmall"):
            st.markdown("##### Queue status")
            _table(_standings(report), {"Pending"})
        with st.container(width=320, gap="xsmall"):
            st.markdown("##### Top resolvers")
            _table(_resolvers(opened), {"Items", "Average hours"}) if report.resolvers else _nothing("resolved")
    st.markdown("##### By item type")
    _table(_types(report), {"Pending", "Resolved", "Average hours"}) if report.types else _nothing(
        "pending or resolved"
    )


def _heading(me: Principal, opened: Shown) -> None:
    report = opened.report
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"#### {literal(heading(report))}", width="content")
        badges.badge(_ENDS, "final" if report.is_final else "so_far")
        st.space("stretch")
        st.button("Previous", key="previous", type="tertiary", shortcut="K", on_click=_step, args=(-1,))
        st.button("Next", key="next", type="tertiary", shortcut="J", on_click=_step, args=(1,))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f":gray[:small[{literal(_made(me, opened))}]]", width="content")
        st.space("stretch")
        for form, name in _FORMS.items():
            st.button(
                name,
                key=f"download_{form}",
                type="tertiary",
                icon=":material/download:",
                on_click=fetching.fetch,
                args=(downloading.offer, report.day, form),
            )


def _made(me: Principal, opened: Shown) -> str:
    by = f" by {line(opened.made_by, 60)}" if opened.made_by else ""
    return f"Made {times.full_time(opened.made_at, me.zone)}{by}"


def _figures(report: QueueReport) -> None:
    went = report.performance
    told = {
        "Pending": f"{report.pending:,}",
        "Resolved": f"{went.resolved:,}",
        "Average hours": hours(went.hours),
        "SLA compliance": percent(went.compliance),
        "Escalation rate": percent(went.escalation_rate),
    }
    with st.container(horizontal=True, gap="small"):
        for name, value in told.items():
            st.metric(name, value, border=True, help=_MEANINGS[name])


_MEANINGS = {
    "Pending": "Open, in progress, waiting or deferred at the end of the day.",
    "Resolved": f"Resolved in the last {DAYS} days; an item that was reopened and resolved again counts again.",
    "Average hours": f"From an item's beginning to its resolution, over the last {DAYS} days.",
    "SLA compliance": "Of the items decided or due in that time, the share decided by the deadline.",
    "Escalation rate": "Of the items that came in that time, the share that went up a level.",
}


def _standings(report: QueueReport) -> Iterator[dict[str, str]]:
    for each in report.standings:
        name = badges.look(badges.PRIORITY, each.priority).word
        yield {"Priority": name, "SLA": sla(each.sla_hours), "Pending": f"{each.pending:,}"}


def _types(report: QueueReport) -> Iterator[dict[str, str]]:
    for each in report.types:
        yield {
            "Type": line(label(each.item_type), 100),
            "Pending": f"{each.pending:,}",
            "Resolved": f"{each.resolved:,}",
            "Average hours": hours(each.hours),
        }


def _resolvers(opened: Shown) -> Iterator[dict[str, str]]:
    for each in opened.report.resolvers:
        yield {
            "Person": line(opened.names[each.staff_id], 100),
            "Items": f"{each.resolved:,}",
            "Average hours": hours(each.hours),
        }


def _table(rows: Iterator[dict[str, str]], figures: set[str]) -> None:
    cells = pd.DataFrame(list(rows))
    columns: dict[str, Any] = {
        str(name): st.column_config.TextColumn(str(name), alignment="right" if name in figures else "left")
        for name in cells
    }
    st.dataframe(cells, column_config=columns, hide_index=True, row_height=ROW_PIXELS, height="content")


def _nothing(what: str) -> None:
    st.markdown(f":gray[n/a: nothing was {what}.]")
