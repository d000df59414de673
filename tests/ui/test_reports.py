"""The reports page: the archive, one report beside it, its files, and making one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.permissions import Principal, process
from core.queue import deciding
from core.queue.deciding import Decision
from core.reports import daily, keeping
from core.reports.wording import number
from core.uow import perform
from tests.builders import claimed, count, opened, rows
from tests.cast import Cast
from tests.ui.conftest import Open, shown, sign_out_everywhere

DAY = timedelta(days=1)


@pytest.fixture
def days(cast: Cast) -> list[date]:
    """Reports of the last three days, the latest first; one item was resolved before, one is pending."""
    today = clock.now().date()
    with clock.frozen(clock.now() - 5 * DAY):
        item = claimed(cast.reviewer)
        perform(cast.reviewer, deciding.decide, item, Decision("resolve", "so", {}))
        opened(cast.reviewer, priority="critical")
    found = [today - n * DAY for n in (1, 2, 3)]
    for day in reversed(found):
        perform(process("job", "report_metrics"), keeping.produce, day)
    return found


def _at(open_page: Open, who: Principal, day: date | None = None) -> AppTest:
    return open_page(who, "reports", {"report": str(number(day))} if day else {})


def _metrics(screen: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in screen.metric}


def _tables(screen: AppTest) -> list[str]:
    return [each.value.to_string() for each in screen.dataframe]


def test_the_latest_report_is_open_beside_the_archive(open_page: Open, cast: Cast, days: list[date]) -> None:
    screen = _at(open_page, cast.viewer)
    assert not screen.exception
    assert list(screen.dataframe[0].value["day"]) == [f"{day:%a} {day}" for day in days]
    assert f"{days[0]}".replace("-", r"\-") in shown(screen)
    assert _metrics(screen) == {
        "Pending": "1", "Resolved": "1", "Average hours": "0.0", "SLA compliance": "50.0%", "Escalation rate": "0.0%",
    }  # fmt: skip
    assert list(screen.dataframe[1].value["Pending"]) == ["1", "0", "0", "0"]


def test_a_report_is_opened_by_its_address_by_mouse_and_by_key(open_page: Open, cast: Cast, days: list[date]) -> None:
    screen = _at(open_page, cast.viewer, days[2])
    assert screen.query_params["report"] == str(number(days[2]))
    screen.button("previous").click().run()
    assert screen.query_params["report"] == str(number(days[1]))
    screen.button("next").click().run()
    assert screen.query_params["report"] == str(number(days[2]))
    assert count("ops_audit_log", "action = 'report.read' AND actor_name = 'viewer'") == 2


@pytest.mark.parametrize("given", ["20260230", "0", "99999999", "12", "x", "-1", "9" * 40])
def test_an_address_of_no_report_says_so(open_page: Open, cast: Cast, days: list[date], given: str) -> None:
    screen = open_page(cast.viewer, "reports", {"report": given})
    assert not screen.exception
    assert "There is no report of that day" in shown(screen) or _metrics(screen)


def test_without_any_report_the_page_says_when_the_first_comes(open_page: Open, cast: Cast) -> None:
    for who, is_told in ((cast.viewer, False), (cast.manager, True)):
        screen = _at(open_page, who)
        assert not screen.exception
        assert "There is no report yet" in shown(screen)
        assert ("Mail is not configured" in shown(screen)) is is_told


def test_addresses_of_staff_are_for_those_who_may_see_them(open_page: Open, cast: Cast, days: list[date]) -> None:
    assert "reviewer@opsdesk.test" in _tables(_at(open_page, cast.senior))[2]
    masked = _tables(_at(open_page, cast.viewer))[2]
    assert "@" not in masked
    assert "reviewer" in masked


def test_a_manager_makes_the_report_of_a_day_and_sees_it(open_page: Open, cast: Cast, days: list[date]) -> None:
    screen = _at(open_page, cast.manager)
    screen.date_input("report_day").set_value(days[2] - 10 * DAY).run()
    screen.button("produce").click().run()
    assert screen.query_params["report"] == str(number(days[2] - 10 * DAY))
    assert _metrics(screen)["SLA compliance"] == "n/a"
    assert "is kept" in shown(screen)
    assert [row.by for row in rows("SELECT actor_name AS by FROM ops_audit_log WHERE action = 'report.produced'")][
        -1
    ] == "manager"


def test_a_day_to_come_is_refused_on_the_screen(open_page: Open, cast: Cast) -> None:
    screen = _at(open_page, cast.manager)
    screen.session_state["report_day"] = None
    screen.button("produce").click().run()
    assert "Choose the day to report on" in shown(screen)
    assert count("reports") == 0


def test_who_may_not_make_reports_is_not_offered_it(open_page: Open, cast: Cast, days: list[date]) -> None:
    keys = {each.key for each in _at(open_page, cast.senior).button}
    assert "produce" not in keys
    assert {"download_text", "download_html", "download_json"} <= keys


def test_a_file_is_fetched_with_a_ticket_that_is_drawn_once(open_page: Open, cast: Cast, days: list[date]) -> None:
    screen = _at(open_page, cast.viewer)
    screen.button("download_text").click().run()
    assert [frame.proto.src.startswith("/export/") for frame in screen.get("iframe")] == [True]
    assert count("export_tickets", "contents = 'report' AND filters ->> 'form' = 'text'") == 1
    assert len(screen.run().get("iframe")) == 0


def test_the_page_is_not_in_the_menu_of_who_may_not_see_the_queue(open_page: Open, cast: Cast) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        _at(open_page, cast.auditor)


def test_who_was_signed_out_sees_and_makes_nothing_more(open_page: Open, cast: Cast, days: list[date]) -> None:
    screen = _at(open_page, cast.manager)
    sign_out_everywhere(cast.manager)
    screen.button("produce").click().run()
    assert not _metrics(screen)
    assert count("ops_audit_log", "action = 'report.produced' AND actor_name = 'manager'") == 0


def test_the_daily_summary_leads_to_its_report(open_page: Open, cast: Cast) -> None:
    perform(process("job", "daily_summary"), daily.daily_summary)
    alert = rows("SELECT id, resource_id FROM alerts")[0]
    screen = open_page(cast.manager, "alerts", {"alert": str(alert.id)})
    assert "Daily summary of" in shown(screen)
    screen.button("open_report").click().run()
    assert screen.query_params["report"] == alert.resource_id
