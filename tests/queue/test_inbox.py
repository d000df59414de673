"""The list of work: filters mean what they say, pages never overlap, nobody sees more than they may."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from core import clock, cursors
from core.errors import Invalid, LimitReached, NotPermitted
from core.permissions import Principal
from core.queue import claiming, deciding, escalating, inbox, viewing
from core.queue.deciding import Decision
from core.queue.filters import Filter
from core.queue.inbox import Page
from core.tables.work import SORT_KEYS
from core.uow import perform
from tests.builders import claimed, count, opened, rows
from tests.cast import NOON, Cast
from tests.forging import MOMENT, forged


def _page(who: Principal, wanted: Filter | None = None, **window: Any) -> Page:
    return perform(who, inbox.page, wanted or Filter(), **window)


def _ids(who: Principal, **wanted: Any) -> list[int]:
    return [row.id for row in _page(who, Filter(**wanted)).items]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", SORT_KEYS)
def test_pages_never_overlap_and_ties_go_by_age_then_number(cast: Cast, sort_by: str, order: Any) -> None:
    for minute in range(24):
        with clock.frozen(NOON + timedelta(minutes=minute // 3)):
            opened(
                cast.reviewer,
                priority=("high", "low")[minute % 2],
                confidence_score=(0.5, 1)[minute % 3 == 0],
                open_ended=minute % 4 == 0,
            )
    for number in range(1, 5):
        perform(cast.reviewer, claiming.claim, number)
        perform(cast.reviewer, deciding.reject, number, "no")
    wanted = Filter(status="all", sort_by=sort_by, sort_order=order)
    whole = [row.id for row in _page(cast.reviewer, wanted, limit=100).items]
    assert whole == [row.id for row in _expected(sort_by, order)]
    assert list(itertools.islice(_walk(cast.reviewer, wanted), 100)) == whole
    skipped = [_page(cast.reviewer, wanted, limit=5, skip=skip).items for skip in range(0, 25, 5)]
    assert [row.id for row in itertools.chain(*skipped)] == whole


def _expected(sort_by: str, order: str) -> list[Any]:
    key = {"sla_deadline": "coalesce(sla_deadline, 'infinity')"}.get(sort_by, sort_by)
    return rows(f"SELECT id FROM work_items ORDER BY {key} {order}, created_at, id")


def _walk(who: Principal, wanted: Filter) -> Any:
    page = _page(who, wanted, limit=5)
    while True:
        yield from (row.id for row in page.items)
        if page.next_cursor is None:
            return
        page = _page(who, wanted, limit=5, cursor=page.next_cursor)


def test_each_filter_keeps_what_it_names(cast: Cast) -> None:
    with clock.frozen(NOON):
        plain = opened(cast.reviewer, priority="low")
        urgent = opened(cast.reviewer, priority="critical", queue="customer", resource_type="thing", resource_id="A7")
        mine = claimed(cast.reviewer, "other_thing")
        loud = opened(cast.reviewer)
        perform(cast.reviewer, escalating.escalate, loud, "now")
        done = claimed(cast.reviewer)
        perform(cast.reviewer, deciding.decide, done, Decision("resolve", "ok", {}))
    with clock.frozen(NOON + timedelta(hours=3, minutes=30)):
        assert _ids(cast.reviewer, sla="at_risk") == [urgent]
        assert _ids(cast.reviewer, queue="customer") == [urgent]
        assert _ids(cast.reviewer, priority=("1",)) == _ids(cast.reviewer, priority=("critical",)) == [urgent]
        assert _ids(cast.reviewer, item_type="other_thing") == _ids(cast.reviewer, assignee="me") == [mine]
        assert _ids(cast.reviewer, status="assigned") == _ids(cast.reviewer, status="IN_PROGRESS") == [mine]
        assert _ids(cast.reviewer, status="escalated") == [loud]
        assert _ids(cast.reviewer, status="reviewed") == _ids(cast.reviewer, status="resolved") == [done]
        assert set(_ids(cast.reviewer, assignee="nobody")) == {plain, urgent, loud}
        assert _ids(cast.reviewer, score_max=10) == [plain]
        assert _ids(cast.reviewer, reference="A7") == _ids(cast.reviewer, reference=f"#{urgent}") == [urgent]
        assert len(_ids(cast.reviewer, status="all")) == 5
    with clock.frozen(NOON + timedelta(hours=4)):
        assert _ids(cast.reviewer, sla="breached") == [urgent]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"queue": "kitchen"}, "queue"),
        ({"priority": ("9",)}, "priority"),
        ({"sla": "fine"}, "sla"),
        ({"sort_by": "title; DROP TABLE staff"}, "sort_by"),
        ({"sort_order": "sideways"}, "sort_by"),
        ({"score_min": 101}, "score_min"),
        ({"score_max": float("nan")}, "score_max"),
        ({"created_from": NOON.replace(tzinfo=None)}, "created_from"),
        ({"assignee": "somebody"}, "assignee"),
        ({"reference": "x" * 201}, "reference"),
    ],
)
def test_a_filter_that_means_nothing_is_refused_by_name(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        _page(cast.reviewer, Filter(**wrong))
    assert refusal.value.field == field


@pytest.mark.parametrize("cursor", ["", "x", "e30=", "WzFd", "ü", "bnVsbA=="])
def test_what_is_no_cursor_is_refused(cast: Cast, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        _page(cast.reviewer, cursor=cursor)


@pytest.mark.parametrize(
    ("sort_by", "key"),
    [("priority_score", -1.5), ("confidence_score", 0.5), ("created_at", MOMENT), ("sla_deadline", MOMENT)],
)
def test_a_forged_cursor_is_refused_whatever_the_list_sorts_by(cast: Cast, sort_by: str, key: Any) -> None:
    listed = f"queue by {sort_by} desc"
    _page(cast.reviewer, Filter(sort_by=sort_by), cursor=cursors.written(listed, key, MOMENT, 1))
    for cursor in forged(listed, key, MOMENT, 1):
        with pytest.raises(Invalid, match="cursor"):
            _page(cast.reviewer, Filter(sort_by=sort_by), cursor=cursor)


@pytest.mark.parametrize("window", [{"limit": 0}, {"limit": 101}, {"limit": True}, {"skip": -1}, {"skip": 10_001}])
def test_a_window_out_of_bounds_is_refused(cast: Cast, window: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        _page(cast.reviewer, **window)


def test_without_full_access_texts_and_summaries_give_nobody_away(cast: Cast) -> None:
    from sqlalchemy import text

    from core import db

    with db.engine("app").begin() as connection:
        connection.execute(
            text("INSERT INTO customers (name, email, mobile) VALUES ('Jane Smith', 'jane@example.com', '9876543210')")
        )
        connection.execute(
            text(
                "INSERT INTO complaints (customer_id, category, subject, description, priority, status) "
                "VALUES (1, 'food', 'cold', 'Write to jane@example.com', 'high', 'open')"
            )
        )
    number = opened(
        cast.reviewer, "complaint", resource_id=1, title="Call 987 654 3210", reason="jane@example.com is angry"
    )
    for redacted in (_page(cast.reviewer).items[0], perform(cast.reviewer, viewing.view, number).row):
        assert "jane@" not in repr(redacted)
        assert "3210" not in repr(redacted).replace("98****3210", "")
        assert (redacted.related["customer_name"], redacted.related["customer_email"]) == (
            "Jane S.",
            "j***@example.com",
        )
        assert redacted.pii_redacted
    clear = _page(cast.senior).items[0]
    assert (clear.related["customer_mobile"], clear.reason) == ("9876543210", "jane@example.com is angry")
    assert count("ops_audit_log", "action = 'queue.read' AND pii_accessed AND actor_name = 'senior'") == 1
    assert count("ops_audit_log", "action = 'queue.read' AND pii_accessed AND actor_name = 'reviewer'") == 0


def test_looking_is_on_record_with_the_filters_asked_for(cast: Cast) -> None:
    _page(cast.reviewer, Filter(status="all", priority=("high",)))
    found = rows("SELECT metadata FROM ops_audit_log WHERE action = 'queue.read'")[0].metadata
    assert found == {"status": "all", "priority": ["high"]}


@pytest.mark.parametrize("person", ["auditor", "stranger"])
def test_who_may_not_read_sees_neither_list_nor_item(cast: Cast, person: str) -> None:
    number = opened(cast.reviewer)
    with pytest.raises(NotPermitted, match=r"ops\.read"):
        _page(getattr(cast, person))
    with pytest.raises(NotPermitted, match=r"ops\.read"):
        perform(getattr(cast, person), viewing.view, number)


def test_the_score_is_a_sum_of_parts_that_explain_themselves(cast: Cast) -> None:
    with clock.frozen(NOON):
        number = opened(cast.reviewer, priority="critical", confidence_score=0.5, stake_amount=1240)
    with clock.frozen(NOON + timedelta(hours=2)):
        from core.permissions import process
        from core.queue import priority

        perform(process("job", "test"), priority.refresh_scores)
        row = perform(cast.reviewer, viewing.view, number).row
    told = {part.name: (part.points, part.because) for part in row.score_parts}
    assert told["base"] == (60.0, "critical")
    assert told["deadline"] == (10.0, "deadline in 2 h")
    assert told["amount"] == (6.2, "amount 1,240.00")
    assert told["doubt"] == (2.5, "confidence 50%")
    assert row.priority_score == pytest.approx(sum(points for points, _ in told.values()))


def test_full_records_are_counted_exactly_and_the_refusal_says_when_the_next_is_free(cast: Cast) -> None:
    from core import allowances, config
    from core.uow import UnitOfWork

    def spend(uow: UnitOfWork) -> int:
        uow.record("test.spent", "allowance")
        return allowances.spend(uow)

    with clock.frozen(NOON):
        perform(cast.admin, config.change, "MAX_EXPAND_PER_HOUR", "2")
        assert [perform(cast.reviewer, spend), perform(cast.reviewer, spend)] == [1, 0]
        with pytest.raises(LimitReached) as refusal:
            perform(cast.reviewer, spend)
    assert refusal.value.resets_at == NOON + timedelta(hours=1)
    with clock.frozen(NOON + timedelta(hours=1)):
        assert perform(cast.reviewer, spend) == 1
