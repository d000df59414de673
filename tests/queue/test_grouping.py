"""Failure groups: one card for what failed in one way; a few first, then the rest, stopped in time, gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from core import db
from core.errors import Invalid, NotFound, NotPermitted
from core.queue import claiming, grouping, opening
from core.queue.batching import Outcome
from core.queue.deciding import Decision
from core.queue.grouping import Group, Settled
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.builders import claimed, count, history, item, opened, rows
from tests.cast import Cast
from tests.resolutions import records

GIVE_UP = Decision("mark_failed", "The storage says that the files are gone.", {})
CONTEXT = {"pdf_url": "https://files.test/1", "pdf_generated_at": "2026-01-01", "retry_count": 3, "last_error": "404"}


def _failures(cast: Cast, number: int) -> list[int]:
    """Failed deletions, each about a plan of its own."""
    customer = records.customer()
    plan = {"customer_id": customer, "title": "A plan", "pdf_url": "https://files.test/1"}
    plans = [records.put("meal_plans", **plan) for _ in range(number)]
    news = [
        NewItem("pdf_deletion_failed", "meal_plan", plan, reason=f"storage said 404 to plan {plan}", context=CONTEXT)
        for plan in plans
    ]
    return [each.id for each in perform(cast.admin, opening.open_items, news)]


def _break(ids: Sequence[int], broken: bool) -> None:
    """Nothing can be done about these: their items no longer say where the file was."""
    change = "context - 'pdf_url'" if broken else 'context || \'{"pdf_url": "https://files.test/1"}\''
    with db.engine("owner").begin() as connection:
        connection.execute(text(f"UPDATE work_items SET context = {change} WHERE id = ANY(:ids)"), {"ids": list(ids)})


def _resolve(cast: Cast, example: int, **how: Any) -> Settled:
    return grouping.resolve(cast.reviewer, example, GIVE_UP, **how)


def _done(outcomes: Sequence[Outcome]) -> list[int]:
    return [outcome.id for outcome in outcomes if outcome.done]


def _groups(who: Any) -> tuple[Group, ...]:
    return perform(who, grouping.groups)


def test_items_that_failed_in_one_way_are_one_group(cast: Cast) -> None:
    ids = _failures(cast, 4)
    opened(cast.admin, "pdf_deletion_failed", reason="something else", resource_type="meal_plan", resource_id=99)
    opened(cast.admin)
    opened(cast.admin)
    perform(cast.reviewer2, claiming.claim, ids[3])
    (group,) = _groups(cast.reviewer)
    assert (group.example, group.count, group.to_hand) == (ids[0], 4, 3)
    assert (group.first_seen, group.last_seen) == (item(ids[0]).created_at, item(ids[3]).created_at)
    assert count("ops_audit_log", "action = 'groups.read'") == 1


def test_a_group_shows_no_more_than_its_items_do(cast: Cast) -> None:
    for number in (1, 2):
        opened(cast.admin, reason="jane@example.com bounced", resource_type="mail", resource_id=number)
    assert [group.reason for group in _groups(cast.viewer)] == ["**** bounced"]
    assert [group.reason for group in _groups(cast.senior)] == ["jane@example.com bounced"]


def test_a_group_is_settled_a_few_first_and_then_the_rest_with_one_outcome_each(cast: Cast) -> None:
    ids = _failures(cast, 60)
    heard: list[int] = []
    settled = _resolve(cast, ids[5], progress=lambda done: heard.append(len(done)))
    assert (_done(settled.outcomes), settled.stopped, settled.left) == (ids, None, 0)
    assert heard == [3, 25, 25, 7]
    assert count("work_items", "status = 'resolved' AND resolution = 'mark_failed'") == 60
    assert count("meal_plans", "pdf_deleted_at IS NOT NULL") == 60
    assert count("ops_audit_log", "action = 'item.decided'") == 60
    assert history(ids[0]) == ["OPEN", "CLAIM", "RESOLVE"]


def test_a_rehearsal_tells_of_each_and_does_nothing(cast: Cast) -> None:
    ids = _failures(cast, 6)
    _break(ids[:2], True)
    preview = perform(cast.reviewer, grouping.rehearse, ids[0], GIVE_UP)
    assert _done(preview.outcomes) == ids[2:]
    assert all("pdf_url" in outcome.why for outcome in preview.outcomes[:2])
    assert count("work_items", "status <> 'open' OR version > 1") == count("meal_plans", "pdf_url IS NULL") == 0


def test_where_a_canary_dies_the_rest_is_left_alone(cast: Cast) -> None:
    ids = _failures(cast, 10)
    _break(ids[1:2], True)
    settled = _resolve(cast, ids[0])
    assert (_done(settled.outcomes), settled.left) == ([ids[0], ids[2]], 7)
    assert settled.stopped == "The first items did not go well; the rest was left alone."
    assert count("work_items", "status = 'open' AND assigned_to IS NULL") == 8


def test_the_check_between_is_the_callers(cast: Cast) -> None:
    ids = _failures(cast, 10)
    _break(ids[1:2], True)
    settled = _resolve(cast, ids[0], check=lambda outcomes: len(_done(outcomes)) >= 2)
    assert (settled.stopped, len(_done(settled.outcomes))) == (None, 9)


def test_failing_half_way_it_stops_and_goes_on_later(cast: Cast) -> None:
    ids = _failures(cast, 100)
    _break(ids[40:], True)
    first = _resolve(cast, ids[0], batch="evening")
    assert first.stopped == "13 items failed, more than 5; the rest was left alone."
    assert (_done(first.outcomes), first.left) == (ids[:40], 47)
    assert history(ids[45]) == ["OPEN", "CLAIM", "RELEASE"]
    _break(ids[40:], False)
    second = _resolve(cast, ids[0], batch="evening")
    assert second.stopped is None
    assert sorted(_done(second.outcomes)) == ids[40:]
    assert count("work_actions", "kind = 'RESOLVE'") == 100


def test_what_fails_again_and_again_does_not_keep_the_rest_waiting(cast: Cast) -> None:
    ids = _failures(cast, 12)
    _break(ids[:2], True)
    assert _resolve(cast, ids[0], batch="b").stopped is not None
    again = _resolve(cast, ids[0], batch="b")
    assert (_done(again.outcomes), again.stopped) == (ids[3:], None)
    assert again.left == 0


def test_items_in_other_hands_are_left_there(cast: Cast) -> None:
    ids = _failures(cast, 5)
    perform(cast.reviewer2, claiming.claim, ids[1])
    perform(cast.reviewer, claiming.claim, ids[2])
    assert _done(_resolve(cast, ids[0]).outcomes) == [ids[0], *ids[2:]]
    assert item(ids[1]).assigned_to == cast.reviewer2.staff_id


@pytest.mark.parametrize("option", ["escalate", "dance"])
def test_an_option_that_settles_nothing_is_refused(cast: Cast, option: str) -> None:
    ids = _failures(cast, 2)
    with pytest.raises(Invalid):
        grouping.resolve(cast.reviewer, ids[0], Decision(option, "Why not.", {}))
    assert rows("SELECT DISTINCT version FROM work_items")[0].version == 1


def test_only_who_may_act_settles_a_group(cast: Cast) -> None:
    ids = _failures(cast, 2)
    with pytest.raises(NotPermitted):
        grouping.resolve(cast.viewer, ids[0], GIVE_UP)
    with pytest.raises(NotPermitted):
        perform(cast.auditor, grouping.groups)
    with pytest.raises(NotFound):
        grouping.resolve(cast.reviewer, 10**9, GIVE_UP)


def test_an_item_held_already_that_is_refused_stays_in_hand(cast: Cast) -> None:
    ids = _failures(cast, 2)
    perform(cast.reviewer, claiming.claim, ids[0])
    _break(ids[:1], True)
    _resolve(cast, ids[0])
    assert item(ids[0]).assigned_to == cast.reviewer.staff_id
    assert claimed(cast.reviewer) > ids[1]
