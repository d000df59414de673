"""A panel: one chart with its title, the table behind it, and the way to the items that its points count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from core.queue.filters import Filter
from ui import charts, leading
from ui.charts import Chart
from ui.plain import literal

Leads = Mapping[tuple[int, int], Filter]
"""Where a click leads: by the places of series and label in the chart."""


@dataclass(frozen=True)
class Panel:
    """What one panel shows. `key` names it on the page; `means` says what is counted, in a sentence."""

    key: str
    title: str
    means: str
    chart: Chart
    leads: Leads = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for series in self.chart.series for value in series.values)


def draw(panel: Panel) -> None:
    """Draw one panel."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**{literal(panel.title)}**", help=panel.means, width="stretch")
            if not panel.is_empty:
                with st.popover("", icon=":material/table_rows:", type="tertiary", help="The numbers"):
                    _table(panel)
        if panel.is_empty:
            st.markdown(":gray[Nothing to show for this period.]")
        else:
            charts.draw(panel.chart, panel.key, _going(panel) if panel.leads else None)


def _table(panel: Panel) -> None:
    chart = panel.chart
    cells = {"": list(chart.labels)} | {series.name: list(series.values) for series in chart.series}
    st.caption(literal(panel.means))
    st.dataframe(pd.DataFrame(cells), hide_index=True, height="content" if len(chart.labels) < 12 else 380)


def _going(panel: Panel) -> Callable[[], None]:
    def go() -> None:
        point = charts.picked(panel.key)
        if point is not None and point in panel.leads:
            leading.to(panel.leads[point])

    return go
