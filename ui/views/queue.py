"""The queue: the list of work on the left, one item of it or a batch on the right, in step for mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core import people
from core.errors import Invalid, NotFound
from core.people import Person
from core.permissions import Permission, Principal
from core.queue import claiming, continuing, inbox, viewing, views
from core.queue.claiming import NothingToTake
from core.queue.filters import Filter
from core.queue.inbox import Page
from core.queue.viewing import ItemView
from core.queue.views import View
from core.resolutions import guiding
from core.resolutions.guiding import Guide
from core.settings import settings
from core.uow import UnitOfWork, perform
from ui import acting, filters, gate, grid
from ui.bar import customer, export, saved, tools
from ui.batch import choosing, going
from ui.batch import panel as batch
from ui.item import panel
from ui.listing import Listing
from ui.plain import literal

_ITEMS = Listing("item")
_WIDTHS = (1.36, 1)


@dataclass(frozen=True)
class Workbench:
    """What one drawing of the workbench shows: a page of the list, and the open item where there is one.

    `saved` are the saved views, `unfinished` the number of a batch that was cut off.
    """

    page: Page
    view: ItemView | None
    guide: Guide | None
    saved: Sequence[View]
    unfinished: int | None


def show(_me: Principal) -> None:
    """Draw the page."""
    workbench()


@gate.fragment(Permission.OPS_READ)
def workbench(me: Principal) -> None:
    """The list and the item, or the batch; every click and key reruns this part alone."""
    staff = perform(me, people.staff)
    if going.BATCHES.opened() is not None:
        choosing.turn(on=me.may(Permission.OPS_WRITE))
    bar = st.container(horizontal=True, vertical_alignment="center", gap="xsmall")
    with bar:
        wanted = filters.bar(me, staff)
    _ITEMS.begin_anew_when(wanted)
    acting.show_notices()
    bench = _read_checked(me, wanted)
    with bar:
        _tools(me, wanted, bench)
    many = me.may(Permission.OPS_WRITE) and choosing.is_on()
    left, right = st.columns(_WIDTHS, gap="medium")
    with left:
        _list(me, bench.page, wanted, many=many)
    with right, st.container(border=True, gap="small"):
        if many:
            _batch(me, bench, staff)
        else:
            _item(me, bench, staff)
    tools.keys([saved.TOOL, export.TOOL, *([customer.TOOL] if me.may(Permission.OPS_FULL_ACCESS) else [])])


def _tools(me: Principal, wanted: Filter, bench: Workbench) -> None:
    """What is seldom used."""
    saved.draw(me, wanted, bench.saved)
    export.draw(me, wanted, bench.page)
    if me.may(Permission.OPS_FULL_ACCESS):
        customer.draw(_look_at)


def _look_at(item_id: int) -> None:
    choosing.turn(on=False)
    _ITEMS.open(item_id)


def _read_checked(me: Principal, wanted: Filter) -> Workbench:
    """What to show; a filter that cannot be used is named, and the list shown without any."""
    try:
        return perform(me, _read, wanted, _ITEMS.cursor(), _ITEMS.opened())
    except Invalid as refusal:
        st.warning(f"{literal(refusal.sentence)} Showing the usual list.", icon=":material/filter_alt_off:")
        _ITEMS.begin_anew_when(Filter())
        return perform(me, _read, Filter(), None, _ITEMS.opened())


def _read(uow: UnitOfWork, wanted: Filter, cursor: str | None, item_id: int | None) -> Workbench:
    page = inbox.page(uow, wanted, limit=settings().page_size, cursor=cursor)
    view = guide = None
    if item_id is not None and not choosing.is_on():
        with suppress(NotFound):
            view, guide = viewing.view(uow, item_id), guiding.guide(uow, item_id)
    unfinished = continuing.unfinished(uow) if uow.principal.may(Permission.OPS_WRITE) else None
    return Workbench(page, view, guide, views.views(uow), unfinished)


def _list(me: Principal, page: Page, wanted: Filter, *, many: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if me.may(Permission.OPS_WRITE):
            if not many:
                _take_next_button(wanted.queue)
            _select_button(many=many)
            if many:
                choosing.buttons(_counted(page).partition(" ")[0], wanted)
        _ITEMS.pager(len(page.items), page.next_cursor, settings().page_size)
        st.markdown(f":gray[{_counted(page)}]", width="stretch", text_alignment="right")
    if not page.items:
        _nothing(wanted)
    elif many:
        choosing.saw(page.items)
        grid.draw(_ITEMS, page.items, page.read_at, _pick, choosing.chosen().versions)
    else:
        grid.draw(_ITEMS, page.items, page.read_at, _open_picked)


def _select_button(*, many: bool) -> None:
    count = choosing.count()
    st.button(
        f"Select ({count:,})" if count else "Select",
        key="select_many",
        type="primary" if many else "secondary",
        shortcut="S",
        on_click=_turn_choosing,
        kwargs={"on": not many},
    )


def _turn_choosing(*, on: bool) -> None:
    going.close()
    choosing.turn(on=on)


def _pick() -> None:
    choosing.pick(_ITEMS)


def _counted(page: Page) -> str:
    if page.total_is_capped:
        return f"{page.total:,}+ items"
    return "1 item" if page.total == 1 else f"{page.total:,} items"


def _nothing(wanted: Filter) -> None:
    with st.container(border=True):
        if wanted.text:
            st.markdown(f"**Nothing is found for “{literal(wanted.text, 80)}”** in what is on view.")
        elif filters.is_filtered():
            st.markdown("**Nothing fits these filters.**")
        else:
            st.markdown("**Nothing here.** Items appear by themselves as they arrive; other views are above.")
            return
        with st.container(horizontal=True, gap="xsmall"):
            if wanted.text and wanted.status != "all":
                st.button("Search all items", key="search_all", on_click=filters.show_all)
            st.button("Take the filters away", key="reset_from_empty", on_click=filters.reset)


def _open_picked() -> None:
    _ITEMS.open(_ITEMS.picked())


def _step(step: int) -> None:
    """Open the next or previous item of the list."""
    found = _ITEMS.neighbour(step)
    if found is not None:
        _ITEMS.open(found)


def _take_next_button(queue: str | None) -> None:
    st.button("Take next", key="take_next", shortcut="T", on_click=_take, args=(queue,))


def _take(queue: str | None) -> None:
    take_next(queue)


def take_next(queue: str | None = None) -> int | None:
    """Take the best item there is and open it; or say why there is none. Returns its number."""
    done = acting.act(claiming.claim_next, queue)
    if done is None:
        return None
    if isinstance(done.answer, NothingToTake):
        acting.refuse(done.answer.sentence)
        return None
    _ITEMS.open(done.answer.id)
    acting.say(f"Item {done.answer.id} is in your hands.")
    return done.answer.id


def _item(me: Principal, bench: Workbench, staff: Sequence[Person]) -> None:
    _steps(_name(bench.view))
    if bench.view is not None and bench.guide is not None:
        panel.draw(me, bench.view, bench.guide, staff)
    elif _ITEMS.opened() is not None:
        st.markdown(f"**There is no item {_ITEMS.opened()}.** It may have been mistyped; choose one on the left.")
    else:
        if bench.unfinished is not None:
            going.offer(me, bench.unfinished)
        _legend(me)


def _batch(me: Principal, bench: Workbench, staff: Sequence[Person]) -> None:
    count = choosing.count()
    if going.BATCHES.opened() is None:
        _steps(f"**{count:,} {'item' if count == 1 else 'items'} chosen**" if count else "", marks=True)
    batch.draw(me, staff, bench.unfinished)


def _steps(heading: str, *, marks: bool = False) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(heading, width="stretch")
        if marks:
            st.button("Mark", key="mark", type="tertiary", shortcut="M", on_click=choosing.mark, args=(_ITEMS,))
        st.button("Previous", key="previous", type="tertiary", shortcut="K", on_click=_step, args=(-1,))
        st.button("Next", key="next", type="tertiary", shortcut="J", on_click=_step, args=(1,))


def _name(view: ItemView | None) -> str:
    return f":gray[No. {view.row.id} · {literal(view.row.type_label)}]" if view else ""


def _legend(me: Principal) -> None:
    works = me.may(Permission.OPS_WRITE)
    st.markdown("**Choose an item**, or take the next one." if works else "**Choose an item** to look at it.")
    finds = _FINDING if me.may(Permission.OPS_FULL_ACCESS) else {}
    st.table(_LOOKING | finds | (_WORKING if works else {}), border="horizontal", width="content")


_LOOKING = {
    "`J` `K`": "next and previous item",
    "`N` `B`": "next page · back",
    "`F` `Tab`": "search · leave the search box",
    "`Q` `Z`": "saved views · export",
}
_FINDING = {"`H`": "find a customer's items"}
_WORKING = {
    "`T`": "take the next one",
    "`S`": "select many",
    "`A` `L` `V`": "claim · release · take over",
    "`1` to `9`": "choose an option",
    "`F2` `F4` `F8` `F9`": "decide by a template",
    "`Ctrl+Enter`": "decide, or confirm what is asked",
    "`W` `G`": "wait · go on",
    "`D` `E`": "defer · escalate",
    "`P` `I`": "priority · assign",
    "`O`": "comment",
    "`X` `U` `Y`": "reject · undo · reopen",
    "`Escape`": "leave what is asked",
}
