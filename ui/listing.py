"""A list in a grid, page by page, and the one thing of it that is open, whose number stands in the address."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

ROW_PIXELS = 30


@dataclass(frozen=True)
class Listing:
    """One list of one page. `name` is the parameter of the address that says what is open; mouse, keys and address
    stay in step by numbers, never by rows: the list moves underneath."""

    name: str

    @property
    def grid_key(self) -> str:
        """The key of the grid's widget."""
        return f"{self.name}_grid"

    def opened(self) -> int | None:
        """The number that the address names, if it names one."""
        given = st.query_params.get(self.name, "")
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None

    def open(self, number: int | None) -> None:
        """Open one thing, or close it with None."""
        if number is None:
            st.query_params.pop(self.name, None)
        else:
            st.query_params[self.name] = str(number)

    def draw(
        self,
        numbers: Sequence[int],
        cells: Any,
        columns: Mapping[str, Any],
        on_pick: Callable[[], None],
        *,
        says: str,
        chosen: Collection[int] | None = None,
    ) -> None:
        """Draw the rows, the open one selected. `on_pick` runs when another is selected; `picked` tells which.

        With `chosen`, any number of rows can be, and those are; `all_picked` tells which. `says` is what the grid is,
        for those who cannot see it.
        """
        self._remember(numbers)
        if chosen is None:
            key, rows = self.grid_key, [self._place()] if self.opened() in numbers else []
        else:
            key, rows = self.many_key(numbers), [at for at, number in enumerate(numbers) if number in chosen]
        if chosen is None or self._picked_rows(key) != rows:  # said again, it would undo a click on its way here
            st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
        st.dataframe(
            cells,
            column_config=columns,
            hide_index=True,
            key=key,
            on_select=on_pick,
            selection_mode="single-row" if chosen is None else "multi-row",
            height="content",
            row_height=ROW_PIXELS,
            alt=says,
        )

    def draw_several(self, numbers: Sequence[int], cells: Any, columns: Mapping[str, Any], *, says: str) -> list[int]:
        """Draw the rows for choosing any number of them; returns the numbers chosen. `says` as for `draw`."""
        self._keep("shown", list(numbers))
        event = st.dataframe(
            cells,
            column_config=columns,
            hide_index=True,
            key=f"{self.grid_key}_several",
            on_select="rerun",
            selection_mode="multi-row",
            height="content",
            row_height=ROW_PIXELS,
            alt=says,
        )
        return [numbers[row] for row in event["selection"]["rows"] if 0 <= row < len(numbers)]

    def choose_none(self) -> None:
        """Nothing is chosen any more of the several."""
        st.session_state.pop(f"{self.grid_key}_several", None)

    def picked(self) -> int | None:
        """The number whose row is selected, by the list that was last drawn; None when none is."""
        rows = st.session_state[self.grid_key]["selection"]["rows"]
        shown = self._shown()
        return shown[rows[0]] if rows and 0 <= rows[0] < len(shown) else None

    def many_key(self, numbers: Sequence[int]) -> str:
        """The key of the grid in which many can be selected: another for other rows, so no click meets rows unseen."""
        return f"{self.name}_grid_{zlib.crc32(repr(list(numbers)).encode())}"

    def all_picked(self) -> tuple[list[int], list[int]]:
        """The numbers whose rows are selected, and all that were listed, by the list that was last drawn."""
        shown = self._shown()
        rows = self._picked_rows(self.many_key(shown))
        return [shown[row] for row in rows if 0 <= row < len(shown)], shown

    @staticmethod
    def _picked_rows(key: str) -> list[int]:
        state = st.session_state.get(key)
        return sorted(state["selection"]["rows"]) if state else []

    def neighbour(self, by: int) -> int | None:
        """The number `by` places on from the open one, None past either end.

        Where the open one has left the list, what took its place counts as the next one.
        """
        shown, opened = self._shown(), self.opened()
        vacated = self._place() - (1 if by < 0 else 0)
        at = vacated if opened is None or opened not in shown else shown.index(opened) + by
        return shown[at] if 0 <= at < len(shown) else None

    def begin_anew_when(self, asked: object) -> None:
        """Go back to the first page once something else is asked for than at the last drawing."""
        if self._kept("asked") != asked:
            self._keep("asked", asked)
            self._keep("cursors", [])

    def cursor(self) -> str | None:
        """Where the page to show begins; None for the first."""
        cursors: list[str] = self._kept("cursors") or []
        return cursors[-1] if cursors else None

    def pager(self, count: int, next_cursor: str | None, per_page: int) -> None:
        """Draw the way to the next page and back; nothing where there is only one. `count` rows are on this page."""
        self._keep("next", next_cursor)
        before = len(self._kept("cursors") or []) * per_page
        if not before and not next_cursor:
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            st.button("Back", key=f"{self.name}_back", shortcut="B", disabled=not before, on_click=self._turn_back)
            st.button("Next page", key=f"{self.name}_more", shortcut="N", disabled=not next_cursor, on_click=self._turn)
            st.markdown(f":gray[:small[{before + 1:,}–{before + count:,}]]")

    def _turn(self) -> None:
        if self._kept("next"):
            self._keep("cursors", [*(self._kept("cursors") or []), self._kept("next")])
            self._keep("place", 0)

    def _turn_back(self) -> None:
        self._keep("cursors", (self._kept("cursors") or [])[:-1])
        self._keep("place", 0)

    def _remember(self, numbers: Sequence[int]) -> None:
        """What is listed, and where in it the open one stands, for the neighbours of one that has since left."""
        opened = self.opened()
        self._keep("shown", list(numbers))
        if opened is not None and opened in numbers:
            self._keep("place", numbers.index(opened))

    def _shown(self) -> list[int]:
        return list(self._kept("shown") or [])

    def _place(self) -> int:
        return int(self._kept("place") or 0)

    def _kept(self, what: str) -> Any:
        return st.session_state.get(f"listing.{self.name}.{what}")

    def _keep(self, what: str, value: object) -> None:
        st.session_state[f"listing.{self.name}.{what}"] = value
