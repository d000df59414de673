"""Reports are kept once, read as their reader may see them, fetched with a ticket, and everything is on record."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest

from core import clock, looking, tickets
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import Principal, process
from core.queue import deciding
from core.queue.deciding import Decision
from core.reports import downloading, keeping
from core.reports.keeping import day_of
from core.reports.wording import Form
from core.uow import perform
from tests.builders import claimed, count, opened, rows
from tests.cast import NOON, Cast

TODAY = date(2026, 3, 11)
DAY = timedelta(days=1)


@pytest.fixture
def worked(cast: Cast) -> Cast:
    """One item that the reviewer resolved within an hour, and one that is pending."""
    looking.forget()
    with clock.frozen(NOON):
        number = claimed(cast.reviewer)
        opened(cast.reviewer, priority="high")
    with clock.frozen(NOON + timedelta(hours=1)):
        perform(cast.reviewer, deciding.decide, number, Decision("resolve", "so", {}))
    return cast


def produced(who: Principal, at: datetime = NOON + 2 * DAY, day: date | None = TODAY) -> keeping.Shown:
    with clock.frozen(at):
        return perform(who, keeping.produce, day)


def fetched(who: Principal, form: Form, day: date = TODAY) -> tuple[str, str]:
    export = perform(who, tickets.redeem, perform(who, downloading.offer, day, form))
    with export.file as file:
        content = file.read()
    assert len(content) == export.size
    assert export.name == f"opsdesk-report-{day}.{ {Form.TEXT: 'txt', Form.HTML: 'html', Form.JSON: 'json'}[form] }"
    return export.media_type, content.decode()


def trail(action: str) -> list[tuple[str, str | None, bool]]:
    found = rows(
        "SELECT actor_name, resource_id, pii_accessed FROM ops_audit_log WHERE action = :it ORDER BY id", it=action
    )
    return [(row.actor_name, row.resource_id, row.pii_accessed) for row in found]


def test_a_day_that_is_over_has_one_report_for_good(worked: Cast) -> None:
    first = produced(worked.manager)
    assert (first.report.pending, first.report.performance.resolved, first.report.is_final) == (1, 1, True)
    with clock.frozen(NOON - DAY):
        opened(worked.senior)  # an import may bring a past that nobody knew of
    again = produced(worked.admin, NOON + 5 * DAY)
    assert (again.report, again.made_at, again.made_by) == (first.report, first.made_at, "manager")
    assert trail("report.produced") == [("manager", "2026-03-11", True), ("admin", "2026-03-11", True)]


def test_while_a_day_goes_on_each_report_replaces_the_one_before_and_the_last_is_its_end(worked: Cast) -> None:
    hour = timedelta(hours=1)
    seen = [produced(worked.manager, NOON + hours * hour).report for hours in (0, 2, 13)]
    assert [(each.as_of - NOON, each.is_final) for each in seen] == [
        (0 * hour, False),
        (2 * hour, False),
        (12 * hour, True),
    ]
    assert [each.performance.resolved for each in seen] == [0, 1, 1]
    assert count("reports") == 1


def test_of_many_who_make_it_at_once_all_get_the_same(worked: Cast) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: produced(worked.manager), range(12)))
    assert {each.made_at for each in made} == {NOON + 2 * DAY}
    assert len({json.dumps(str(each.report)) for each in made}) == count("reports") == 1


@pytest.mark.parametrize("day", [date(2026, 3, 14), date(1999, 12, 31), date.max, date.min])
def test_no_report_is_made_of_a_day_that_has_not_begun_or_is_beyond_all_records(cast: Cast, day: date) -> None:
    with pytest.raises(Invalid, match="date: lies between 2000-01-01 and today, 2026-03-13"):
        produced(cast.manager, day=day)
    assert count("reports") == 0


@pytest.mark.parametrize(
    "text",
    ["", "today", "2026-02-30", "0000-01-01", "99999-01-01", "20260310", "2026-3-1", "٢٠٢٦-٠١-٠١", "2026-03-10\n"],
)
def test_what_is_no_day_is_refused_in_words(text: str) -> None:
    with pytest.raises(Invalid, match="is a day such as 2026-03-10"):
        day_of(text)


def test_managers_make_reports_and_whoever_sees_the_queue_reads_them(worked: Cast) -> None:
    for who in (worked.viewer, worked.senior, worked.auditor, worked.stranger):
        with pytest.raises(NotPermitted):
            produced(who)
    produced(process("cli", "x"))
    for who in (worked.auditor, worked.stranger):
        for verb in (keeping.read, keeping.archive):
            with pytest.raises(NotPermitted):
                perform(who, verb, TODAY)  # type: ignore[arg-type]
    assert perform(worked.viewer, keeping.read, TODAY).made_by is None


def test_addresses_of_staff_are_seen_by_those_who_may_see_personal_data(worked: Cast) -> None:
    produced(worked.manager)
    who = worked.reviewer.staff_id or 0
    assert "@" not in str(rows("SELECT figures FROM reports"))
    assert perform(worked.senior, keeping.read, TODAY).names == {who: "reviewer@opsdesk.test"}
    assert perform(worked.viewer, keeping.read, TODAY).names == {who: "reviewer"}
    assert trail("report.read") == [("senior", "2026-03-11", True), ("viewer", "2026-03-11", False)]
    assert "reviewer@opsdesk.test" in fetched(worked.senior, Form.HTML)[1]
    for form in Form:
        assert "@" not in fetched(worked.viewer, form)[1].replace("@media", "")


def test_a_report_leaves_in_each_form_and_on_record(worked: Cast) -> None:
    produced(worked.manager)
    assert fetched(worked.viewer, Form.TEXT)[1].startswith("Daily Queue Report - 2026-03-11\n")
    assert fetched(worked.viewer, Form.HTML)[0] == "text/html; charset=utf-8"
    assert json.loads(fetched(worked.manager, Form.JSON)[1])["top_resolvers"][0]["email"] == "reviewer@opsdesk.test"
    assert trail("report.downloaded") == [
        ("viewer", "2026-03-11", False), ("viewer", "2026-03-11", False), ("manager", "2026-03-11", True),
    ]  # fmt: skip
    assert len(trail("report.offered")) == 3


def test_a_ticket_for_a_report_is_good_once_and_for_nobody_else(worked: Cast) -> None:
    produced(worked.manager)
    ticket = perform(worked.viewer, downloading.offer, TODAY, Form.TEXT)
    with pytest.raises(NotFound):
        perform(worked.admin, tickets.redeem, ticket)
    perform(worked.viewer, tickets.redeem, ticket).file.close()
    with pytest.raises(NotFound):
        perform(worked.viewer, tickets.redeem, ticket)


def test_what_was_never_made_is_not_there(cast: Cast) -> None:
    for verb, extra in ((keeping.read, ()), (downloading.offer, (Form.TEXT,))):
        with pytest.raises(NotFound, match="no report of 2026-03-11"):
            perform(cast.viewer, verb, TODAY, *extra)
    assert perform(cast.viewer, keeping.archive).lines == ()


def test_the_archive_goes_back_page_by_page(cast: Cast) -> None:
    days = [TODAY - number * DAY for number in range(5)]
    for day in days:
        produced(cast.manager, day=day)
    seen, older = [], None
    for _ in range(3):
        page = perform(cast.viewer, keeping.archive, older, 2)
        seen += [each.day for each in page.lines]
        older = page.older
    assert (seen, older) == (days, None)
    for wrong in ("x", "2026-13-01"):
        with pytest.raises(Invalid):
            perform(cast.viewer, keeping.archive, wrong)
