"""The report in words: the layout that people and programs know, and nothing that is markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from core.reports.figures import Performance, QueueReport, Resolver, Standing, TypeLine, end_of
from core.reports.wording import Form, hours, percent, sla, title, written
from core.words import Priority

DAY = date(2026, 3, 10)
FULL = QueueReport(
    day=DAY,
    as_of=end_of(DAY),
    pending=1234,
    standings=tuple(
        Standing(priority, sla_hours, pending)
        for priority, sla_hours, pending in zip(Priority, (4, 24, 168, 720), (7, 29, 198, 1000), strict=True)
    ),
    performance=Performance(resolved=1810, hours=1234.56, sealed=1000, met=943, opened=3000, escalated=93),
    types=(TypeLine("pdf_deletion_failed", 1200, 1806, 3.44), TypeLine("odd_thing", 34, 0, None)),
    resolvers=(Resolver(2, 1800, 3.0), Resolver(1, 10, 12.25)),
)
NAMES = {1: "jane@example.com", 2: "<b>bob</b>@example.com"}
EMPTY = replace(
    FULL,
    pending=0,
    standings=tuple(replace(each, pending=0) for each in FULL.standings),
    performance=Performance(0, None, 0, 0, 0, 0),
    types=(),
    resolvers=(),
)
TEXT = """\
Daily Queue Report - 2026-03-10
===============================

Queue Status
------------
  Total pending  1,234
  Critical (4h)      7
  High (24h)        29
  Medium (7d)      198
  Low (30d)      1,000

Performance (Last 30 Days)
--------------------------
  Items resolved                      1,810
  Average time to resolution  1,234.6 hours
  SLA compliance                      94.3%
  Escalation rate                      3.1%

By Item Type
------------
                       pending    average
  PDF deletion failed    1,200  3.4 hours
  Odd thing                 34        n/a

Top Resolvers
-------------
                          items     average
  <b>bob</b>@example.com  1,800   3.0 hours
  jane@example.com           10  12.2 hours"""
NOTHING = """\
Performance (Last 30 Days)
--------------------------
  Items resolved                0
  Average time to resolution  n/a
  SLA compliance              n/a
  Escalation rate             n/a

By Item Type
------------
  n/a

Top Resolvers
-------------
  n/a"""


def test_the_text_has_the_layout_that_is_agreed() -> None:
    assert written(FULL, NAMES, Form.TEXT) == TEXT


def test_what_has_nothing_to_average_says_so() -> None:
    assert written(EMPTY, {}, Form.TEXT).endswith(NOTHING)
    for form in Form:
        assert "nan" not in written(EMPTY, {}, form).lower()


def test_a_day_that_goes_on_says_until_when_it_counts() -> None:
    going = replace(FULL, as_of=datetime(2026, 3, 10, 14, 5, tzinfo=UTC))
    assert title(going) == "Daily Queue Report - 2026-03-10, until 14:05 UTC"
    assert "at 14:05 UTC, while the day goes on" in written(going, NAMES, Form.HTML)


def test_the_html_holds_the_same_figures_escaped_and_refers_to_nothing_outside() -> None:
    page = written(FULL, NAMES, Form.HTML)
    for figure in ("1,234", "1,810", "1,234.6 hours", "94.3%", "3.1%", "jane@example.com", "n/a"):
        assert figure in page
    assert "<b>bob" not in page
    assert "&lt;b&gt;bob&lt;/b&gt;@example.com" in page
    assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"' >)]+)""", page) == [
        "http://localhost:8501/reports?report=20260310"
    ]
    assert not re.search(r"<(script|link|img|iframe|base|form)", page)


def test_the_json_is_for_programs() -> None:
    told = json.loads(written(FULL, NAMES, Form.JSON))
    assert told["queue_status"]["by_priority"]["medium"] == {"pending": 198, "sla_hours": 168}
    assert told["performance"] == {
        "days": 30,
        "items_resolved": 1810,
        "avg_resolution_hours": 1234.56,
        "compliance_rate": 94.3,
        "escalation_rate": 3.1,
    }
    assert told["by_item_type"]["odd_thing"]["avg_resolution_hours"] is None
    assert told["top_resolvers"][1] == {"email": "jane@example.com", "items": 10, "avg_resolution_hours": 12.25}
    assert json.loads(written(EMPTY, {}, Form.JSON))["performance"]["compliance_rate"] is None


@pytest.mark.parametrize(
    ("target", "said"), [(4, "4h"), (24, "24h"), (168, "7d"), (720, "30d"), (1.5, "1.5h"), (36, "36h"), (48, "2d")]
)
def test_targets_are_said_in_their_own_unit(target: float, said: str) -> None:
    assert sla(target) == said


def test_figures_have_one_decimal_and_thousands_apart() -> None:
    assert [hours(None), hours(0), hours(12345.67), percent(None), percent(0), percent(1)] == [
        "n/a", "0.0", "12,345.7", "n/a", "0.0%", "100.0%",
    ]  # fmt: skip
