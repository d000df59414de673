"""Charts: plain series as figures in the console's colours, light and dark, small enough to be drawn at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from ui.badges import Colour
from ui.plain import line

HEIGHT = 232
_MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 2}
_LEGEND = {
    "orientation": "h",
    "y": 1.02,
    "yanchor": "bottom",
    "x": 0,
    "font": {"size": 11},
    "traceorder": "normal",
    "itemwidth": 30,
    "entrywidth": 0,
}
_CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}

Shape = Literal["bar", "line", "area", "before"]
"""How a series is drawn. `before` is the period before: thin, dotted, behind the others."""


@dataclass(frozen=True)
class Series:
    """One row of numbers, one for each label of its chart; None where there is nothing to show.

    Bars may have a colour for each label. `bounds` are the lowest and highest that each number may truly be.
    """

    name: str
    values: Sequence[float | None]
    colour: Colour | Sequence[Colour]
    shape: Shape = "bar"
    bounds: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Chart:
    """What a chart shows: labels along the axis, series over them, and the same in words for who cannot see it.

    `stacked` series stand on each other, `lying` bars go from left to right. `unit` stands behind every number.
    """

    says: str
    labels: Sequence[str]
    series: Sequence[Series]
    stacked: bool = False
    lying: bool = False
    unit: str = ""


def draw(chart: Chart, key: str, on_pick: Callable[[], None] | None = None, height: int = HEIGHT) -> None:
    """Draw a chart. With `on_pick`, a click on one of its points runs it; `picked` tells which."""
    traces = [_TRACES[each.shape](chart, each) for each in chart.series]
    _draw({"data": traces, "layout": _layout(chart, height)}, chart.says, key, on_pick)


def draw_heat(
    says: str, columns: Sequence[str], rows: Sequence[str], values: Sequence[Sequence[float]], key: str
) -> None:
    """Draw how much there is at each crossing of rows and columns, the first row on top."""
    trace = {
        "type": "heatmap",
        "x": list(columns),
        "y": list(rows),
        "z": [list(row) for row in values],
        "colorscale": [[0, _shade("blue", "Background")], [1, _shade("blue")]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y} %{x}<br>%{z:,}<extra></extra>",
    }
    layout = _plain_layout(HEIGHT) | {
        "xaxis": _axis(grid=False) | {"type": "category"},
        "yaxis": _axis(grid=False) | {"type": "category", "autorange": "reversed"},
    }
    _draw({"data": [trace], "layout": layout}, says, key, None)


def picked(key: str) -> tuple[int, int] | None:
    """Which point of the chart of this key was clicked: its series and its label, by their places; None for none."""
    points = st.session_state.get(key, {}).get("selection", {}).get("points", [])
    first: Mapping[str, Any] = points[0] if points else {}
    series, label = first.get("curve_number"), first.get("point_index", first.get("point_number"))
    return (series, label) if isinstance(series, int) and isinstance(label, int) else None


def _draw(figure: Mapping[str, Any], says: str, key: str, on_pick: Callable[[], None] | None) -> None:
    st.plotly_chart(
        go.Figure(figure),
        key=key,
        config=_CONFIG,
        on_select=on_pick or "ignore",
        selection_mode="points",
        alt=line(says),
    )


def _layout(chart: Chart, height: int) -> dict[str, Any]:
    along, up = _axis(grid=False) | {"type": "category"}, _axis(grid=True) | {"rangemode": "tozero"}
    is_many = len(chart.labels) > 12
    if is_many and not chart.lying:
        along |= {"nticks": 10, "tickangle": 0}
    if chart.lying:
        along |= {"autorange": "reversed"}
    axes = {"xaxis": up, "yaxis": along} if chart.lying else {"xaxis": along, "yaxis": up}
    return _plain_layout(height) | axes | {
        "barmode": "stack" if chart.stacked else "group",
        "bargap": 0.25,
        "showlegend": len(chart.series) > 1,
        "legend": _LEGEND,
        "clickmode": "event+select",
    }  # fmt: skip


def _plain_layout(height: int) -> dict[str, Any]:
    return {"height": height, "margin": _MARGIN, "dragmode": False, "hovermode": "closest", "title": {"text": ""}}


def _axis(*, grid: bool) -> dict[str, Any]:
    return {"showgrid": grid, "fixedrange": True, "automargin": True, "title": None, "zeroline": False}


def _bar(chart: Chart, series: Series) -> dict[str, Any]:
    values, labels = list(series.values), list(chart.labels)
    along = {"x": values, "y": labels, "orientation": "h"} if chart.lying else {"x": labels, "y": values}
    bars = _named(chart, series) | along | {"type": "bar", "marker": {"color": _shade(series.colour)}}
    return bars | {"error_x" if chart.lying else "error_y": _whiskers(series)} if series.bounds else bars


def _whiskers(series: Series) -> dict[str, Any]:
    pairs = list(zip(series.values, series.bounds, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - (value or 0) for value, (_, high) in pairs],
        "arrayminus": [(value or 0) - low for value, (low, _) in pairs],
        "color": _shade("gray"),
        "thickness": 1.5,
        "width": 4,
    }


def _line(chart: Chart, series: Series) -> dict[str, Any]:
    stroke = {"color": _shade(series.colour), "width": 2}
    return _scatter(chart, series) | {"mode": "lines+markers", "line": stroke, "marker": {"size": 4}}


def _area(chart: Chart, series: Series) -> dict[str, Any]:
    stroke = {"color": _shade(series.colour), "width": 1}
    return _scatter(chart, series) | {"mode": "lines", "line": stroke, "stackgroup": "all"}


def _before(chart: Chart, series: Series) -> dict[str, Any]:
    stroke = {"color": _shade("gray"), "width": 1.5, "dash": "dot"}
    return _scatter(chart, series) | {"mode": "lines", "line": stroke}


_TRACES: Mapping[Shape, Callable[[Chart, Series], dict[str, Any]]] = {
    "bar": _bar,
    "line": _line,
    "area": _area,
    "before": _before,
}


def _scatter(chart: Chart, series: Series) -> dict[str, Any]:
    found = {"type": "scatter", "x": list(chart.labels), "y": list(series.values), "connectgaps": False}
    return _named(chart, series) | found


def _named(chart: Chart, series: Series) -> dict[str, Any]:
    where, what = ("%{y}", "%{x:,}") if chart.lying else ("%{x}", "%{y:,}")
    unit = f" {chart.unit}" if chart.unit else ""
    return {"name": line(series.name, 60), "hovertemplate": f"{where}<br>{what}{unit}<extra>%{{fullData.name}}</extra>"}


def _shade(colour: Colour | Sequence[Colour], kind: Literal["", "Background"] = "") -> Any:
    """The theme's own colour of this name, for the mode that is on the screen; of several names, all of them."""
    if not isinstance(colour, str):
        return [_shade(each, kind) for each in colour]
    mode = "dark" if st.context.theme.type == "dark" else "light"
    return st.get_option(f"theme.{mode}.{colour}{kind}Color")
