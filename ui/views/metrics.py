"""The metrics: how the operation is doing, at a glance first and then part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.metrics import reading
from core.metrics.periods import PERIODS, configured_zone
from core.metrics.reading import Metrics
from core.permissions import Permission, Principal
from core.uow import perform
from ui import acting, gate, leading, times
from ui.metrics import panels, sections, tiles
from ui.metrics.panels import Panel

_PERIODS = {"today": "Today", "week": "This week", "month": "This month", "all": "All"}
_SECTIONS: Mapping[str, Callable[[Metrics], list[Panel]]] = {
    "Queue": lambda found: [*sections.depth(found), *sections.times_by_type(found)],
    "Customers": sections.customers,
    "Revenue": sections.revenue,
    "People": sections.workload,
}
_PER_ROW = 3


def show(_me: Principal) -> None:
    """Draw the page."""
    figures()


@gate.fragment(Permission.OPS_READ)
def figures(me: Principal) -> None:
    """The period, the tiles, and the tab that is open; every click reruns this part alone."""
    leading.go_on()
    acting.show_notices()
    period = _period()
    found = perform(me, reading.metrics, period)
    _when(me, found)
    tiles.draw(tiles.of(found))
    shown = {name: make for name, make in _SECTIONS.items() if name.lower() not in found.left_out}
    tabs = st.tabs(list(shown), key="metrics_tab", on_change="rerun")
    for tab, make in zip(tabs, shown.values(), strict=True):
        if tab.open:
            with tab:
                _wall(make(found))


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


def _wall(found: list[Panel]) -> None:
    wall = st.grid(_PER_ROW, min_column_width=340, gap="small")
    for panel in found:
        with wall.cell():
            panels.draw(panel)
