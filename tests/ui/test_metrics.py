"""The metrics page: what each reader sees of it, with nothing there and with something, and where its figures lead."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.queue import claiming, deciding
from core.queue.deciding import Decision
from core.queue.filters import Filter
from core.uow import perform
from tests.builders import claimed, count, opened, rows
from tests.cast import Cast
from tests.ui.conftest import Open, shown
from ui import leading

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


def _tiles(screen: AppTest) -> dict[str, str]:
    return {tile.label: tile.value for tile in screen.metric}


def _turned_to(screen: AppTest, tab: str) -> AppTest:
    screen.session_state["metrics_tab"] = tab
    return screen.run()


def _chart(screen: AppTest, key: str) -> list[float]:
    """The heights of the first series of the chart of this key."""
    found = next(each for each in screen.get("plotly_chart") if each.proto.id.endswith(f"-{key}"))
    return [float(value) for value in json.loads(found.proto.spec)["data"][0]["y"]]


def test_an_empty_house_has_dashes_and_no_figure_over_nothing(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.manager, "metrics")
    assert not screen.exception
    assert (_tiles(screen)["Pending"], _tiles(screen)["Compliance"]) == ("0", "–")
    assert "nan" not in shown(screen).lower()
    assert "Nothing to show for this period." in shown(screen)


def test_the_tiles_and_charts_count_what_is_there(open_page: Open, cast: Cast) -> None:
    opened(cast.admin, priority="critical")
    claimed(cast.reviewer, priority="low")
    screen = open_page(cast.manager, "metrics")
    assert _tiles(screen)["Pending"] == "2"
    assert sum(_chart(screen, "arrivals")) == 2
    assert _chart(_turned_to(screen, "Queue"), "by_priority") == [1, 0, 0, 1]


@pytest.mark.parametrize("period", ["Today", "This week", "This month", "All"])
def test_every_tab_of_every_period_is_drawn(open_page: Open, cast: Cast, period: str) -> None:
    decided = claimed(cast.reviewer)
    perform(cast.reviewer, deciding.decide, decided, Decision("resolve", "done", {}))
    claimed(cast.reviewer)
    screen = open_page(cast.manager, "metrics", {"period": period})
    for tab in [tab.label for tab in screen.tabs]:
        assert not _turned_to(screen, tab).exception, tab
        assert screen.get("plotly_chart") or "Nothing to show for this period." in shown(screen), tab


def test_the_numbers_behind_a_chart_are_a_table_and_a_file_that_is_fetched_once(open_page: Open, cast: Cast) -> None:
    opened(cast.admin, priority="low")
    screen = _turned_to(open_page(cast.viewer, "metrics"), "Queue")
    screen.session_state["table_by_priority"] = True
    screen.run()
    assert [list(row) for row in screen.dataframe[0].value.to_numpy()][-1] == ["Low", 1]
    screen.button("download_by_priority").click().run()
    assert not screen.exception
    assert count("export_tickets", "contents = 'sheet'") == 1


@pytest.mark.parametrize("name", ["viewer", "reviewer", "senior"])
def test_without_the_permission_there_is_no_revenue_and_that_is_said(open_page: Open, cast: Cast, name: str) -> None:
    screen = open_page(getattr(cast, name), "metrics")
    assert not any("Revenue" in label for label in _tiles(screen))
    assert "Revenue" not in [tab.label for tab in screen.tabs]
    assert "without revenue, which you may not see" in shown(screen)


def test_a_manager_sees_revenue(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.manager, "metrics")
    assert "Revenue" in [tab.label for tab in screen.tabs]
    assert any("Revenue" in label for label in _tiles(screen))


def test_the_look_is_on_record_with_its_period(open_page: Open, cast: Cast) -> None:
    open_page(cast.viewer, "metrics", {"period": "This month"})
    assert count("ops_audit_log", "action = 'metrics.read' AND metadata ->> 'period' = 'month'") == 1


def test_a_period_that_there_is_not_is_the_usual_one(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.viewer, "metrics", {"period": "\x00 century"})
    assert not screen.exception
    assert count("ops_audit_log", "action = 'metrics.read' AND metadata ->> 'period' = 'week'") == 1


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(), [1, 2, 3]),
        (Filter(priority=("critical",)), [1]),
        (Filter(queue="customer"), [2]),
        (Filter(item_type="booking"), [2]),
        (Filter(sla="breached"), []),
        (Filter(status="reviewed"), []),
        (Filter(sort_by="created_at", sort_order="asc"), [1, 2, 3]),
        (Filter(status="open", priority=("low",)), [2, 3]),
        (Filter(status="waiting"), []),
        (Filter(status="all", created_from=HOUR_AGO), [1, 2, 3]),
        (Filter(status="all", created_to=HOUR_AGO), []),
        (Filter(status="resolved", decided_from=HOUR_AGO), []),
    ],
)
def test_a_figure_leads_to_the_items_that_it_counts(
    open_page: Open, cast: Cast, wanted: Filter, numbers: list[int]
) -> None:
    for known in ({"priority": "critical"}, {"item_type": "booking", "priority": "low"}, {"priority": "low"}):
        opened(cast.admin, **known)
    screen = open_page(cast.viewer, "queue", leading.address(wanted))
    listed = list(screen.dataframe[0].value["number"]) if screen.dataframe else []
    assert sorted(listed) == numbers


def test_a_persons_bar_leads_to_what_they_hold(open_page: Open, cast: Cast) -> None:
    held, _ = opened(cast.admin), opened(cast.admin)
    perform(cast.reviewer, claiming.claim, held)
    screen = open_page(cast.manager, "queue", leading.address(Filter(assignee=cast.reviewer.staff_id)))
    assert list(screen.dataframe[0].value["number"]) == [held]


def test_what_was_decided_in_a_time_is_found_exactly_and_can_be_widened(open_page: Open, cast: Cast) -> None:
    decided, other = claimed(cast.reviewer), claimed(cast.reviewer)
    for item in (decided, other):
        perform(cast.reviewer, deciding.decide, item, Decision("resolve", "done", {}))
    at = rows("SELECT resolved_at FROM work_items WHERE id = :id", id=other)[0].resolved_at
    screen = open_page(cast.viewer, "queue", leading.address(Filter(status="resolved", decided_to=at)))
    assert list(screen.dataframe[0].value["number"]) == [decided]
    screen.button("widen").click().run()
    assert not screen.exception
    assert not screen.dataframe  # the view is the usual one, and nothing is pending


@pytest.mark.parametrize("given", ["", "never", "2026-01-01", "0001-01-01T00:00:00+00:00", "\x00", "9" * 500])
def test_moments_that_mean_nothing_narrow_nothing(open_page: Open, cast: Cast, given: str) -> None:
    opened(cast.admin)
    screen = open_page(cast.viewer, "queue", {"created_from": given, "exactly": given})
    assert not screen.exception
    assert len(screen.dataframe[0].value) == 1
