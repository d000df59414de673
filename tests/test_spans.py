"""Spans of time as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.spans import format_span


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 min"),
        (timedelta(seconds=40, milliseconds=900), "40 s"),
        (timedelta(milliseconds=3), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(minutes=70), "1 h 10 min"),
        (timedelta(hours=24), "24 h"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
        (timedelta(days=1200), "1,200 d"),
        (timedelta(minutes=-70), "−1 h 10 min"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(span: timedelta, words: str) -> None:
    assert format_span(span) == words


def test_open_time_stays_in_hours() -> None:
    assert format_span(timedelta(days=7), days=False) == "168 h"
