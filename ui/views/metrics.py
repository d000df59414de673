"""The metrics: how the operation is doing, at a glance first and then part by part."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import streamlit as st

from core.metrics import reading
from core.metrics.periods import PERIODS, configured_zone
from core.metrics.reading import Metrics
from core.permissions import Permission, Principal
from core.uow import UnitOfWork, perform
from ui import acting, fetching, gate, leading, times
from ui.metrics import flow, panels, sections, tiles
from ui.metrics.flow import Window
from ui.metrics.panels import Panel

_PERIODS = {"today": "Today", "week": "This week", "month": "This month", "all": "All"}
_FRESH_SECONDS = 20.0
_KEPT = "metrics.kept"
_PER_ROW = 3

Make = Callable[[UnitOfWork, Metrics, Window], list[Panel]]
_SECTIONS: Mapping[str, Make] = {
    "Overview": lambda uow, _, window: flow.overview(uow, window),
    "Queue": lambda _uow, found, _: [*sections.depth(found), *sections.times_by_type(found)],
    "Customers": lambda uow, found, window: [
        *sections.customers(found),
        *flow.trends(uow, window, "bookings", "complaints"),
    ],
    "Revenue": lambda uow, found, window: [*sections.revenue(found), *flow.revenue(uow, window)],
    "People": lambda uow, found, window: [*sections.workload(found), *flow.throughput(uow, window)],
}


def show(_me: Principal) -> None:
    """Draw the page."""
    figures()


@gate.fragment(Permission.OPS_READ)
def figures(me: Principal) -> None:
    """The period, the tiles, and the tab that is open; every click reruns this part alone."""
    leading.go_on()
    acting.show_notices()
    fetching.draw()
    period = _period()
    found = perform(me, reading.metrics, period)
    _when(me, found)
    tiles.draw(tiles.of(found))
    shown = {name: make for name, make in _SECTIONS.items() if name.lower() not in found.left_out}
    tabs = st.tabs(list(shown), key="metrics_tab", on_change="rerun")
    for tab, (name, make) in zip(tabs, shown.items(), strict=True):
        if tab.open:
            with tab:
                _wall(_panels(me, name, make, found))


def _period() -> str:
    chosen = st.segmented_control(
        "Period",
        list(PERIODS),
        format_func=_PERIODS.__getitem__,
        default="week",
        required=True,
        key="period",
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen if chosen in PERIODS else "week"


def _when(me: Principal, found: Metrics) -> None:
    """As of when, since when, by whose midnight; and what is left out for want of a permission."""
    parts = [f"As of {times.stamp(found.generated_at, me.zone)}"]
    if found.since is not None:
        parts.append(f"since {times.full_time(found.since, configured_zone().key)}")
    if found.left_out:
        parts.append(f"without {', '.join(found.left_out)}, which you may not see")
    st.caption(" · ".join(parts))


def _panels(me: Principal, name: str, make: Make, found: Metrics) -> list[Panel]:
    """The panels of a tab; a screen that is drawn again at once, since something moved, has them already."""
    asked = (name, found.period, me.permissions)
    kept = st.session_state.get(_KEPT)
    if kept is not None and kept[0] == asked and time.monotonic() - kept[1] < _FRESH_SECONDS:
        return list(kept[2])
    made = perform(me, make, found, flow.WINDOWS[found.period])
    st.session_state[_KEPT] = (asked, time.monotonic(), made)
    return made


def _wall(found: list[Panel]) -> None:
    wall = st.grid(_PER_ROW, min_column_width=340, gap="small")
    for panel in found:
        with wall.cell():
            panels.draw(panel)
