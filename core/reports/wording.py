"""The daily report in words: as text for a terminal and a mail, as HTML for a mail, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.reports.figures import DAYS, QueueReport
from core.resolutions.declaring import item_type
from core.settings import settings

NOTHING = "n/a"
Names = Mapping[int, str]
"""What each member of staff is called in a report for one reader, by their number."""


class Form(StrEnum):
    """How a report is written down."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


def written(report: QueueReport, names: Names, form: Form) -> str:
    """The report in one of its forms."""
    return _WRITERS[form](report, names)


def heading(report: QueueReport) -> str:
    """What the report is called, with its day."""
    return f"Daily Queue Report - {report.day.isoformat()}"


def title(report: QueueReport) -> str:
    """The same, with the moment until which it counts where the day goes on."""
    return heading(report) + ("" if report.is_final else f", until {report.as_of:%H:%M} UTC")


def hours(value: float | None) -> str:
    """Hours with one decimal: "1,234.5"."""
    return NOTHING if value is None else f"{value:,.1f}"


def with_unit(value: float | None) -> str:
    """The same with its unit: "12.3 hours"."""
    return NOTHING if value is None else f"{hours(value)} hours"


def percent(share: float | None) -> str:
    """A share in 0..1 as per cent with one decimal: "94.3%"."""
    return NOTHING if share is None else f"{100 * share:.1f}%"


def sla(target: float) -> str:
    """How long a target is, in its own unit: "4h", "24h", "7d", "1.5h"."""
    return f"{target / 24:,.0f}d" if target > 24 and target % 24 == 0 else f"{target:,g}h"


def label(name: str) -> str:
    """What an item type is called."""
    return item_type(name).label


def _text(report: QueueReport, names: Names) -> str:
    called = title(report)
    went = report.performance
    standings = [(f"{each.priority.capitalize()} ({sla(each.sla_hours)})", each.pending) for each in report.standings]
    performance = [
        ("Items resolved", f"{went.resolved:,}"),
        ("Average time to resolution", with_unit(went.hours)),
        ("SLA compliance", percent(went.compliance)),
        ("Escalation rate", percent(went.escalation_rate)),
    ]
    types = [
        ("", "pending", "average"),
        *((label(each.item_type), f"{each.pending:,}", with_unit(each.hours)) for each in report.types),
    ]
    people = [
        ("", "items", "average"),
        *((names[each.staff_id], f"{each.resolved:,}", with_unit(each.hours)) for each in report.resolvers),
    ]
    return "\n".join(
        [
            called,
            "=" * len(called),
            *_section(
                "Queue Status", [("Total pending", f"{report.pending:,}"), *((said, f"{n:,}") for said, n in standings)]
            ),
            *_section(f"Performance (Last {DAYS} Days)", performance),
            *_section("By Item Type", types),
            *_section("Top Resolvers", people),
        ]
    )


def _section(named: str, lines: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """A heading over lines in columns: the first to the left, figures to the right."""
    yield from ("", named, "-" * len(named))
    if all(not line[0] for line in lines):
        yield f"  {NOTHING}"
        return
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for first, *rest in lines:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield f"  {first.ljust(widths[0])}  {'  '.join(cells)}"


def _json(report: QueueReport, names: Names) -> str:
    return json.dumps(document(report, names), indent=2)


def document(report: QueueReport, names: Names) -> dict[str, Any]:
    """The report for programs: hours rounded to two decimals, rates in per cent, null where there is nothing."""
    went = report.performance
    return {
        "report": "queue",
        "date": report.day.isoformat(),
        "as_of": report.as_of.isoformat(),
        "is_final": report.is_final,
        "queue_status": {
            "total_pending": report.pending,
            "by_priority": {
                each.priority.value: {"pending": each.pending, "sla_hours": each.sla_hours} for each in report.standings
            },
        },
        "performance": {
            "days": DAYS,
            "items_resolved": went.resolved,
            "avg_resolution_hours": _rounded(went.hours),
            "compliance_rate": _rounded(went.compliance, 100),
            "escalation_rate": _rounded(went.escalation_rate, 100),
        },
        "by_item_type": {
            each.item_type: {
                "label": label(each.item_type),
                "pending": each.pending,
                "resolved": each.resolved,
                "avg_resolution_hours": _rounded(each.hours),
            }
            for each in report.types
        },
        "top_resolvers": [
            {"email": names[each.staff_id], "items": each.resolved, "avg_resolution_hours": _rounded(each.hours)}
            for each in report.resolvers
        ],
    }


def _rounded(value: float | None, times: int = 1) -> float | None:
    return None if value is None else round(value * times, 2)


def _html(report: QueueReport, names: Names) -> str:
    found = _templates().get_template("queue.html")
    return found.render(report=report, names=names, went=report.performance, address=address(report.day))


def number(day: date) -> int:
    """What a day's report is known by in addresses: 20260310."""
    return int(f"{day:%Y%m%d}")


def address(day: date) -> str:
    """Where a day's report is read in the console."""
    return f"{settings().address}/reports?report={number(day)}"


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        hours=hours, with_unit=with_unit, percent=percent, sla=sla, label=label, heading_of=heading, title_of=title
    )
    made.globals["days"] = DAYS
    return made


_WRITERS: dict[Form, Callable[[QueueReport, Names], str]] = {Form.TEXT: _text, Form.HTML: _html, Form.JSON: _json}
