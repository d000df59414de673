"""The queue: the list of work on the left, one item of it on the right, in step for mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import people
from core.errors import Invalid, NotFound
from core.people import Person
from core.permissions import Permission, Principal
from core.queue import claiming, inbox, viewing
from core.queue.claiming import NothingToTake
from core.queue.filters import Filter
from core.queue.inbox import Page
from core.queue.viewing import ItemView
from core.resolutions import guiding
from core.resolutions.guiding import Guide
from core.settings import settings
from core.uow import UnitOfWork, perform
from ui import acting, filters, gate, grid
from ui.item import panel
from ui.listing import Listing
from ui.plain import literal

_ITEMS = Listing("item")
_WIDTHS = (1.36, 1)


@dataclass(frozen=True)
class Workbench:
    """What one drawing of the workbench shows: a page of the list, and the open item where there is one."""

    page: Page
    view: ItemView | None
    guide: Guide | None


def show(_me: Principal) -> None:
    """Draw the page."""
    workbench()


@gate.fragment(Permission.OPS_READ)
def workbench(me: Principal) -> None:
    """The list and the item; every click and key reruns this part alone."""
    staff = perform(me, people.staff)
    wanted = filters.bar(me, staff)
    _ITEMS.begin_anew_when(wanted)
    acting.show_notices()
    bench = _read_checked(me, wanted)
    left, right = st.columns(_WIDTHS, gap="medium")
    with left:
        _list(me, bench.page, wanted)
    with right:
        _item(me, bench, staff)


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
    if item_id is None:
        return Workbench(page, None, None)
    try:
        return Workbench(page, viewing.view(uow, item_id), guiding.guide(uow, item_id))
    except NotFound:
        return Workbench(page, None, None)


def _list(me: Principal, page: Page, wanted: Filter) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if me.may(Permission.OPS_WRITE):
            _take_next_button(wanted.queue)
        _ITEMS.pager(len(page.items), page.next_cursor, settings().page_size)
        st.markdown(f":gray[{_counted(page)}]", width="stretch", text_alignment="right")
    if page.items:
        grid.draw(_ITEMS, page.items, page.read_at, _open_picked)
    else:
        _nothing()


def _counted(page: Page) -> str:
    if page.total_is_capped:
        return f"{page.total:,}+ items"
    return "1 item" if page.total == 1 else f"{page.total:,} items"


def _nothing() -> None:
    with st.container(border=True):
        if filters.is_filtered():
            st.markdown("**Nothing fits these filters.**")
            st.button("Take the filters away", key="reset_from_empty", on_click=filters.reset)
        else:
            st.markdown("**Nothing here.** Items appear by themselves as they arrive; other views are above.")


def _open_picked() -> None:
    _ITEMS.open(_ITEMS.picked())


def _step(step: int) -> None:
    """Open the next or previous item of the list."""
    found = _ITEMS.neighbour(step)
    if found is not None:
        _ITEMS.open(found)


def _take_next_button(queue: str | None) -> None:
    st.button("Take next", key="take_next", icon=":material/download:", shortcut="T", on_click=_take, args=(queue,))


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
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(_name(bench.view), width="stretch")
            st.button("Previous", key="previous", type="tertiary", shortcut="K", on_click=_step, args=(-1,))
            st.button("Next", key="next", type="tertiary", shortcut="J", on_click=_step, args=(1,))
        if bench.view is not None and bench.guide is not None:
            panel.draw(me, bench.view, bench.guide, staff)
        elif _ITEMS.opened() is not None:
            st.markdown(f"**There is no item {_ITEMS.opened()}.** It may have been mistyped; choose one on the left.")
        else:
            _legend(me)


def _name(view: ItemView | None) -> str:
    return f":gray[No. {view.row.id} · {literal(view.row.type_label)}]" if view else ""


def _legend(me: Principal) -> None:
    works = me.may(Permission.OPS_WRITE)
    st.markdown("**Choose an item**, or take the next one." if works else "**Choose an item** to look at it.")
    st.table(_LOOKING | _WORKING if works else _LOOKING, border="horizontal", width="content")


_LOOKING = {"`J` `K`": "next and previous item", "`N` `B`": "next page · back"}
_WORKING = {
    "`T`": "take the next one",
    "`A` `L` `V`": "claim · release · take over",
    "`1` to `9`": "choose an option",
    "`Ctrl+Enter`": "decide, or confirm what is asked",
    "`W` `G`": "wait · go on",
    "`D` `E`": "defer · escalate",
    "`P` `I`": "priority · assign",
    "`O`": "comment",
    "`X` `U` `Y`": "reject · undo · reopen",
    "`Escape`": "leave what is asked",
}
