"""A cursor says where a page ended, and to no list but its own."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from core import cursors
from core.errors import Invalid
from tests.forging import MOMENT


def test_what_was_written_is_read_again() -> None:
    local = MOMENT.astimezone(timezone(timedelta(hours=14)))
    cursor = cursors.written("things", local, -1.5, 7, cursors.NEVER)
    kinds = (cursors.moment, cursors.number, cursors.key, cursors.moment_or_never)
    assert cursors.read(cursor, "things", *kinds) == [MOMENT, -1.5, 7, cursors.NEVER]


def test_a_whole_number_is_a_score_too() -> None:
    assert cursors.read(cursors.written("things", 3), "things", cursors.number) == [3.0]


@pytest.mark.parametrize("listed", ["", "thing", "things by age"])
def test_another_lists_cursor_is_refused(listed: str) -> None:
    with pytest.raises(Invalid, match="begin again"):
        cursors.read(cursors.written("things", 1), listed, cursors.key)
