"""Tiles: the figures that a manager looks at first, each with what it was before and the way to what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import streamlit as st

from core.metrics.reading import Metrics
from core.queue.filters import Filter
from core.spans import format_span
from ui import leading
from ui.metrics import figures
from ui.plain import literal

_GOOD: Literal["normal"] = "normal"
_SPREAD = "p50 and p90: half of them, and nine tenths, took at most so long."


@dataclass(frozen=True)
class Tile:
    """One figure. `beside` says more of it, `delta` how it changed; `more_is` tells which way is the good one."""

    label: str
    value: str
    means: str
    delta: str | None = None
    beside: str = ""
    more_is: Literal["normal", "inverse", "off"] = "off"
    leads_to: Filter | None = None


def draw(tiles: list[Tile]) -> None:
    """Draw the tiles, as many in a row as there is room for."""
    wall = st.grid(len(tiles), min_column_width=130, border=True, gap="small")
    for tile in tiles:
        with wall.cell(), st.container(gap="xxsmall"):
            st.metric(
                literal(tile.label), tile.value, delta=tile.delta, delta_color=tile.more_is, help=literal(tile.means)
            )
            if tile.leads_to is not None:
                st.page_link(
                    leading.QUEUE,
                    label=literal(tile.beside),
                    icon=":material/arrow_outward:",
                    query_params=leading.address(tile.leads_to),
                )
            elif tile.beside:
                st.caption(literal(tile.beside))


def of(found: Metrics) -> list[Tile]:
    """The tiles of an answer, for the groups that it has."""
    return [*_of_queue(found), *_of_levels(found), *_of_customers(found), *_of_revenue(found)]


def _of_queue(found: Metrics) -> list[Tile]:
    queue = found.queue
    if queue is None:
        return []
    age = queue.oldest_item_hours
    oldest = "none" if age is None else f"oldest {format_span(timedelta(hours=age))}"
    late = Filter(sla="breached", sort_by="sla_deadline", sort_order="asc")
    return [
        Tile("Pending", figures.number(queue.total_pending), "Items that are not decided, now.",
             beside=oldest, leads_to=Filter(sort_by="created_at", sort_order="asc")),
        Tile("Overdue", figures.number(queue.items_breaching_sla), "Pending items past their deadline, now.",
             beside="show them", leads_to=late),
    ]  # fmt: skip


def _of_levels(found: Metrics) -> list[Tile]:
    sla = found.sla
    if sla is None:
        return []
    kept = f"{sla.met:,} of {sla.sealed:,} in time"
    response = _spread(sla.p50_response_hours, sla.p90_response_hours)
    resolution = _spread(sla.p50_resolution_hours, sla.p90_resolution_hours)
    return [
        Tile("Compliance", figures.percent(sla.compliance_rate), "Of the items whose fate was sealed in the period, "
             "the share decided by the deadline. Open and late counts as missed.", beside=kept),
        Tile("First response", figures.hours(sla.avg_response_hours),
             f"Average time to the first response, of those given in the period. {_SPREAD}", beside=response),
        Tile("Resolution", figures.hours(sla.avg_resolution_hours),
             f"Average time to resolve, of what was resolved in the period. {_SPREAD}", beside=resolution),
    ]  # fmt: skip


def _of_customers(found: Metrics) -> list[Tile]:
    tiles = []
    if found.complaints is not None:
        told = found.complaints
        tiles.append(
            Tile("Complaints", figures.number(told.total), "Complaints that came in during the period.",
                 beside=f"{told.unresolved:,} unresolved", leads_to=Filter(item_type="complaint"))
        )  # fmt: skip
    if found.bookings is not None:
        booked = found.bookings
        tiles.append(
            Tile("Bookings", figures.number(booked.total), "Bookings made in the period, against the same span of "
                 "the one before.", delta=figures.change(booked.growth_rate), more_is=_GOOD,
                 beside=_before(figures.number(booked.previous)))
        )  # fmt: skip
    return tiles


def _of_revenue(found: Metrics) -> list[Tile]:
    earned = found.revenue
    if earned is None:
        return []
    before = _before(figures.money(earned.previous))
    average = f"{figures.money(earned.average_order_value)} a booking"
    return [
        Tile(f"Revenue, {earned.currency}", figures.money(earned.total), "Paid less given back, of the bookings made "
             "in the period.", delta=figures.change(earned.growth_rate), more_is=_GOOD, beside=before or average)
    ]  # fmt: skip


def _spread(half: float | None, most: float | None) -> str:
    return "" if half is None else f"p50 {figures.hours(half)} · p90 {figures.hours(most)}"


def _before(told: str) -> str:
    return "" if told == figures.NOTHING else f"{told} before"
