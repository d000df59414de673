"""What came or would come of each item of a batch, in a table: the refused ones first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.permissions import Principal
from core.queue import viewing
from core.uow import perform
from ui.badges import Look, cells, column
from ui.listing import ROW_PIXELS
from ui.plain import line

MOST = 200
_ORDER = ("refused", "done", "left")
_LOOKS = {"done": Look("Done", "green"), "refused": Look("Refused", "orange"), "left": Look("Not yet", "gray")}
_LOOKS_AHEAD = _LOOKS | {"done": Look("Will be", "green")}
_ROWS = 10


def draw(me: Principal, of: Mapping[str, Sequence[int]], why: Mapping[int, str], *, ahead: bool = False) -> None:
    """Draw the table of the items that are refused, done and left, with `why` not. `ahead`: it is a preview."""
    standing = {item: kind for kind in _ORDER for item in of.get(kind, ())}
    shown = list(standing)[:MOST]
    titles = perform(me, viewing.titles, shown)
    looks = _LOOKS_AHEAD if ahead else _LOOKS
    table = pd.DataFrame(
        {
            "number": shown,
            "is": cells(looks, [standing[item] for item in shown]),
            **({"why": [line(why.get(item, "")) for item in shown]} if why else {}),
            "title": [line(titles.get(item, "")) for item in shown],
        }
    )
    st.dataframe(
        table,
        column_config=_columns(looks),
        hide_index=True,
        height=_height(len(shown)),
        row_height=ROW_PIXELS,
        alt="What would come of each item" if ahead else "What came of each item",
    )
    if len(standing) > len(shown):
        st.caption(f"And {len(standing) - len(shown):,} more.")


def counts(of: Mapping[str, Sequence[int]], words: str = "done") -> None:
    """Say how many are done (or whatever the `words` are), refused and left."""
    told = [f":green[{len(of['done']):,} {words}]"]
    told += [f":orange[{len(of['refused']):,} refused]"] if of["refused"] else []
    told += [f"{len(of['left']):,} not tried"] if of.get("left") else []
    st.markdown(" · ".join(told))


def _height(rows: int) -> int:
    return 36 + ROW_PIXELS * min(rows, _ROWS)


def _columns(looks: dict[str, Look]) -> Any:
    return {
        "number": st.column_config.NumberColumn("No.", width=54, format="%d"),
        "is": column("", looks, width=74),
        "why": st.column_config.TextColumn("Why not", width=270),
        "title": st.column_config.TextColumn("Title", width=170),
    }
