"""The queue's questions at 100,000 items: every one of them walks an index, none reads the whole table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from core import db
from core.permissions import process
from core.queue import claiming, deferring, inbox, viewing
from core.queue.filters import Filter
from core.queue.lifecycle import Moved
from core.tables.work import SORT_KEYS
from core.uow import perform
from tests.cast import Cast

ITEMS = 100_000

_FILL = f"""
INSERT INTO work_items (queue, item_type, title, priority, priority_score, confidence_score, status, assigned_to,
    lease_expires_at, deferred_until, waiting_on, created_at, updated_at, sla_started_at, sla_deadline, at_risk_at,
    resolved_at, dedup_key, resource_type, resource_id, source, external_ref)
SELECT (ARRAY['customer', 'automation', 'provider_data'])[n % 3 + 1], 'kind_' || n % 7, 'Item ' || n,
    (ARRAY['critical', 'high', 'medium', 'low'])[n % 4 + 1], n % 1000 / 10.0, n % 100 / 100.0, status,
    CASE WHEN status = 'in_progress' THEN :staff END,
    CASE WHEN status = 'in_progress' THEN now() + n * interval '1 minute' END,
    CASE WHEN status = 'deferred' THEN now() + n * interval '1 minute' END, NULL,
    now() - n * interval '1 minute', now(), now() - n * interval '1 minute',
    now() + (n - 2000) * interval '1 minute', now() + (n - 2060) * interval '1 minute',
    CASE WHEN status = 'resolved' THEN now() END, 'thing|' || n, 'thing', n::text, 'test', 'T-' || n
FROM (SELECT n, CASE n % 10 WHEN 0 THEN 'in_progress' WHEN 1 THEN 'deferred' WHEN 2 THEN 'open' WHEN 3 THEN 'open'
    ELSE 'resolved' END AS status FROM generate_series(1, {ITEMS}) n) s
"""


@pytest.fixture
def plans(cast: Cast) -> Iterator[list[dict[str, Any]]]:
    """100,000 items, and the plan of every statement that is run from now on."""
    with db.engine("app").begin() as connection:
        connection.execute(text(_FILL), {"staff": cast.reviewer.staff_id})
    with db.engine("owner").connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE work_items"))
    seen: list[dict[str, Any]] = []

    def explain(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "work_items" in statement and not statement.startswith("EXPLAIN"):
            cursor.execute("EXPLAIN (FORMAT JSON) " + statement, parameters)
            seen.append(json.loads(json.dumps(cursor.fetchone()[0][0]["Plan"])))

    event.listen(db.engine("app"), "before_cursor_execute", explain)
    yield seen
    event.remove(db.engine("app"), "before_cursor_execute", explain)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _whole_table_reads(plans: list[dict[str, Any]]) -> list[str]:
    return [
        node["Node Type"]
        for plan in plans
        for node in _nodes(plan)
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "work_items"
    ]


FILTERS = [
    *(Filter(status=status, sort_by=sort, sort_order=order) for status in ("pending", "reviewed", "all")
      for sort in SORT_KEYS for order in ("asc", "desc")),
    Filter(queue="customer"),
    Filter(item_type="kind_3"),
    Filter(priority=("critical",)),
    Filter(assignee="me"),
    Filter(assignee="nobody"),
    Filter(sla="breached"),
    Filter(sla="at_risk"),
    Filter(status="escalated"),
    Filter(status="deferred"),
    Filter(score_min=90),
    Filter(reference="77"),
    Filter(status="all", reference="T-77"),
]  # fmt: skip


@pytest.mark.parametrize("batch", [FILTERS[:12], FILTERS[12:24], FILTERS[24:]], ids=["first", "second", "third"])
def test_no_question_of_the_queue_reads_the_whole_table(
    cast: Cast, plans: list[dict[str, Any]], batch: list[Filter]
) -> None:
    for wanted in batch:
        first = perform(cast.reviewer, inbox.page, wanted, limit=25)
        if first.next_cursor:
            perform(cast.reviewer, inbox.page, wanted, limit=25, cursor=first.next_cursor)
        assert _whole_table_reads(plans) == [], wanted
        assert plans
        plans.clear()


def test_neither_do_taking_looking_and_the_sweeps(cast: Cast, plans: list[dict[str, Any]]) -> None:
    clockwork = process("job", "test")
    taken = perform(cast.manager, claiming.claim_next)
    assert isinstance(taken, Moved)
    perform(cast.manager, viewing.view, taken.id)
    perform(cast.manager, claiming.release, taken.id)
    perform(clockwork, claiming.expire_leases)
    perform(clockwork, deferring.wake_deferred)
    assert plans
    assert _whole_table_reads(plans) == []
