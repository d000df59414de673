"""Charts count what the records say: by the piece, by the hour of the week, by age, and to the minute."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core import clock, config, db, looking
from core.errors import Invalid, NotPermitted, OpsError
from core.metrics import flow, folding, people, spending, standing
from core.metrics.people import poisson_bounds
from core.metrics.spans import stretch
from core.permissions import process
from core.queue import claiming, deciding, deferring, escalating, inbox, waiting
from core.queue.deciding import Decision
from core.queue.filters import Filter
from core.uow import perform
from tests.builders import claimed, item, opened, rows
from tests.cast import NOON, Cast
from tests.metrics.filling import fill
from tests.sla.oracle import MINUTE, WallClock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    looking.forget()


def at(hours: float) -> Any:
    """Time stands so many hours before NOON."""
    return clock.frozen(NOON - hours * HOUR)


def found_by(cast: Cast, wanted: Filter | None) -> int:
    assert wanted is not None
    return perform(cast.viewer, inbox.page, wanted).total


def several(cast: Cast) -> None:
    """Ten items of the last days, four of them decided."""
    for place, hours in enumerate((60, 50, 40, 26, 25, 14, 11, 3, 2, 0)):
        with at(hours):
            opened(cast.reviewer, sla_hours=30, resource_id=str(place), priority="high" if place % 2 else "low")
    for place, number in enumerate(row.id for row in rows("SELECT id FROM work_items ORDER BY id")[:4]):
        with at(9 - place):
            perform(cast.reviewer, claiming.claim, number)
            perform(cast.reviewer, deciding.decide, number, Decision("resolve", "done", {}))


def test_a_stretch_is_whole_local_days_up_to_now_whatever_the_clocks_do() -> None:
    spring = datetime(2026, 3, 30, 12, tzinfo=UTC)
    shown = stretch(spring, 3, zone=BERLIN)
    assert [(piece.until - piece.since) / HOUR for piece in shown.pieces[:2]] == [24, 23]
    assert len(stretch(spring, 3, "hour", BERLIN).pieces) == 24 + 23 + 15
    assert shown.period.until - timedelta(microseconds=1) == spring
    before = stretch(spring, 3, zone=BERLIN, back=3)
    assert before.period.until - timedelta(microseconds=1) == datetime(2026, 3, 27, 13, tzinfo=UTC)
    assert before.period.since == datetime(2026, 3, 24, 23, tzinfo=UTC)
    for days, grain in ((0, "day"), (10_000, "day"), (400, "hour"), (3, "week")):
        with pytest.raises(Invalid):
            stretch(spring, days, grain, BERLIN)  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_every_series_counts_what_lies_in_its_pieces(cast: Cast, zone: str) -> None:
    perform(cast.admin, config.change, "TIME_ZONE", zone)
    several(cast)
    with db.engine("owner").begin() as connection:
        fill(connection, 4_000, NOON)
    perform(process("job", "x"), folding.fold)
    moments = {
        "bookings": [row[0] for row in rows("SELECT created_at FROM bookings")],
        "complaints": [row[0] for row in rows("SELECT created_at FROM complaints")],
        "arrivals": [row[0] for row in rows("SELECT created_at FROM work_items")],
        "completions": [row[0] for row in rows("SELECT resolved_at FROM work_items WHERE resolved_at IS NOT NULL")],
    }
    with at(0):
        for of, told in moments.items():
            drawn = perform(cast.viewer, flow.trend, of, 7)
            assert [point.value for point in drawn.points] == [
                sum(point.since <= moment < point.until for moment in told) for point in drawn.points
            ]
            first, half = drawn.points[0].since - 7 * DAY, NOON - 7 * DAY
            assert drawn.total_before == sum(first <= moment <= half for moment in told), of
        points = perform(cast.viewer, flow.arrivals_and_completions, 4, "hour")
        assert (sum(point.arrived for point in points), sum(point.completed for point in points)) == (10, 4)
        busy = next(point for point in points if point.arrived)
        assert found_by(cast, busy.leads_to) == busy.arrived
        cells = perform(cast.viewer, flow.heat_map, 14)
        local = Counter((m.astimezone(ZoneInfo(zone)).weekday(), m.astimezone(ZoneInfo(zone)).hour)
                        for m in moments["arrivals"])  # fmt: skip
        assert {(cell.weekday, cell.hour): cell.arrived for cell in cells if cell.arrived} == local
        assert len(cells) == 7 * 24
    perform(cast.admin, config.change, "TIME_ZONE", "UTC")


def test_revenue_is_drawn_for_those_who_may_see_it(cast: Cast) -> None:
    with db.engine("owner").begin() as connection:
        fill(connection, 500, NOON)
    paid = "SELECT coalesce(sum(amount), 0) FROM bookings WHERE payment_status = 'paid' AND created_at >= :since {}"
    with at(0):
        by_status = perform(cast.manager, flow.revenue_by_status, 30)
        since = NOON.replace(hour=0) - 29 * DAY
        assert sum(each.amount for each in by_status) == rows(paid.format(""), since=since)[0][0]
        assert perform(cast.manager, flow.revenue_trend, 30).total == float(sum(each.amount for each in by_status))
        for verb in (flow.revenue_by_status, flow.revenue_trend):
            with pytest.raises(NotPermitted):
                perform(cast.senior, verb, 30)


def test_ages_and_times_left_hold_every_open_item_once_and_lead_to_it(cast: Cast) -> None:
    several(cast)
    with at(0):
        ages = perform(cast.viewer, standing.backlog_by_age)
        left = perform(cast.viewer, standing.burn_down)
        assert [each.items for each in ages] == [3, 2, 1, 0, 0, 0]
        assert [each.items for each in left] == [0, 0, 0, 0, 3, 3, 0, 0]
        for each in ages:
            assert found_by(cast, each.leads_to) == each.items == sum(each.by_priority.values()), each.label
    with clock.frozen(NOON + 6 * HOUR):
        late = perform(cast.viewer, standing.burn_down)
        assert [each.items for each in late] == [0, 1, 0, 0, 5, 0, 0, 0]
        assert found_by(cast, late[1].leads_to) == 1


def test_the_cumulative_flow_is_what_the_history_says_at_each_moment(cast: Cast) -> None:
    dice, items = random.Random(7), list[int]()
    deeds: list[Callable[[int], object]] = [
        lambda number: perform(cast.reviewer, claiming.claim, number),
        lambda number: perform(cast.reviewer, claiming.release, number),
        lambda number: perform(cast.reviewer, waiting.wait_on, number, "customer"),
        lambda number: perform(cast.reviewer, waiting.resume, number),
        lambda number: perform(cast.reviewer, deciding.decide, number, Decision("resolve", "done", {})),
        lambda number: perform(cast.manager, deciding.reopen, number, "again"),
        lambda number: perform(cast.reviewer, escalating.escalate, number, "late"),
        lambda number: opened(cast.reviewer, resource_id=str(item(number).resource_id)),
    ]
    states: dict[int, Counter[str]] = {}
    for step in range(70):
        with at(70 - step):
            if step % 4 == 0:
                items.append(opened(cast.reviewer, resource_id=str(step)))
            with suppress(OpsError):
                dice.choice(deeds)(dice.choice(items))
        states[step] = Counter(item(number).status for number in items)
    with at(0):
        drawn = perform(cast.viewer, standing.cumulative_flow, 3, "hour")
    for state in drawn:
        step = 69 - round((NOON - state.at) / HOUR + 0.49)  # what happens at its very end is not in it
        if 0 <= step < 69:
            seen = states[step]
            assert {k: v for k, v in state.by_status.items() if v} == {
                k: v for k, v in seen.items() if k not in {"resolved", "rejected"}
            }, step


HOURS = {"zone": "Europe/Berlin", "hours": {day: [["08:00", "12:00"], ["13:00", "17:30"]] for day in
         ("mon", "tue", "wed", "thu", "fri")}, "holidays": {"dates": ["2026-03-27"]}}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_time_of_decided_items_is_cut_as_a_clock_watched_by_the_minute_cuts_it(cast: Cast, seed: int) -> None:
    dice = random.Random(seed)
    if seed:
        with db.engine("app").begin() as connection:
            connection.execute(
                text("INSERT INTO calendars (name, definition, valid_from) VALUES ('desk', :told, '2020-01-01Z')"),
                {"told": json.dumps(HOURS)},
            )
            connection.execute(
                text(
                    "INSERT INTO sla_policies (item_type, calendar_name, valid_from) "
                    "VALUES ('x', 'desk', '2020-01-01Z')"
                )
            )
    end = datetime(2026, 3, 31, 12, tzinfo=UTC)  # the clocks went forward two days before
    expected = Counter[str]()
    for place in range(6):
        expected += _lived(cast, dice, end, "x" if place % 2 else "y", place, calendar=bool(seed))
    with clock.frozen(end):
        spent = perform(cast.viewer, spending.time_spent, 10)
    found = {name: getattr(spent, name) for name in ("unclaimed", "in_hand", "waiting", "deferred", "outside")}
    assert spent.items == 6
    assert {name: span // MINUTE for name, span in found.items() if span} == {k: v for k, v in expected.items() if v}
    assert spent.whole == sum(expected.values()) * MINUTE


def _lived(cast: Cast, dice: random.Random, end: datetime, kind: str, place: int, *, calendar: bool) -> Counter[str]:
    """Let an item live and be decided; returns the minutes that a slow clock counts for each place."""
    began = end - timedelta(days=5, minutes=dice.randrange(2000))
    with clock.frozen(began):
        number = opened(cast.reviewer, kind, resource_id=str(place), sla_hours=500)
    told, now = [(began, "open")], began
    job = process("job", "wake")
    deeds: list[Callable[[], object]] = [
        lambda: perform(cast.reviewer, claiming.claim, number),
        lambda: perform(cast.reviewer, claiming.claim, number),
        lambda: perform(cast.reviewer, claiming.release, number),
        lambda: perform(cast.reviewer, waiting.wait_on, number, "customer"),
        lambda: perform(cast.reviewer, waiting.resume, number),
        lambda: perform(cast.reviewer, deferring.defer, number, now + 3 * MINUTE),
        lambda: perform(job, deferring.wake_deferred),
    ]
    for _ in range(12):
        now += dice.randrange(1, 500) * MINUTE
        with clock.frozen(now), suppress(OpsError):
            dice.choice(deeds)()
        told.append((now, item(number).status))
    now += MINUTE
    with clock.frozen(now):
        perform(job, deferring.wake_deferred)
    told.append((now, item(number).status))
    now += 7 * MINUTE
    with clock.frozen(now):
        for deed in (deeds[4], deeds[0]):
            with suppress(OpsError):
                deed()
        perform(cast.reviewer, deciding.decide, number, Decision("resolve", "done", {}))
    watch = WallClock(HOURS).open_minutes(began, now) if calendar and kind == "x" else None
    names = {"open": "unclaimed", "in_progress": "in_hand"}
    minutes = Counter[str]()
    for minute in range((now - began) // MINUTE):
        status = [word for since, word in told if since <= began + minute * MINUTE][-1]
        minutes["outside" if watch and not watch[minute] else names.get(status, status)] += 1
    return minutes


def test_a_person_is_told_of_with_bounds_and_led_to(cast: Cast) -> None:
    for place in range(5):
        with at(30 + place):
            number = claimed(cast.reviewer if place else cast.senior, resource_id=str(place))
            who = cast.reviewer if place else cast.senior
            perform(who, deciding.decide, number, Decision("resolve", "done", {}))
    with at(0):
        told = perform(cast.viewer, people.throughput, 2)
    assert [(each.username, each.resolved) for each in told] == [("reviewer", 4), ("senior", 1)]
    assert told[0].per_day == pytest.approx(4 / 1.5)
    assert told[0].low < told[1].high  # nobody could tell them apart by this
    assert found_by(cast, told[0].leads_to) == 4


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 3.6889), (1, 0.0253, 5.5716), (4, 1.0899, 10.2416),
                                                    (20, 12.2165, 30.8884), (100, 81.3640, 121.6274)])  # fmt: skip
def test_the_bounds_are_those_of_the_exact_tables(count: int, low: float, high: float) -> None:
    found = poisson_bounds(count)
    assert found[0] == pytest.approx(low, abs=0.02)
    assert found[1] == pytest.approx(high, abs=0.05)


def test_a_look_at_a_chart_is_on_record_and_refused_without_permission(cast: Cast) -> None:
    with at(0):
        perform(cast.viewer, standing.backlog_by_age)
        with pytest.raises(NotPermitted):
            perform(cast.auditor, standing.backlog_by_age)
        with pytest.raises(Invalid, match="bookings"):
            perform(cast.viewer, flow.trend, "weather")
    seen = rows("SELECT actor_name, metadata->>'chart' FROM ops_audit_log WHERE action = 'metrics.read'")
    assert seen == [("viewer", "backlog_by_age")]
