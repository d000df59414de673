"""The audit log: who saw or did what, to what, and when; and whether the record of it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import auditing
from core.auditing import AuditEntry, Filters, Page
from core.errors import Invalid, NotFound
from core.permissions import Permission, Principal
from core.settings import PROJECT, settings
from core.uow import UnitOfWork, perform
from ui import acting, badges, gate, times
from ui.audit import questions, verdict
from ui.audit.questions import Known
from ui.badges import Look
from ui.listing import Listing
from ui.plain import line, literal, plain

ENTRIES = Listing("entry")
KINDS = {"staff": "Staff", "token": "Program", "job": "Job", "cli": "Operator", "nobody": "Nobody"}
_QUEUE = PROJECT / "pages" / "queue.py"
_SHOWN = {"shown": Look("Shown", "orange", ":material/visibility:")}
_NOTHING_FOUND = Page((), None)
_WIDTHS = (1.7, 1)


def show(_me: Principal) -> None:
    """Draw the page."""
    record()


@gate.fragment(Permission.AUDIT_READ)
def record(me: Principal) -> None:
    """The check, the filters, the list and one entry of it; every click and key reruns this part alone."""
    acting.show_notices()
    verdict.draw(me)
    wanted = questions.bar(me, perform(me, _known))
    ENTRIES.begin_anew_when(wanted)
    page, opened = _read_checked(me, wanted)
    columns = st.columns(_WIDTHS if opened else 1, gap="medium")
    with columns[0]:
        _list(me, page)
    if opened:
        with columns[1]:
            _entry(me, opened)


def _known(uow: UnitOfWork) -> Known:
    return Known(auditing.people_known(uow), auditing.actions_known(uow), auditing.resources_known(uow))


def _read_checked(me: Principal, wanted: Filters) -> tuple[Page, AuditEntry | None]:
    """What to show; a question that makes no sense is named and has no answer."""
    try:
        return perform(me, _read, wanted, ENTRIES.cursor(), ENTRIES.opened())
    except Invalid as refusal:
        st.warning(literal(f"This period cannot be asked for: {refusal.reason}."), icon=":material/event_busy:")
        return _NOTHING_FOUND, None


def _read(uow: UnitOfWork, wanted: Filters, cursor: str | None, number: int | None) -> tuple[Page, AuditEntry | None]:
    page = auditing.entries(uow, wanted, cursor, settings().page_size)
    listed = next((entry for entry in page.entries if entry.id == number), None)
    if listed is not None or number is None:
        return page, listed
    try:
        return page, auditing.entry(uow, number)
    except NotFound:
        return page, None


def _open_picked() -> None:
    ENTRIES.open(ENTRIES.picked())


def _step(by: int) -> None:
    found = ENTRIES.neighbour(by)
    if found is not None:
        ENTRIES.open(found)


def _list(me: Principal, page: Page) -> None:
    if not page.entries:
        _nothing()
        return
    cells = _cells(me, page.entries)
    ENTRIES.draw([entry.id for entry in page.entries], cells, _columns(), _open_picked, says="Audit log, newest first")
    ENTRIES.pager(len(page.entries), page.next_cursor, settings().page_size)


def _nothing() -> None:
    with st.container(border=True):
        st.markdown("**The record holds nothing that fits.** Choose another period, or take filters away.")
        if questions.is_filtered():
            st.button("Take the filters away", key="reset_from_empty", on_click=questions.reset)


def _cells(me: Principal, entries: Sequence[AuditEntry]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at": [times.stamp(entry.at, me.zone) for entry in entries],
            "person": [line(entry.actor_name, 100) for entry in entries],
            "kind": [KINDS.get(entry.actor_kind, entry.actor_kind) for entry in entries],
            "action": [line(entry.action, 100) for entry in entries],
            "about": [line(_about(entry), 200) for entry in entries],
            "pii": [[_SHOWN["shown"].word] if entry.pii_accessed else [] for entry in entries],
            "details": [line(_compact(entry.metadata), 300) for entry in entries],
            "ip": [line(entry.ip or "", 60) for entry in entries],
        }
    )


def _columns() -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        "at": text("Time", width=146),
        "person": text("Person", width=112),
        "kind": text("Kind", width=72),
        "action": text("Action", width=148),
        "about": text("About", width=150),
        "pii": badges.column("Personal", _SHOWN, width=78, tip="Whether personal data was shown in clear."),
        "details": text("Details", width=300),
        "ip": text("Address", width=104),
    }


def _about(entry: AuditEntry) -> str:
    return f"{badges.words(entry.resource_type)} {entry.resource_id or ''}"


def _compact(document: Mapping[str, Any]) -> str:
    """A document of JSON in one line, its names and values without their quotes."""
    return " · ".join(f"{name} {_value(value)}" for name, value in document.items() if value not in (None, "", [], {}))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return value if isinstance(value, str) else json.dumps(value)


def _entry(me: Principal, entry: AuditEntry) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            st.button("Previous", key="previous", type="tertiary", shortcut="K", on_click=_step, args=(-1,))
            st.button("Next", key="next", type="tertiary", shortcut="J", on_click=_step, args=(1,))
            st.button("Close", key="close", type="tertiary", shortcut="Escape", on_click=ENTRIES.open, args=(None,))
        st.markdown(f"#### {literal(line(entry.action, 100))}")
        st.table(dict(_particulars(me, entry)), border="horizontal")
        if entry.metadata:
            st.code(plain(json.dumps(entry.metadata, indent=1, ensure_ascii=False)), language="json", wrap_lines=True)
        _ways_on(me, entry)


def _particulars(me: Principal, entry: AuditEntry) -> Iterator[tuple[str, str]]:
    kind = KINDS.get(entry.actor_kind, entry.actor_kind)
    number = f", staff number {entry.staff_id}" if entry.staff_id is not None else ""
    told = {
        "Entry": str(entry.id),
        "Time": f"{times.stamp(entry.at, me.zone)} {me.zone}",
        "Person": f"{entry.actor_name} ({kind.lower()}{number})",
        "About": _about(entry),
        "Personal data": "shown in clear" if entry.pii_accessed else "not shown in clear",
        "Address": entry.ip or "",
        "Program": entry.user_agent or "",
    }
    return ((label, literal(line(said, 400))) for label, said in told.items() if said)


def _ways_on(me: Principal, entry: AuditEntry) -> None:
    """Other questions that this entry suggests, each one click away."""
    with st.container(horizontal=True, gap="small"):
        if entry.resource_id:
            st.button(
                f"All about {literal(line(_about(entry).lower(), 40))}",
                key="ask_about",
                icon=":material/manage_search:",
                help="Who saw or did what to it, whenever that was.",
                on_click=_ask,
                kwargs={"resource": entry.resource_type, "number": entry.resource_id},
            )
        st.button(
            f"All by {literal(line(entry.actor_name, 40))}",
            key="ask_person",
            icon=":material/person_search:",
            on_click=_ask,
            kwargs={"person": entry.actor_name},
        )
        if entry.resource_type == "work_item" and entry.resource_id and me.may(Permission.OPS_READ):
            _item_button(entry.resource_id)


def _ask(**wanted: str) -> None:
    questions.ask(**wanted)
    ENTRIES.open(None)


def _item_button(item_id: str) -> None:
    if st.button("Open the item", key="open_item", icon=":material/inbox:", shortcut="O"):
        st.switch_page(_QUEUE, query_params={"item": item_id})
