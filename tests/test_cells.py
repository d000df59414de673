"""Cells: what a spreadsheet would run is shown instead, whatever stands before it."""

from __future__ import annotations

import csv
import io

import pytest

from core.cells import cell
from tests.cast import NOON

FORMULAS = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+49 170 1234567",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "\x00=1+1",
    "\uff1d1+1",
    '=HYPERLINK("https://evil.example";"click")',
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    made = cell(text)
    assert made.startswith("'")
    assert made[1:] == text.replace("\x00", "")


@pytest.mark.parametrize("text", ["Jane", "a=b", "1-2", "'quoted'", "", "2026-03-11", "{}", "ünï"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_values_that_are_no_text_read_as_what_they_are() -> None:
    values = (None, -3.5, 7, True, NOON, {"a": "=1"}, [1])
    assert [cell(value) for value in values] == [
        "",
        "-3.5",
        "7",
        "True",
        "2026-03-11T12:00:00+00:00",
        '{"a": "=1"}',
        "[1]",
    ]


@pytest.mark.parametrize("text", [*FORMULAS, 'a "b", c', "line\r\nline", "a;b"])
def test_a_spreadsheet_reads_back_one_cell(text: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([cell(text), "next"])
    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [[cell(text), "next"]]
