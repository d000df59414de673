"""Alerts: one for each condition, each reader's own to read and put away, and gone when the condition is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core import clock, db
from core.alerts.answering import dismiss, mark_all_read, mark_read
from core.alerts.cleaning import cleanup_alerts
from core.alerts.clearing import clear
from core.alerts.inbox import LIVE, AlertFilter, alert, alerts, reader, unread_count, visible
from core.alerts.raising import Audience, NewAlert, Raised, raise_alerts
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import Principal, Role, process
from core.queue.claiming import claim
from core.queue.deciding import reject, reopen
from core.queue.escalating import escalate
from core.queue.newcomers import NewItem
from core.queue.noting import change_priority
from core.queue.opening import open_item
from core.uow import UnitOfWork, perform
from core.words import AlertType, Queue, Severity
from tests.cast import NOON, Cast
from tests.forging import MOMENT, forged

JOB = process("job", "trial")
EVERYBODY = Audience()
DAY = timedelta(days=1)


def new(condition: str = "disk", audience: Audience = EVERYBODY, severity: Severity = Severity.WARNING) -> NewAlert:
    return NewAlert(AlertType.SYSTEM, severity, "Disk", "It is nearly full.", condition, audience)


def tell(*news: NewAlert) -> list[Raised]:
    return perform(JOB, raise_alerts, news)


def count(table: str, where: str = "true") -> int:
    with db.engine("app").connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE {where}").scalar_one())


def unread(person: Principal) -> int:
    return perform(person, unread_count)


def seen(person: Principal, **wanted: Any) -> list[str]:
    with UnitOfWork(person) as uow:
        return [row.title for row in alerts(uow, AlertFilter(**wanted)).items]


def test_one_condition_raises_one_alert_and_repeats_count(cast: Cast) -> None:
    first, again = tell(new()), tell(new(), new(), new("other"))
    assert (first[0].is_new, again[0], again[2].is_new) == (True, replace(first[0], is_new=False), True)
    assert count("alerts", "occurrences = 3 AND condition_key = 'disk' AND last_seen_at > created_at") == 1
    assert count("ops_audit_log", "action = 'alert.raised'") == 3


def test_a_condition_that_clears_resolves_its_alert_and_comes_back_unread(cast: Cast) -> None:
    [raised] = tell(new())
    perform(cast.reviewer, dismiss, raised.id)
    assert perform(JOB, clear, ["disk", "never"]) == 1
    assert (unread(cast.reviewer2), count("ops_audit_log", "action = 'alert.resolved'")) == (0, 1)
    assert tell(new()) == [Raised(raised.id, is_new=True)]
    assert (unread(cast.reviewer), unread(cast.reviewer2)) == (1, 1)


def test_reading_a_broadcast_does_not_mark_it_read_for_the_others(cast: Cast) -> None:
    [raised] = tell(new())
    perform(cast.reviewer, mark_read, raised.id)
    perform(cast.reviewer, mark_read, raised.id)
    assert (unread(cast.reviewer), unread(cast.reviewer2), unread(cast.auditor)) == (0, 1, 1)
    assert (seen(cast.reviewer), seen(cast.reviewer, unread=True)) == (["Disk"], [])


def test_dismissing_puts_it_away_for_one_and_the_past_still_shows_it(cast: Cast) -> None:
    [raised] = tell(new())
    perform(cast.viewer, dismiss, raised.id)
    assert (seen(cast.viewer), seen(cast.viewer, past=True), seen(cast.senior)) == ([], ["Disk"], ["Disk"])


def test_all_are_read_at_once_and_only_ones_own(cast: Cast) -> None:
    tell(new("a"), new("b"), new("c", Audience(staff_id=cast.reviewer2.staff_id)))
    assert perform(cast.reviewer, mark_all_read) == 2
    assert perform(cast.reviewer, mark_all_read) == 0
    assert (unread(cast.reviewer), unread(cast.reviewer2)) == (0, 3)


def test_each_hears_what_is_meant_for_them(cast: Cast) -> None:
    with UnitOfWork(cast.admin) as uow, uow.housekeeping():
        uow.execute("UPDATE staff SET queues = '{customer}' WHERE username = 'reviewer2'")
    tell(
        new("own", Audience(staff_id=cast.reviewer.staff_id)),
        new("role", Audience(role=Role.MANAGER)),
        new("queue", Audience(queue=Queue.AUTOMATION)),
    )
    heard = {name: unread(getattr(cast, name)) for name in ("viewer", "reviewer", "reviewer2", "manager", "admin")}
    assert heard == {"viewer": 0, "reviewer": 2, "reviewer2": 0, "manager": 2, "admin": 3}
    assert len(seen(cast.admin, mine=True)) == 1


def test_anothers_alert_is_not_there(cast: Cast) -> None:
    [raised] = tell(new(audience=Audience(staff_id=cast.reviewer.staff_id)))
    for deed in (mark_read, dismiss, alert):
        with pytest.raises(NotFound):
            perform(cast.reviewer2, deed, raised.id)
    assert count("alert_receipts") == 0
    assert perform(cast.reviewer, alert, raised.id).is_unread


def test_who_may_not_read_alerts_is_refused(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match=r"alerts\.read"):
        perform(cast.stranger, unread_count)
    with pytest.raises(Invalid, match="member of staff"):
        perform(JOB, mark_all_read)


def test_pages_follow_on_one_another_and_skip_none(cast: Cast) -> None:
    tell(*(new(f"{number:02}") for number in range(5)))
    tell(new("00"))
    with UnitOfWork(cast.viewer) as uow:
        first = alerts(uow, limit=3)
        second = alerts(uow, limit=3, cursor=first.next_cursor)
    assert first.items[0].occurrences == 2
    assert len({row.id for row in (*first.items, *second.items)}) == 5
    assert (first.has_more, second.has_more, second.next_cursor) == (True, False, None)


@pytest.mark.parametrize("wanted", [{"severity": "loud"}, {"alert_type": "x"}])
def test_a_filter_that_means_nothing_is_refused(cast: Cast, wanted: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="is one of"):
        seen(cast.viewer, **wanted)


@pytest.mark.parametrize("cursor", ["x", "W10=", "é", "eyJhIjogMX0=", "WzEsIDJd", *forged("alerts", MOMENT, 1)])
def test_a_broken_cursor_is_refused(cast: Cast, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"), UnitOfWork(cast.viewer) as uow:
        alerts(uow, cursor=cursor)


def test_texts_are_scrubbed_for_who_may_not_see_personal_data(cast: Cast) -> None:
    tell(replace(new(), message="jane@example.com called", details={"email": "jane@example.com"}))
    with UnitOfWork(cast.reviewer) as uow:
        shown = alerts(uow).items[0]
    assert "jane@" not in shown.message + str(shown.details)


def complaint(priority: str) -> NewItem:
    return NewItem("complaint", "complaint", 7, title="Late again", priority=priority)


def test_a_critical_complaint_alerts_in_the_deed_that_opens_it(cast: Cast) -> None:
    with UnitOfWork(cast.reviewer) as uow:
        opened = open_item(uow, complaint("critical"))
        said = uow.rows("SELECT title FROM alerts WHERE resource_id = :id", {"id": str(opened.id)})
        assert [row.title for row in said] == [f"Critical complaint #{opened.id}"]
        uow.session.rollback()


def test_a_complaint_that_becomes_critical_alerts_and_clears_when_it_no_longer_is(cast: Cast) -> None:
    opened = perform(cast.reviewer, open_item, complaint("low"))
    assert unread(cast.reviewer) == 0
    perform(cast.reviewer, change_priority, opened.id, "critical", "the press called")
    assert seen(cast.reviewer, severity="critical") == [f"Critical complaint #{opened.id}"]
    perform(cast.reviewer, change_priority, opened.id, "high", "they were kind")
    assert unread(cast.reviewer) == 0


def test_deciding_ends_the_alerts_of_an_item_and_reopening_brings_back_what_still_holds(cast: Cast) -> None:
    opened = perform(cast.reviewer, open_item, complaint("critical"))
    perform(cast.reviewer, claim, opened.id)
    perform(cast.reviewer, reject, opened.id, "not ours")
    assert unread(cast.reviewer) == 0
    perform(cast.manager, reopen, opened.id, "it was ours")
    assert unread(cast.reviewer) == 1


def test_who_escalates_by_hand_tells_the_managers(cast: Cast) -> None:
    opened = perform(cast.reviewer, open_item, complaint("low"))
    perform(cast.reviewer, escalate, opened.id, "jane@example.com is a friend of the mayor", "legal")
    assert seen(cast.manager) == [f"Complaint #{opened.id} was escalated to legal"]
    assert (unread(cast.reviewer), unread(cast.manager)) == (0, 1)


def test_expired_and_old_alerts_are_taken_away_with_their_receipts(cast: Cast) -> None:
    with clock.frozen(NOON):
        old, expired, _ = tell(new("old"), replace(new("short"), expires_at=NOON + DAY), new("young"))
        perform(cast.reviewer, mark_read, old.id)
    with clock.frozen(NOON + 2 * DAY):
        assert unread(cast.reviewer2) == 2
        assert perform(JOB, cleanup_alerts) == 1
        assert count("ops_audit_log", "action = 'alert.cleaned'") == 1
    with clock.frozen(NOON + 20 * DAY):
        tell(new("young"))
    with clock.frozen(NOON + 31 * DAY):
        assert perform(JOB, cleanup_alerts) == 1
    assert (count("alerts"), count("alert_receipts"), count("alerts", "condition_key = 'young'")) == (1, 0, 1)
    assert expired.id != old.id


def test_ones_alerts_are_found_without_walking_all(cast: Cast) -> None:
    with UnitOfWork(cast.reviewer) as uow:
        uow.execute("SET LOCAL enable_seqscan = off")
        plan = uow.rows(f"EXPLAIN SELECT 1 FROM alerts a WHERE {LIVE} AND {visible(uow)}", reader(uow))
    assert "alerts_by_audience" in "\n".join(row[0] for row in plan)
