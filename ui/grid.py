"""The list of items as a grid: its cells, its columns, and which item a selected row stands for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from core.queue.inbox import QueueRow
from ui import badges, times
from ui.badges import Colour
from ui.plain import line

ROW_PIXELS = 30
KEY = "grid"
_SHOWN = "grid.shown"
_ORDER: tuple[Colour, ...] = ("red", "orange", "violet", "green", "gray")
_STATE_COLOURS: dict[str, Colour] = {"breached": "red", "at_risk": "orange", "on_track": "gray", "paused": "violet"}


def draw(rows: Sequence[QueueRow], opened: int | None, now: datetime, on_pick: object) -> None:
    """Draw the rows, the opened one selected. `on_pick` runs when another is selected; `picked` says which."""
    ids = [row.id for row in rows]
    st.session_state[_SHOWN] = ids
    at = [ids.index(opened)] if opened in ids else []
    st.session_state[KEY] = {"selection": {"rows": at, "columns": [], "cells": []}}
    due = [_due(row, now) for row in rows]
    st.dataframe(
        _frame(rows, [word for word, _ in due]),
        column_config=_columns(due),
        hide_index=True,
        key=KEY,
        on_select=on_pick,  # type: ignore[arg-type]  # Streamlit names its callback type only inside itself
        selection_mode="single-row",
        height="content",
        row_height=ROW_PIXELS,
        alt="Work items, best first",
    )


def picked() -> int | None:
    """The item whose row is selected, by the list that was last drawn; None when none is."""
    rows = st.session_state[KEY]["selection"]["rows"]
    shown: list[int] = st.session_state.get(_SHOWN, [])
    return shown[rows[0]] if rows and 0 <= rows[0] < len(shown) else None


def shown() -> list[int]:
    """The numbers of the items that are listed, in order."""
    return list(st.session_state.get(_SHOWN, []))


def _frame(rows: Sequence[QueueRow], due: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "score": [round(row.priority_score) for row in rows],
            "title": [line(row.title) + (f"  ×{row.occurrences}" if row.occurrences > 1 else "") for row in rows],
            "priority": badges.cells(badges.PRIORITY, [row.priority for row in rows]),
            "due": [[word] for word in due],
            "status": badges.cells(badges.STATUS, [row.status for row in rows]),
            "holder": [line(row.holder or "", 60) for row in rows],
            "type": [row.type_label for row in rows],
            "number": [row.id for row in rows],
        }
    )


def _columns(due: Sequence[tuple[str, Colour]]) -> dict[str, object]:
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "score": number("Score", width=46, format="%d", help="0 to 100; higher is more pressing."),
        "title": text("Title", width=196),
        "priority": badges.column("Priority", badges.PRIORITY, width=70),
        "due": _due_column(due),
        "status": badges.column("Status", badges.STATUS, width=92),
        "holder": text("Held by", width=110),
        "type": text("Type", width=130),
        "number": number("No.", width=64, format="%d"),
    }


def _due(row: QueueRow, now: datetime) -> tuple[str, Colour]:
    """What stands in the due column, and its colour by how the item stands to its deadline."""
    if row.resolved_at is not None:
        late = row.sla_deadline is not None and row.resolved_at > row.sla_deadline
        return ("late", "red") if late else ("in time", "green")
    if row.sla_deadline is None:
        return ("paused", "violet") if row.sla_state == "paused" else ("none", "gray")
    return times.briefly(row.sla_deadline, now), _STATE_COLOURS.get(row.sla_state, "gray")


def _due_column(due: Sequence[tuple[str, Colour]]) -> object:
    """Badges whose words are the page's own; of two items with one word the worse one gives the colour."""
    colours: dict[str, Colour] = {}
    for word, colour in due:
        known = colours.get(word, colour)
        colours[word] = min(known, colour, key=_ORDER.index)
    return st.column_config.MultiselectColumn("Due", width=84, options=list(colours), color=list(colours.values()))
