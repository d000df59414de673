"""How a rule would have fared in the past: how often it would have fired, on which days, and with which words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
import streamlit as st

from core import clock
from core.alerts.rules.backtesting import Backtest
from core.alerts.rules.linting import Finding
from core.permissions import Principal
from ui import charts, times
from ui.charts import Chart, Series
from ui.plain import line, literal

_ICONS = {"storm": ":material/thunderstorm:", "silent": ":material/volume_off:"}
_LISTED_ROWS = 12


def draw_findings(findings: Sequence[Finding]) -> None:
    """Draw what is to be looked at."""
    for each in findings:
        st.warning(literal(each.sentence), icon=_ICONS.get(each.kind, ":material/rule:"))


def draw(me: Principal, tried: Backtest) -> None:
    """Draw the outcome of a back-test."""
    days = (tried.until - tried.since).days
    times_said = "once" if tried.count == 1 else f"{tried.count:,} times"
    st.markdown(f"**In the last {days} days this would have fired {times_said}.** {_reach(me, tried)}")
    if not tried.count:
        return
    labels = [(tried.since + timedelta(days=each)).date() for each in range(days + 1)]
    counts = [tried.by_day.get(day, 0) for day in labels]
    chart = Chart(
        "Firings a day",
        [f"{day.day} {day:%b}" for day in labels],
        [Series("Firings", counts, "orange")],
    )
    charts.draw(chart, "rule_by_day", height=140)
    now = clock.now()
    shown = list(reversed(tried.firings))
    table = pd.DataFrame(
        {
            "When": [times.clock_time(each.at, me.zone, now) for each in shown],
            "Alert": [line(each.title) for each in shown],
            "Because": [line("; ".join(each.because)) for each in shown],
        }
    )
    st.dataframe(
        table, hide_index=True, height="content" if len(shown) <= _LISTED_ROWS else 340, alt="What would have fired"
    )
    if tried.count > len(shown):
        st.caption(f"The last {len(shown)} of {tried.count:,}.")


def _reach(me: Principal, tried: Backtest) -> str:
    if tried.reaches_to is None:
        return "Nothing is recorded yet that it could be tried against."
    if tried.reaches_to > tried.since:
        return f":gray[What is recorded reaches back to {literal(times.full_time(tried.reaches_to, me.zone))}.]"
    return ""
