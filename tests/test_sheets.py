"""Tables of the screen as files: harmless to a spreadsheet, fetched once, of plain values, on record."""

from __future__ import annotations

import csv
import io

import pytest

from core import sheets, tickets
from core.errors import Invalid, NotFound, NotPermitted
from core.uow import perform
from tests.builders import count
from tests.cast import Cast


def _fetched(cast: Cast, ticket: str) -> list[list[str]]:
    with perform(cast.viewer, tickets.redeem, ticket).file as file:
        return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))


def test_a_table_is_fetched_once_as_it_stood_and_runs_nothing(cast: Cast) -> None:
    ticket = perform(cast.viewer, sheets.offer, "by_age", ["", "=Late"], [["=cmd|x", 1], ["two", None]])
    assert _fetched(cast, ticket) == [["", "'=Late"], ["'=cmd|x", "1"], ["two", ""]]
    assert count("ops_audit_log", "action = 'sheet.downloaded'") == 1
    with pytest.raises(NotFound):
        perform(cast.viewer, tickets.redeem, ticket)


def test_a_table_is_nobody_elses(cast: Cast) -> None:
    ticket = perform(cast.viewer, sheets.offer, "by_age", ["a"], [[1]])
    with pytest.raises(NotFound):
        perform(cast.admin, tickets.redeem, ticket)


@pytest.mark.parametrize(
    ("name", "rows"), [("../x", [[1]]), ("", [[1]]), ("fine", [[object()]]), ("fine", [[1]] * 20_001)]
)
def test_what_is_no_table_is_refused(cast: Cast, name: str, rows: list[list[object]]) -> None:
    with pytest.raises(Invalid):
        perform(cast.viewer, sheets.offer, name, ["a"], rows)


def test_who_sees_nothing_fetches_nothing(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        perform(cast.auditor, sheets.offer, "by_age", ["a"], [[1]])
