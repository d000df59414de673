"""Exports: what the screen shows and no more, once, to whom they were given, and on record."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core import clock, exporting, tickets
from core.errors import Invalid, NotFound, NotPermitted
from core.exporting import Contents
from core.permissions import Principal, process
from core.queue import deciding, inbox, noting, viewing
from core.queue.deciding import Decision
from core.queue.filters import Filter
from core.uow import perform
from tests.builders import claimed, count, opened, rows
from tests.cast import NOON, Cast
from tests.resolutions import records

EMAIL = "canary.jane@example.com"


def _fetched(who: Principal, ticket: str) -> list[dict[str, str]]:
    export = perform(who, tickets.redeem, ticket)
    with export.file as file:
        content = file.read()
    assert len(content) == export.size
    table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    assert len(table) == export.lines
    return table


def _exported(who: Principal, wanted: Filter, contents: Contents = Contents.ITEMS) -> list[dict[str, str]]:
    return _fetched(who, perform(who, exporting.offer, wanted, contents))


def _complaint(who: Principal) -> int:
    customer = records.put("customers", name="Canary Jane", email=EMAIL, mobile="9876543210")
    about = records.complaint(customer_id=customer, description=f"I am {EMAIL}")
    return claimed(who, "complaint", resource_type="complaint", resource_id=about, reason=f"write to {EMAIL}")


@pytest.fixture
def story(cast: Cast) -> int:
    """A complaint with a comment, decided."""
    number = _complaint(cast.senior)
    perform(cast.senior, noting.comment, number, f"called 9876543210, wrote to {EMAIL}")
    perform(cast.senior, deciding.decide, number, Decision("resolve", f"{EMAIL} is content", {}))
    return number


def test_an_export_is_the_view_in_its_order(cast: Cast) -> None:
    for priority in ("low", "critical", "medium", "high"):
        opened(cast.reviewer, priority=priority, title="=1+1")
    for wanted in (Filter(), Filter(sort_by="created_at", sort_order="asc"), Filter(priority=("low", "high"))):
        shown = perform(cast.reviewer, inbox.page, wanted).items
        exported = _exported(cast.reviewer, wanted)
        assert [int(line["id"]) for line in exported] == [row.id for row in shown]
        assert {line["title"] for line in exported} == {"'=1+1"}


@pytest.mark.parametrize("contents", Contents)
def test_personal_data_is_as_on_the_screen(cast: Cast, story: int, contents: Contents) -> None:
    masked = str(_exported(cast.viewer, Filter(status="all"), contents))
    clear = str(_exported(cast.senior, Filter(status="all"), contents))
    for canary in (EMAIL, "9876543210", "Canary Jane"):
        assert canary not in masked
        assert canary in clear
    assert "98****3210" in masked
    pii = [row.pii_accessed for row in rows("SELECT pii_accessed FROM ops_audit_log WHERE action = 'queue.exported'")]
    assert pii == [False, True]


def test_resolved_items_leave_with_their_actions(cast: Cast, story: int) -> None:
    opened(cast.reviewer)
    table = _exported(cast.senior, Filter(status="reviewed"), Contents.ACTIONS)
    entries = perform(cast.senior, viewing.view, story).history
    assert [(line["id"], line["action"], line["by"]) for line in table] == [
        (str(story), entry.kind, entry.actor) for entry in reversed(entries)
    ]
    assert table[-1]["details"].count("is content") == 1


def test_an_export_is_on_record_with_its_lines(cast: Cast) -> None:
    for _ in range(3):
        opened(cast.reviewer, queue="automation")
    _exported(cast.reviewer, Filter(queue="automation"))
    found = rows("SELECT actor_name, metadata FROM ops_audit_log WHERE action = 'queue.exported'")
    assert [(row.actor_name, row.metadata["rows"]) for row in found] == [("reviewer", 3)]
    assert found[0].metadata["filters"] == {"queue": "automation"}


def test_a_ticket_is_good_once(cast: Cast) -> None:
    ticket = perform(cast.viewer, exporting.offer, Filter())
    assert _fetched(cast.viewer, ticket) == []
    with pytest.raises(NotFound, match="Ask for it again"):
        perform(cast.viewer, tickets.redeem, ticket)
    assert count("ops_audit_log", "action = 'queue.exported'") == 1


def test_of_many_who_fetch_at_once_one_gets_it(cast: Cast) -> None:
    ticket = perform(cast.viewer, exporting.offer, Filter())

    def fetch(_: int) -> bool:
        try:
            perform(cast.viewer, tickets.redeem, ticket).file.close()
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(fetch, range(16))) == 1


def test_a_ticket_is_good_for_a_minute(cast: Cast) -> None:
    with clock.frozen(NOON):
        ticket, other = (perform(cast.viewer, exporting.offer, Filter()) for _ in range(2))
    with clock.frozen(NOON + timedelta(seconds=59)):
        perform(cast.viewer, tickets.redeem, ticket).file.close()
    with clock.frozen(NOON + timedelta(seconds=60)), pytest.raises(NotFound):
        perform(cast.viewer, tickets.redeem, other)
    with clock.frozen(NOON + timedelta(seconds=61)):
        perform(cast.viewer, exporting.offer, Filter())
    assert count("export_tickets") == 1


def test_a_ticket_is_nobody_elses_and_is_kept_as_a_hash(cast: Cast) -> None:
    ticket = perform(cast.viewer, exporting.offer, Filter())
    for other in (cast.reviewer, cast.admin, process("job", "test")):
        with pytest.raises(NotFound):
            perform(other, tickets.redeem, ticket)
    assert ticket not in str(rows("SELECT t::text FROM export_tickets t"))
    assert ticket not in str(rows("SELECT a::text FROM ops_audit_log a"))
    assert _fetched(cast.viewer, ticket) == []


@pytest.mark.parametrize("ticket", ["", "x", "../../etc/passwd", "\ud800", "\x00", "a" * 43, "ü" * 5000])
def test_what_is_no_ticket_is_not_found(cast: Cast, ticket: str) -> None:
    with pytest.raises(NotFound):
        perform(cast.viewer, tickets.redeem, ticket)


def test_who_may_not_see_the_queue_exports_nothing(cast: Cast) -> None:
    for who in (cast.auditor, cast.stranger, process("cli", "x")):
        with pytest.raises(NotPermitted):
            perform(who, exporting.offer, Filter())


def test_a_wrong_filter_and_too_many_items_are_refused_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="status"):
        perform(cast.viewer, exporting.offer, Filter(status="new"))
    with pytest.raises(Invalid, match="items, actions"):
        perform(cast.viewer, exporting.offer, Filter(), "everything")  # type: ignore[arg-type]
    monkeypatch.setattr(exporting, "MOST", 2)
    for _ in range(3):
        opened(cast.reviewer)
    with pytest.raises(Invalid, match="more than 2 items"):
        perform(cast.viewer, exporting.offer, Filter())
    assert count("export_tickets") == 0
