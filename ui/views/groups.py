"""Failure groups: what failed in one way on the left, the largest first, and one group of it on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core import clock
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.queue import grouping
from core.queue.grouping import Group
from core.queue.runs import Run, runs
from core.resolutions import guiding
from core.resolutions.guiding import Guide
from core.settings import PROJECT, settings
from core.uow import UnitOfWork, perform
from ui import acting, badges, gate, times
from ui.groups import planning, running
from ui.listing import Listing
from ui.plain import line, literal

GROUPS = Listing("group")
_QUEUE_PAGE = PROJECT / "pages" / "queue.py"
_WIDTHS = (1.3, 1)
_ANY = "any"


@dataclass(frozen=True)
class Desk:
    """What one drawing shows: the groups, the open one with the guide of its example, and who settles which."""

    groups: tuple[Group, ...]
    opened: Group | None
    guide: Guide | None
    runs: Mapping[int, Run]

    @property
    def run(self) -> Run | None:
        """The latest settling of the open group."""
        return self.runs.get(self.opened.example) if self.opened else None


def show(_me: Principal) -> None:
    """Draw the page."""
    bench()


@gate.fragment(Permission.OPS_READ)
def bench(me: Principal) -> None:
    """The list and the group; every click and key reruns this part alone."""
    bar = st.container(horizontal=True, vertical_alignment="center")
    with bar:
        queue = st.segmented_control(
            "Queue",
            [_ANY, *badges.QUEUES],
            format_func=lambda key: badges.QUEUES.get(key, "All"),
            default=_ANY,
            required=True,
            key="queue",
            bind="query-params",
            label_visibility="collapsed",
        )
    acting.show_notices()
    desk = perform(me, _read, None if queue == _ANY else queue, GROUPS.opened())
    with bar:
        st.markdown(f":gray[{_counted(desk.groups)}]")
    left, right = st.columns(_WIDTHS, gap="medium")
    with left:
        _list(desk)
    with right, st.container(border=True, gap="small"):
        _card(me, desk)


def _read(uow: UnitOfWork, queue: str | None, number: int | None) -> Desk:
    found = grouping.groups(uow, queue, settings().page_size)
    opened, guide = _open_group(uow, number)
    examples = [group.example for group in (*found, *([opened] if opened else []))]
    return Desk(found, opened, guide, runs(uow, examples))


def _open_group(uow: UnitOfWork, number: int | None) -> tuple[Group | None, Guide | None]:
    try:
        group = grouping.group_of(uow, number) if number is not None else None
    except NotFound:
        return None, None
    return group, guiding.guide(uow, group.example) if group else None


def _counted(groups: Sequence[Group]) -> str:
    largest = "the largest " if len(groups) == settings().page_size else ""
    return f"{largest}{len(groups):,} groups, {sum(group.count for group in groups):,} items"


def _list(desk: Desk) -> None:
    if not desk.groups:
        st.info("**No failure groups.** Two and more open items that failed in one way make one.")
        return
    if desk.opened and desk.opened.count:
        GROUPS.open(desk.opened.example)  # which is another item once the one in the address is settled
    GROUPS.draw(
        [group.example for group in desk.groups],
        _cells(desk),
        _columns(),
        lambda: GROUPS.open(GROUPS.picked()),
        says="Failure groups, the largest first",
    )


def _cells(desk: Desk) -> pd.DataFrame:
    now, groups = clock.now(), desk.groups
    known = {group.example: running.briefly(desk.runs.get(group.example)) for group in groups}
    being_settled = {"run": list(known.values())} if any(known.values()) else {}
    return pd.DataFrame(
        {
            "count": [group.count for group in groups],
            "to_hand": [group.to_hand for group in groups],
            "reason": [line(group.reason) for group in groups],
            **being_settled,
            "type": [group.type_label for group in groups],
            "last": [times.briefly(group.last_seen, now) for group in groups],
            "first": [times.briefly(group.first_seen, now) for group in groups],
        }
    )


def _columns() -> dict[str, object]:
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "count": number("Items", width=48, format="%d", help="All open items that failed in this way."),
        "to_hand": number(
            "Free", width=46, format="%d", help="So many you can settle now: free, due, or in your hands."
        ),
        "reason": text("What failed", width=216),
        "run": text("Being settled", width=124),
        "type": text("Type", width=132),
        "last": text("Last seen", width=76),
        "first": text("First seen", width=76),
    }


def _step(by: int) -> None:
    found = GROUPS.neighbour(by)
    if found is not None:
        GROUPS.open(found)


def _card(me: Principal, desk: Desk) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f":gray[{desk.opened.type_label}]" if desk.opened else "", width="stretch")
        st.button("Previous", key="previous", type="tertiary", shortcut="K", on_click=_step, args=(-1,))
        st.button("Next", key="next", type="tertiary", shortcut="J", on_click=_step, args=(1,))
    if desk.opened is None or desk.guide is None:
        _legend(me)
        return
    _head(me, desk.opened)
    is_to_decide = me.may(Permission.OPS_WRITE) and planning.is_wanted(desk.opened, desk.run)
    if desk.run and is_to_decide:
        running.draw_past(me, desk.run)
    elif desk.run:
        running.draw(me, desk.run, desk.opened.example)
    if is_to_decide:
        planning.draw(me, desk.opened, desk.guide, desk.run)
    elif desk.guide.runbook and not desk.run:
        st.markdown(literal(desk.guide.runbook, 8_000))


def _head(me: Principal, group: Group) -> None:
    now = clock.now()
    st.subheader(literal(line(group.reason, 200)), anchor=False)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.badge("1 item" if group.count == 1 else f"{group.count:,} items", color="blue")
        st.badge(
            f"{group.to_hand:,} free", color="green" if group.to_hand else "gray", help="You can settle these now."
        )
        seen = f"first seen {times.both(group.first_seen, me.zone, now)}, last {times.ago(group.last_seen, now)}"
        st.markdown(f":gray[:small[{seen}]]", width="stretch")
        st.page_link(
            _QUEUE_PAGE,
            label=f"Example: item {group.example}",
            icon=":material/open_in_new:",
            query_params={"item": str(group.example)},
        )


def _legend(me: Principal) -> None:
    st.markdown("**Choose a group** to see what failed, and how it is settled.")
    works = me.may(Permission.OPS_WRITE)
    st.table(_LOOKING | _WORKING if works else _LOOKING, border="horizontal", width="content")


_LOOKING = {"`J` `K`": "next and previous group"}
_WORKING = {
    "`1` to `9`": "choose an option",
    "`H`": "rehearse: what would come of it",
    "`Ctrl+Enter`": "start, or go on",
    "`S`": "stop",
}
