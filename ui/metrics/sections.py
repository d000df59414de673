"""What the tabs of the metrics page show: panels made of one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from core.metrics.reading import Metrics
from core.queue.filters import Filter
from core.resolutions.declaring import item_type
from ui import badges
from ui.badges import Colour, Look
from ui.charts import Chart, Series
from ui.metrics.panels import Panel

_STATUS_COLOURS: Mapping[str, Colour] = {
    "pending": "orange",
    "confirmed": "blue",
    "in_progress": "violet",
    "completed": "green",
    "cancelled": "gray",
}


def depth(found: Metrics) -> list[Panel]:
    """How deep the queue is, by what tells its items apart."""
    queue = found.queue
    if queue is None:
        return []
    return [
        _words("by_priority", "Pending by priority", queue.by_priority, badges.PRIORITY, "priority"),
        _words("by_status", "Pending by status", queue.by_status, badges.STATUS, "status"),
        _words("by_queue", "Pending by queue", queue.by_queue, {}, "queue"),
    ]


def _words(
    key: str,
    title: str,
    counts: Mapping[str, int],
    looks: dict[str, Look],
    narrows: Literal["priority", "status", "queue"],
) -> Panel:
    """One bar for each word, in its own colour; a click leads to the items that it counts."""
    names = list(counts)
    labels = [badges.QUEUES[name] if narrows == "queue" else badges.look(looks, name).word for name in names]
    colours = [badges.look(looks, name).colour if looks else "blue" for name in names]
    leads = {(0, place): _narrowed(narrows, name) for place, name in enumerate(names)}
    chart = _bars(title, labels, [counts[name] for name in names], colours)
    return Panel(key, title, "Items that are not decided, as they stand now.", chart, leads)


def _narrowed(narrows: Literal["priority", "status", "queue"], name: str) -> Filter:
    if narrows == "priority":
        return Filter(priority=(name,))
    return Filter(status=name) if narrows == "status" else Filter(queue=name)


def times_by_type(found: Metrics) -> list[Panel]:
    """How long each type of item took."""
    queue = found.queue
    if queue is None:
        return []
    averages = queue.avg_resolution_hours_by_type
    names = sorted(averages, key=averages.__getitem__, reverse=True)
    nine_tenths = [queue.resolution_percentiles_by_type[name].p90 for name in names]
    chart = Chart(
        "Hours to resolve by item type, average and nine tenths",
        [item_type(name).label for name in names],
        [Series("Average", [averages[name] for name in names], "blue"), Series("90 %", nine_tenths, "gray")],
        lying=True,
        unit="h",
    )
    means = "Time from the beginning of the cycle to resolution, of what was resolved in the period, in hours."
    leads = {
        (row, at): Filter(status="resolved", item_type=name, decided_from=found.since)
        for row in (0, 1)
        for at, name in enumerate(names)
    }
    return [Panel("times_by_type", "Hours to resolve, by type", means, chart, leads)]


def customers(found: Metrics) -> list[Panel]:
    """Complaints by priority and status, bookings by status."""
    panels = []
    if found.complaints is not None:
        told = found.complaints
        colours = {name: badges.PRIORITY[name].colour for name in told.by_priority}
        panels += [
            _counts("complaints_by_priority", "Complaints by priority", told.by_priority, colours,
                    "Complaints that came in during the period, by the priority that they have now."),
            _counts("complaints_by_status", "Complaints by status", told.by_status, {},
                    "Complaints that came in during the period, by where they stand now."),
        ]  # fmt: skip
    if found.bookings is not None:
        panels.append(
            _counts("bookings_by_status", "Bookings by status", found.bookings.by_status, _STATUS_COLOURS,
                    "Bookings made in the period, by where they stand now.")
        )  # fmt: skip
    return panels


def revenue(found: Metrics) -> list[Panel]:
    """What came in, by where its booking stands."""
    earned = found.revenue
    if earned is None:
        return []
    means = f"Paid less given back of the bookings made in the period, in {earned.currency}."
    panel = _counts(
        "revenue_by_status", "Revenue by booking status", earned.by_status, _STATUS_COLOURS, means, earned.currency
    )
    return [panel]


def _counts(
    key: str,
    title: str,
    counts: Mapping[str, int] | Mapping[str, Decimal],
    colours: Mapping[str, Colour],
    means: str,
    unit: str = "",
) -> Panel:
    shown = [colours.get(name, "blue") for name in counts]
    chart = _bars(
        title, [badges.words(name) for name in counts], [float(value) for value in counts.values()], shown, unit
    )
    return Panel(key, title, means, chart)


def _bars(
    title: str, labels: Sequence[str], values: Sequence[float], colours: Sequence[Colour], unit: str = ""
) -> Chart:
    said = ", ".join(f"{label} {value:,.0f}" for label, value in zip(labels, values, strict=True))
    return Chart(f"{title}: {said}", labels, [Series(unit or "Count", values, colours)], unit=unit)


def workload(found: Metrics) -> list[Panel]:
    """Who has how much in hand."""
    if found.realtime is None:
        return []
    loads = [load for load in found.realtime.staff_workload if load.items or load.capacity]
    chart = Chart(
        "Items in hand by person, in time and overdue",
        [load.full_name for load in loads],
        [
            Series("In time", [load.items - load.breached for load in loads], "blue"),
            Series("Overdue", [load.breached for load in loads], "red"),
        ],
        lying=True,
        stacked=True,
    )
    leads = {
        (row, at): Filter(assignee=load.staff_id, sla="breached" if row else None)
        for row in (0, 1)
        for at, load in enumerate(loads)
    }
    return [Panel("workload", "In hand, by person", "Open items that each person holds now.", chart, leads)]
