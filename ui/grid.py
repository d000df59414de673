"""Items in a grid: what stands in each cell, and how the columns look."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from core.queue.inbox import QueueRow
from ui import badges, times
from ui.badges import Colour
from ui.listing import Listing
from ui.plain import line

_ORDER: tuple[Colour, ...] = ("red", "orange", "violet", "green", "gray")
_STATE_COLOURS: dict[str, Colour] = {"breached": "red", "at_risk": "orange", "on_track": "gray", "paused": "violet"}


def draw(
    listing: Listing,
    rows: Sequence[QueueRow],
    now: datetime,
    on_pick: Callable[[], None],
    chosen: Collection[int] | None = None,
) -> None:
    """Draw the rows as a list of its page, what is late and near in its colours; `chosen` where many can be."""
    due = [_due(row, now) for row in rows]
    cells = _frame(rows, [word for word, _ in due], None if chosen is None else listing.opened())
    listing.draw(
        [row.id for row in rows], cells, _columns(due), on_pick, says="Work items, the first first", chosen=chosen
    )


def _frame(rows: Sequence[QueueRow], due: Sequence[str], at: int | None) -> pd.DataFrame:
    """The cells; the item that the keys are at is marked, where its row may not be the one selected."""
    return pd.DataFrame(
        {
            "score": [round(row.priority_score) for row in rows],
            "title": [("▸ " if row.id == at else "") + _title(row) for row in rows],
            "priority": badges.cells(badges.PRIORITY, [row.priority for row in rows]),
            "due": [[word] for word in due],
            "status": badges.cells(badges.STATUS, [row.status for row in rows]),
            "holder": [line(row.holder or "", 60) for row in rows],
            "type": [row.type_label for row in rows],
            "number": [row.id for row in rows],
        }
    )


def _title(row: QueueRow) -> str:
    return line(row.title) + (f"  ×{row.occurrences}" if row.occurrences > 1 else "")


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
