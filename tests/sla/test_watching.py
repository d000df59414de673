"""Watching deadlines: told once when near and once when late, up a level once, in few statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from core import clock, db
from core.alerts.watching import check_critical, check_unassigned, check_workload
from core.permissions import process
from core.queue.claiming import claim
from core.queue.deciding import reject, undo
from core.queue.newcomers import NewItem
from core.queue.noting import change_priority
from core.queue.opening import open_item
from core.sla.watching import check_sla, due_notice, escalate_breaches
from core.uow import UnitOfWork, perform
from tests.cast import NOON, Cast

JOB = process("job", "watching")
HOUR = timedelta(hours=1)


def opened(at: datetime = NOON, **said: Any) -> int:
    with clock.frozen(at):
        return perform(
            JOB, open_item, NewItem("pdf_deletion_failed", "meal_plan", said.pop("resource_id", 1), **said)
        ).id


def checked(at: datetime) -> int:
    with clock.frozen(at):
        return perform(JOB, check_sla)


def escalated(at: datetime) -> int:
    with clock.frozen(at):
        return perform(JOB, escalate_breaches)


def rows(sql: str) -> list[Any]:
    with db.engine("app").connect() as connection:
        return list(connection.execute(text(sql)).all())


def standing() -> dict[str, int]:
    told = "SELECT alert_type, count(*) FROM alerts WHERE resolved_at IS NULL GROUP BY 1"
    return {row[0]: row[1] for row in rows(told)}


def test_an_item_is_told_of_once_when_near_and_once_when_late(cast: Cast) -> None:
    opened(sla_hours=4)
    story = [
        (2.9, {}),
        (3, {"sla_at_risk": 1}),
        (3.5, {"sla_at_risk": 1}),
        (4, {"sla_breach": 1}),
        (9, {"sla_breach": 1}),
    ]
    for hours, expected in story:
        for _ in range(3):
            checked(NOON + hours * HOUR)
        assert standing() == expected, hours
    assert [row[0] for row in rows("SELECT occurrences FROM alerts")] == [1, 1]


def test_after_eight_hours_without_jobs_one_alert_tells_the_true_moment(cast: Cast) -> None:
    opened(sla_hours=4)
    checked(NOON + 12 * HOUR)
    [(kind, due)] = rows("SELECT alert_type, (details->>'sla_deadline')::timestamptz FROM alerts")
    assert (kind, due) == ("sla_breach", NOON + 4 * HOUR)


def test_the_holder_is_told_and_else_who_serves_the_queue(cast: Cast) -> None:
    held = opened(sla_hours=1)
    opened(sla_hours=1, resource_id=2)
    with clock.frozen(NOON):
        perform(cast.reviewer, claim, held)
    checked(NOON + 2 * HOUR)
    said = [tuple(row) for row in rows("SELECT staff_id, for_queue FROM alerts ORDER BY resource_id::int")]
    assert said == [(cast.reviewer.staff_id, None), (None, "automation")]


def test_another_deadline_is_told_anew_and_what_was_said_of_the_old_one_is_over(cast: Cast) -> None:
    number = opened(priority="critical")
    checked(NOON + 5 * HOUR)
    assert standing() == {"sla_breach": 1}
    with clock.frozen(NOON + 5 * HOUR):
        perform(cast.reviewer, change_priority, number, "high", "less urgent")
    assert standing() == {}
    checked(NOON + 25 * HOUR)
    assert standing() == {"sla_breach": 1}
    assert len(rows("SELECT 1 FROM alerts WHERE alert_type = 'sla_breach'")) == 2


def test_a_decision_ends_what_was_told_and_undoing_it_does_not_hide_the_item(cast: Cast) -> None:
    number = opened(sla_hours=1)
    later = NOON + 2 * HOUR
    checked(later)
    with clock.frozen(later):
        perform(cast.reviewer, claim, number)
        perform(cast.reviewer, reject, number, "not ours")
        assert standing() == {}
        perform(cast.reviewer, undo, number)
    checked(later)
    assert standing() == {"sla_breach": 1}


def complaint(due: datetime, *, status: str = "open", number: int = 1) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(
            text(
                "INSERT INTO complaints (category, subject, priority, status, resolution_due_at) "
                "VALUES ('food', 'cold', 'high', :status, :due)"
            ),
            {"status": status, "due": due},
        )


def test_a_complaint_without_an_item_is_told_of_itself(cast: Cast) -> None:
    complaint(NOON)
    complaint(NOON, status="closed")
    for minutes, expected in ((-61, {}), (-59, {"sla_at_risk": 1}), (0, {"sla_breach": 1}), (1, {"sla_breach": 1})):
        checked(NOON + timedelta(minutes=minutes))
        assert standing() == expected
    with db.engine("app").begin() as connection:
        connection.execute(text("UPDATE complaints SET status = 'resolved'"))
    checked(NOON + HOUR)
    assert standing() == {}


def test_a_complaint_with_an_item_is_told_of_once(cast: Cast) -> None:
    complaint(NOON + HOUR)
    with clock.frozen(NOON):
        perform(JOB, open_item, NewItem("complaint", "complaint", 1, sla_hours=1))
    checked(NOON + 2 * HOUR)
    assert standing() == {"sla_breach": 1}


def due(at: datetime) -> datetime | None:
    with clock.frozen(at):
        return perform(JOB, due_notice)


def test_the_moment_to_tell_of_is_known_once_it_has_come(cast: Cast) -> None:
    opened(sla_hours=4)
    assert (due(NOON + 2.9 * HOUR), due(NOON + 3.1 * HOUR)) == (None, NOON + 3 * HOUR)
    checked(NOON + 3 * HOUR)
    assert (due(NOON + 3.1 * HOUR), due(NOON + 5 * HOUR)) == (None, NOON + 4 * HOUR)
    checked(NOON + 4 * HOUR)
    assert due(NOON + 5 * HOUR) is None


def test_a_late_item_goes_up_one_level_once_and_says_why(cast: Cast) -> None:
    held, free = opened(sla_hours=1, reason="jane@example.com waits"), opened(sla_hours=1, resource_id=2)
    with clock.frozen(NOON):
        perform(cast.reviewer, claim, held)
    assert [escalated(NOON + HOUR * hours) for hours in (0.5, 3, 3, 40)] == [0, 2, 0, 0]
    levels = "SELECT escalation_level, status, escalated_at FROM work_items ORDER BY id"
    late = NOON + 3 * HOUR
    assert [tuple(row) for row in rows(levels)] == [(1, "in_progress", late), (1, "open", late)]
    [(payload, role), _] = rows("SELECT details, for_role FROM alerts ORDER BY resource_id::int")
    assert role == "manager"
    assert payload["reason"] == "**** waits"
    assert payload["breach_duration_hours"] == 2
    assert payload["queue_url"].endswith(f"item={held}")
    assert set(payload) == {
        "alert_type", "item_id", "item_type", "priority", "sla_deadline", "breach_duration_hours", "reason",
        "recommended_action", "queue_url",
    }  # fmt: skip
    assert len(rows("SELECT 1 FROM work_actions WHERE kind = 'ESCALATE'")) == 2
    assert free != held


def test_whoever_is_on_call_for_the_queue_is_told(cast: Cast) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(
            text(
                "INSERT INTO oncall_shifts (staff_id, queue, starts_at, ends_at) VALUES "
                "(:senior, NULL, :a, :b), (:manager, 'automation', :a, :b), (:admin, 'automation', :b, 'infinity')"
            ),
            {"senior": cast.senior.staff_id, "manager": cast.manager.staff_id, "admin": cast.admin.staff_id,
             "a": NOON, "b": NOON + 24 * HOUR},
        )  # fmt: skip
    opened(sla_hours=1)
    escalated(NOON + 3 * HOUR)
    assert [row[0] for row in rows("SELECT staff_id FROM alerts")] == [cast.manager.staff_id]


MANY = """
INSERT INTO work_items (queue, item_type, title, priority, dedup_key, sla_deadline, at_risk_at)
SELECT 'automation', 'pdf_deletion_failed', 'one of many', 'high', n::text, :due, :due
FROM generate_series(1, 10000) n"""


@contextmanager
def counted() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(db.engine("app"), "before_cursor_execute", note)
    yield said
    event.remove(db.engine("app"), "before_cursor_execute", note)


def test_ten_thousand_breaches_go_up_and_are_told_of_in_few_statements(cast: Cast) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(text(MANY), {"due": NOON})
    with counted() as said:
        while escalated(NOON + 2 * HOUR):
            pass
        while checked(NOON + 2 * HOUR):
            pass
    assert standing() == {"sla_breach": 10_000, "manual_resolution_sla_breach": 10_000}
    assert len(said) < 150
    for query in (
        "SELECT 1 FROM work_items WHERE escalation_level <> 1",
        "SELECT 1 FROM work_items WHERE version <> 2",
    ):
        assert rows(query) == []


def test_a_check_with_nothing_due_walks_an_index_and_nothing_else(cast: Cast) -> None:
    from core.sla import watching

    opened(sla_hours=4)
    with UnitOfWork(JOB) as uow:
        uow.execute("SET LOCAL enable_seqscan = off")
        for sql, index in ((watching._ITEMS, "work_items_to_tell"), (watching._COMPLAINTS, "complaints_to_tell")):
            bound = {"now": NOON, "risky": NOON, "limit": 10}
            plan = "\n".join(row[0] for row in uow.rows("EXPLAIN " + sql, bound))
            assert index in plan, plan
        uow.session.rollback()


def test_critical_work_is_told_of_once_and_when_nobody_takes_it(cast: Cast) -> None:
    number = opened(priority="critical")
    for minutes, found in ((10, 0), (31, 1), (45, 0)):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            assert perform(JOB, check_critical) == (1 if minutes == 10 else 0)
            assert perform(JOB, check_unassigned) == found
    assert standing() == {"high_priority_item": 1, "unassigned_item": 1}
    with clock.frozen(NOON + HOUR):
        perform(cast.reviewer, claim, number)
        perform(JOB, check_unassigned)
    assert standing() == {"high_priority_item": 1}


@pytest.mark.usefixtures("noon")
def test_full_hands_are_told_and_their_managers_until_they_are_not(cast: Cast) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(text("INSERT INTO ops_config (config_key, config_value, changed_at) "
                                "VALUES ('WORKLOAD_THRESHOLD', '2', now())"))  # fmt: skip
    for number in (1, 2):
        perform(cast.reviewer, claim, opened(resource_id=number))
    assert [perform(JOB, check_workload) for _ in range(2)] == [1, 1]
    assert standing() == {"high_workload": 2}
    perform(cast.reviewer, reject, 1, "not ours")
    assert perform(JOB, check_workload) == 0
    assert standing() == {}
