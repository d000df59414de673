"""Questions on the log: the right rows, in order, for those who may ask, and never by reading all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from core import auditing, clock, cursors, db
from core.auditing import AuditEntry, Filters, Page
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import Principal
from core.uow import UnitOfWork, perform
from tests.cast import NOON, Cast
from tests.forging import MOMENT, forged

HOUR = timedelta(hours=1)


def _told(principal: Principal, hour: int, action: str, item: int, *, pii: bool = False) -> None:
    with clock.frozen(NOON + hour * HOUR), UnitOfWork(principal) as uow:
        uow.record(action, "work_item", item, pii=pii)


@pytest.fixture
def day(cast: Cast) -> Cast:
    """Six entries, an hour apart."""
    _told(cast.senior, 0, "item.view", 1, pii=True)
    _told(cast.viewer, 1, "item.view", 1)
    _told(cast.senior, 2, "item.claim", 1)
    _told(cast.senior, 3, "item.resolve", 1)
    _told(cast.senior, 4, "item.view", 2, pii=True)
    _told(cast.reviewer, 5, "item.claim", 3)
    return cast


def _ask(cast: Cast, cursor: str | None = None, limit: int = 50, **filters: Any) -> Page:
    return perform(cast.auditor, auditing.entries, Filters(**filters), cursor, limit)


def _hours(entries: tuple[AuditEntry, ...]) -> list[int]:
    """Which of the day's entries these are, by the hour."""
    return [(entry.at - NOON) // HOUR for entry in entries if entry.action != "audit.read"]


@pytest.mark.parametrize(
    ("filters", "hours"),
    [
        ({}, [5, 4, 3, 2, 1, 0]),
        ({"person": "senior"}, [4, 3, 2, 0]),
        ({"person": "senior", "action": "item.view"}, [4, 0]),
        ({"person": "senior", "resource_type": "work_item", "resource_id": "1"}, [3, 2, 0]),
        ({"person": "nobody-ever"}, []),
        ({"action": "item.claim"}, [5, 2]),
        ({"resource_type": "work_item", "resource_id": "1"}, [3, 2, 1, 0]),
        ({"pii": True}, [4, 0]),
        ({"pii": False, "person": "senior"}, [3, 2]),
        ({"since": NOON + HOUR, "until": NOON + 3 * HOUR}, [2, 1]),
        ({"person": "senior", "since": NOON + 3 * HOUR}, [4, 3]),
    ],
)
def test_each_filter_keeps_what_it_names_newest_first(day: Cast, filters: dict[str, Any], hours: list[int]) -> None:
    until = {"until": NOON + 9 * HOUR} | filters
    assert _hours(_ask(day, **until).entries) == hours


@pytest.mark.parametrize("filters", [{}, {"person": "senior"}])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_neither_overlap_nor_leave_out_entries_of_one_moment(
    cast: Cast, noon: datetime, filters: dict[str, Any], limit: int
) -> None:
    for number in range(7):
        with UnitOfWork(cast.senior) as uow:
            uow.record("item.view" if number % 2 else "item.claim", "work_item", number)
    numbers: list[str | None] = []
    cursor: str | None = None
    while True:
        page = _ask(cast, cursor, limit, **filters)
        numbers += [entry.resource_id for entry in page.entries if entry.resource_type == "work_item"]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert numbers == ["6", "5", "4", "3", "2", "1", "0"]


def test_asking_needs_permission_and_is_on_record_with_its_filters(day: Cast) -> None:
    with pytest.raises(NotPermitted, match=r"audit\.read"):
        perform(day.manager, auditing.entries)
    _ask(day, person="senior")
    _ask(day, person="senior")
    reads = _ask(day, action="audit.read").entries
    assert [(entry.actor_name, entry.metadata["filters"]) for entry in reads] == [("auditor", {"person": "senior"})]


def test_what_can_be_chosen_from_is_what_the_log_knows(day: Cast) -> None:
    assert perform(day.auditor, auditing.actions_known) == ["item.claim", "item.resolve", "item.view"]
    assert perform(day.auditor, auditing.people_known) == ["reviewer", "senior", "viewer"]


@pytest.mark.parametrize(
    ("field", "filters"),
    [
        ("person", {"person": "x" * 201}),
        ("action", {"action": "nul\x00"}),
        ("resource_id", {"resource_id": "\ud800"}),
        ("resource_type", {"resource_type": "  "}),
        ("since", {"since": datetime(2026, 1, 1)}),
        ("until", {"since": NOON, "until": NOON}),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(cast: Cast, field: str, filters: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        _ask(cast, **filters)
    assert refused.value.field == field


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_a_page_has_between_one_and_a_hundred_entries(cast: Cast, limit: int) -> None:
    with pytest.raises(Invalid, match="limit"):
        _ask(cast, limit=limit)


@pytest.mark.parametrize("cursor", ["", "x", "\x00_²", *forged("audit", MOMENT, 1)])
def test_a_cursor_that_no_page_gave_out_is_refused(cast: Cast, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        _ask(cast, cursor)


MANY = """
    INSERT INTO ops_audit_log
        (at, actor_kind, staff_id, actor_name, action, resource_type, resource_id, pii_accessed, metadata)
    SELECT timestamptz '2026-01-01Z' + n * interval '1 minute', 'staff', n % 40, 'person ' || n % 40,
           'action ' || n % 27, 'kind ' || n % 4, (n % 2003)::text, n % 10 = 0, '{}'
    FROM generate_series(1, 100000) AS n
"""
PERIOD = {"since": NOON - 20 * HOUR, "until": NOON}
QUESTIONS: list[dict[str, Any]] = [
    {},
    {"person": "person 7"},
    {"person": "nobody-ever"},
    {"person": "person 7", "action": "action 3"},
    {"person": "person 7", "pii": False},
    {"person": "person 7", "resource_type": "kind 3"},
    {"person": "person 7", **PERIOD},
    {"action": "action 3"},
    {"action": "action 3", **PERIOD},
    {"resource_type": "kind 1"},
    {"resource_type": "kind 1", "resource_id": "77"},
    {"resource_type": "kind 1", "resource_id": "77", "pii": True},
    {"pii": True},
    {"pii": True, "person": "person 10"},
    {"pii": True, **PERIOD},
    {"pii": False},
    PERIOD,
]


def test_no_question_reads_the_whole_log(cast: Cast) -> None:
    with db.engine("owner").begin() as connection:
        connection.execute(text(MANY))
        connection.execute(text("ANALYZE ops_audit_log"))
    for question in QUESTIONS:
        with _plans() as plans:
            page = _ask(cast, limit=10, **question)
            if page.entries:
                _ask(cast, cursors.written("audit", page.entries[-1].at, page.entries[-1].id), 10, **question)
            perform(cast.auditor, auditing.actions_known)
            perform(cast.auditor, auditing.people_known)
        for plan in plans:
            touched = plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
            assert "Seq Scan" not in str(plan), (question, plan)
            assert touched < 1_000, (question, plan)


@contextmanager
def _plans() -> Iterator[list[Any]]:
    """The plans, as carried out, of the questions that are put to the log inside the block."""
    plans: list[Any] = []

    def explain(_conn: Any, cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if "FROM ops_audit_log" in statement:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values)
            plans.append(cursor.fetchone()[0])

    event.listen(db.engine("app"), "before_cursor_execute", explain)
    yield plans
    event.remove(db.engine("app"), "before_cursor_execute", explain)
    assert plans


def test_one_entry_is_found_by_its_number_and_the_look_is_on_record(day: Cast) -> None:
    [claimed] = _ask(day, person="reviewer", until=NOON + 9 * HOUR).entries
    assert perform(day.auditor, auditing.entry, claimed.id) == claimed
    [look] = _ask(day, resource_type="audit_log", resource_id=str(claimed.id)).entries
    assert (look.action, look.actor_name) == ("audit.read", "auditor")
    with pytest.raises(NotFound):
        perform(day.auditor, auditing.entry, 999_999)
    with pytest.raises(NotPermitted):
        perform(day.manager, auditing.entry, claimed.id)


def test_every_type_of_resource_is_known_once(day: Cast) -> None:
    assert perform(day.auditor, auditing.resources_known) == ["work_item"]
