"""How work flows, as panels: what comes and goes, ages, deadlines, hours, where time went, who did how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.metrics import flow, people, records, spending, standing
from core.metrics.cycles import Period
from core.metrics.flow import FlowPoint, HeatCell, Trend
from core.metrics.people import Throughput
from core.metrics.periods import configured_zone
from core.metrics.records import QueueRecord
from core.metrics.spans import Grain
from core.metrics.spending import TimeSpent
from core.metrics.standing import AgeClass, FlowState, TimeLeft
from core.queue.filters import Filter
from core.uow import UnitOfWork
from core.words import OPEN_STATUSES, Priority
from ui import badges
from ui.charts import Chart, Series
from ui.metrics.panels import Heat, Panel

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """How far back the charts of a period look, and in which pieces."""

    days: int
    grain: Grain = "day"

    def label(self, moment: datetime, zone: ZoneInfo) -> str:
        """What stands under a piece that begins at `moment`."""
        local = moment.astimezone(zone)
        return f"{local:%H:%M}" if self.grain == "hour" else f"{local.day} {local:%b}"


WINDOWS = {"today": Window(1, "hour"), "week": Window(7), "month": Window(31), "all": Window(90)}
"""The window of each period of the page."""


def overview(uow: UnitOfWork, window: Window) -> list[Panel]:
    """What comes and goes, and how what is there stands."""
    zone = configured_zone()
    return [
        _arrivals(flow.arrivals_and_completions(uow, window.days, window.grain), window, zone),
        _backlog(standing.backlog_by_age(uow)),
        _burn_down(standing.burn_down(uow)),
        _cumulative(standing.cumulative_flow(uow, window.days, window.grain), window, zone),
        _heat(flow.heat_map(uow)),
        _spent(spending.time_spent(uow, window.days)),
        _recorded(records.records(uow, Period(uow.now - timedelta(days=window.days), uow.now)), zone),
    ]


def trends(uow: UnitOfWork, window: Window, *of: str) -> list[Panel]:
    """Each of these, piece by piece, with the stretch before behind it."""
    zone = configured_zone()
    return [_trend(flow.trend(uow, each, window.days, window.grain), window, zone) for each in of]


def revenue(uow: UnitOfWork, window: Window) -> list[Panel]:
    """The revenue, piece by piece, with the stretch before behind it."""
    return [_trend(flow.revenue_trend(uow, window.days, window.grain), window, configured_zone())]


def throughput(uow: UnitOfWork, window: Window) -> list[Panel]:
    """How many items each person resolves in a day, and how sure that is."""
    return [_throughput(people.throughput(uow, window.days))]


def _arrivals(points: Sequence[FlowPoint], window: Window, zone: ZoneInfo) -> Panel:
    chart = Chart(
        "Items that arrived against items that were decided",
        [window.label(point.since, zone) for point in points],
        [
            Series("Arrived", [point.arrived for point in points], "blue"),
            Series("Decided", [point.completed for point in points], "green", "line"),
        ],
    )
    leads = {(0, place): point.leads_to for place, point in enumerate(points)}
    means = "Items put into the queue in each piece of time, against those resolved or rejected in it."
    return Panel("arrivals", "Arrivals and completions", means, chart, leads)


def _by_priority(classes: Sequence[AgeClass | TimeLeft]) -> list[Series]:
    return [
        Series(
            badges.PRIORITY[priority].word,
            [each.by_priority[priority] for each in classes],
            badges.PRIORITY[priority].colour,
        )
        for priority in Priority
    ]


def _leads(classes: Sequence[AgeClass | TimeLeft]) -> dict[tuple[int, int], Filter]:
    """Each part of a bar leads to the items of its own priority."""
    return {
        (row, place): _of_priority(each.leads_to, priority)
        for row, priority in enumerate(Priority)
        for place, each in enumerate(classes)
        if each.leads_to is not None
    }


def _of_priority(wanted: Filter, priority: Priority) -> Filter:
    return Filter(**{**vars(wanted), "priority": (str(priority),)})


def _backlog(classes: Sequence[AgeClass]) -> Panel:
    labels = [each.label for each in classes]
    chart = Chart("Pending items by age and priority", labels, _by_priority(classes), stacked=True, lying=True)
    means = "Items that are not decided, by the time since they arrived, as they stand now."
    return Panel("backlog", "Backlog by age", means, chart, _leads(classes))


def _burn_down(classes: Sequence[TimeLeft]) -> Panel:
    labels = [each.label for each in classes]
    chart = Chart("Pending items by time to their deadline", labels, _by_priority(classes), stacked=True, lying=True)
    means = "Items that are not decided, by the time that is left until their deadline, as they stand now."
    return Panel("burn_down", "Deadlines ahead", means, chart, _leads(classes))


def _cumulative(states: Sequence[FlowState], window: Window, zone: ZoneInfo) -> Panel:
    decided = Series("Decided", [state.decided for state in states], "green", "area")
    standing_ones = [
        Series(
            badges.STATUS[status].word,
            [state.by_status[status] for state in states],
            badges.STATUS[status].colour,
            "area",
        )
        for status in reversed(OPEN_STATUSES)
    ]
    labels = [window.label(state.at - timedelta(microseconds=1), zone) for state in states]
    chart = Chart("Items in each status at the end of each piece of time", labels, [decided, *standing_ones])
    means = "How many items stood in each status, on top of those decided since the beginning of the chart."
    return Panel("cumulative", "Cumulative flow", means, chart)


def _heat(cells: Sequence[HeatCell]) -> Panel:
    rows = [[cell.arrived for cell in cells if cell.weekday == day] for day in range(7)]
    heat = Heat("Arrivals by weekday and hour", [f"{hour:02}" for hour in range(24)], _WEEKDAYS, rows)
    return Panel("heat", "When items arrive", "Items put into the queue in the last 8 weeks, by local hour.", heat)


def _spent(spent: TimeSpent) -> Panel:
    parts = {
        "Unclaimed": (spent.unclaimed, "blue"),
        "In hand": (spent.in_hand, "violet"),
        "Waiting": (spent.waiting, "orange"),
        "Deferred": (spent.deferred, "gray"),
        "Outside hours": (spent.outside, "yellow"),
    }
    hours = [round(span / _HOUR / spent.items, 2) if spent.items else None for span, _ in parts.values()]
    chart = Chart(
        "Hours of the average decided item by where they went",
        list(parts),
        [Series("Hours an item", hours, [colour for _, colour in parts.values()])],  # type: ignore[misc]
        lying=True,
        unit="h",
    )
    means = (
        "Of the items decided in this time: where the hours from their beginning to their decision went, on average."
    )
    return Panel("spent", "Where the time went", means, chart)


def _recorded(found: Sequence[QueueRecord], zone: ZoneInfo) -> Panel:
    chart = Chart(
        "Pending and overdue items, as measured minute by minute",
        [f"{record.at.astimezone(zone):%d %b %H:%M}" for record in found],
        [
            Series("Pending", [record.total_pending for record in found], "blue", "line"),
            Series("Overdue", [record.items_breaching_sla for record in found], "red", "line"),
        ],
    )
    return Panel("recorded", "Depth, as measured", "What the job runner measures every minute and keeps.", chart)


def _trend(trend: Trend, window: Window, zone: ZoneInfo) -> Panel:
    chart = Chart(
        f"{trend.of} with the stretch before behind it",
        [window.label(point.since, zone) for point in trend.points],
        [
            Series("Before", [point.before for point in trend.points], "gray", "before"),
            Series(badges.words(trend.of), [point.value for point in trend.points], "blue", "line"),
        ],
    )
    sums = f"{trend.total:,.0f} now, {trend.total_before:,.0f} then"
    means = f"In each piece of time; dotted, what it was as long before: {sums}."
    return Panel(f"trend_{trend.of}", badges.words(trend.of), means, chart)


def _throughput(found: Sequence[Throughput]) -> Panel:
    chart = Chart(
        "Items resolved in a day by person, with the bounds between which the true rate lies",
        [each.full_name for each in found],
        [Series("A day", [each.per_day for each in found], "green", bounds=[(each.low, each.high) for each in found])],
        lying=True,
        unit="a day",
    )
    means = (
        "Items resolved in a day. The lines are 95 % bounds: with so few items chance alone makes ranks, and people "
        "whose lines overlap are not told apart by this."
    )
    leads = {(0, place): each.leads_to for place, each in enumerate(found)}
    return Panel("throughput", "Resolved in a day, by person", means, chart, leads)
