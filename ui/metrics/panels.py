"""A panel: one chart with its title, the table behind it, and the way to the items that its points count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from core import sheets
from core.queue.filters import Filter
from ui import charts, fetching, leading
from ui.charts import Chart
from ui.plain import line, literal

Leads = Mapping[tuple[int, int], Filter]
"""Where a click leads: by the places of series and label in the chart."""


@dataclass(frozen=True)
class Heat:
    """How much there is at each crossing of rows and columns, row by row."""

    says: str
    columns: Sequence[str]
    rows: Sequence[str]
    values: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Panel:
    """What one panel shows. `key` names it on the page; `means` says what is counted, in a sentence."""

    key: str
    title: str
    means: str
    chart: Chart | Heat
    leads: Leads = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for row in self._numbers for value in row)

    @property
    def _numbers(self) -> Sequence[Sequence[float | None]]:
        return self.chart.values if isinstance(self.chart, Heat) else [each.values for each in self.chart.series]

    @property
    def columns(self) -> list[str]:
        """The headings of its table."""
        chart = self.chart
        named = chart.columns if isinstance(chart, Heat) else [series.name for series in chart.series]
        return ["", *(line(name, 60) for name in named)]

    @property
    def rows(self) -> list[list[object]]:
        """The lines of its table."""
        chart = self.chart
        if isinstance(chart, Heat):
            return [[row, *values] for row, values in zip(chart.rows, chart.values, strict=True)]
        return [
            [line(label, 100), *(series.values[place] for series in chart.series)]
            for place, label in enumerate(chart.labels)
        ]


def draw(panel: Panel) -> None:
    """Draw one panel."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**{literal(panel.title)}**", help=panel.means, width="stretch")
            if not panel.is_empty:
                _numbers(panel)
        if panel.is_empty:
            st.markdown(":gray[Nothing to show for this period.]")
        elif isinstance(panel.chart, Heat):
            charts.draw_heat(panel.chart.says, panel.chart.columns, panel.chart.rows, panel.chart.values, panel.key)
        else:
            charts.draw(panel.chart, panel.key, _going(panel) if panel.leads else None)


def _numbers(panel: Panel) -> None:
    """The table behind the chart and its file, drawn only while it is open."""
    held = st.popover("", icon=":material/table_rows:", type="tertiary", key=f"table_{panel.key}", on_change="rerun",
                      help="The numbers")  # fmt: skip
    if not held.open:
        return
    with held:
        st.caption(literal(panel.means))
        cells = pd.DataFrame(panel.rows, columns=panel.columns)
        st.dataframe(cells, hide_index=True, height="content" if len(panel.rows) < 12 else 380)
        st.button(
            "Download",
            key=f"download_{panel.key}",
            icon=":material/download:",
            on_click=fetching.fetch,
            args=(sheets.offer, panel.key, panel.columns, panel.rows),
        )


def _going(panel: Panel) -> Callable[[], None]:
    def go() -> None:
        point = charts.picked(panel.key)
        if point is not None and point in panel.leads:
            leading.to(panel.leads[point])

    return go
