"""The jobs: what each is for, how its last run went, and when it runs next."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from core import clock
from core.permissions import Principal
from core.spans import format_span
from jobs import listing
from ui import badges, times
from ui.badges import Look
from ui.plain import line

_OUTCOMES = {
    "done": Look("Done", "green"),
    "running": Look("Running", "blue"),
    "failed": Look("Failed", "red"),
    "abandoned": Look("Cut off", "red"),
    "never": Look("Never ran", "gray"),
}


def draw(me: Principal) -> None:
    """Every job of the timetable, those that did not end well first."""
    now = clock.now()
    found = sorted(listing.lines(me), key=lambda each: each.last_outcome not in {"failed", "abandoned"})
    if all(each.next_run_at is None for each in found):
        st.warning("No job runner has been seen for 90 seconds: an operator starts one with `python -m jobs run`.")
    cells = pd.DataFrame(
        {
            "name": [each.name for each in found],
            "outcome": badges.cells(_OUTCOMES, [each.last_outcome or "never" for each in found]),
            "last": [times.briefly(each.last_run_at, now) if each.last_run_at else "" for each in found],
            "next": [times.briefly(each.next_run_at, now) if each.next_run_at else "" for each in found],
            "every": [format_span(timedelta(seconds=each.every_seconds)) for each in found],
            "error": [line(each.last_error or "", 300) for each in found],
            "meaning": [each.meaning for each in found],
        }
    )
    if not any(each.last_error for each in found):
        cells = cells.drop(columns="error")
    columns = {
        "name": st.column_config.TextColumn("Job", width=140),
        "outcome": badges.column("Last run", _OUTCOMES, width=84),
        "last": st.column_config.TextColumn("When", width=84),
        "next": st.column_config.TextColumn("Next", width=84),
        "every": st.column_config.TextColumn("Every", width=64),
        "error": st.column_config.TextColumn("Error", width=200),
        "meaning": st.column_config.TextColumn("What for", width=400),
    }
    st.dataframe(cells, column_config=columns, hide_index=True, height="content", row_height=30, alt="Jobs")
    st.caption("An operator runs one at once with `python -m jobs run-once NAME`; its run is kept here too.")
