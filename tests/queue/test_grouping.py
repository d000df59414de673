"""Failure groups: what failed in one way is one card, and is rehearsed as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from core import db, looking
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.queue import claiming, grouping, opening
from core.queue.batching import Outcome
from core.queue.deciding import Decision
from core.queue.grouping import Group
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.builders import count, item, opened
from tests.cast import Cast
from tests.resolutions import records

GIVE_UP = Decision("mark_failed", "The storage says that the files are gone.", {})
CONTEXT = {"pdf_url": "https://files.test/1", "pdf_generated_at": "2026-01-01", "retry_count": 3, "last_error": "404"}


def failures(cast: Cast, number: int) -> list[int]:
    """Failed deletions, each about a plan of its own."""
    customer = records.customer()
    plan = {"customer_id": customer, "title": "A plan", "pdf_url": "https://files.test/1"}
    plans = [records.put("meal_plans", **plan) for _ in range(number)]
    news = [
        NewItem("pdf_deletion_failed", "meal_plan", plan, reason=f"storage said 404 to plan {plan}", context=CONTEXT)
        for plan in plans
    ]
    return [each.id for each in perform(cast.admin, opening.open_items, news)]


def make_hopeless(ids: Sequence[int], hopeless: bool) -> None:
    """Nothing can be done about these: their items no longer say where the file was."""
    change = "context - 'pdf_url'" if hopeless else 'context || \'{"pdf_url": "https://files.test/1"}\''
    with db.engine("owner").begin() as connection:
        connection.execute(text(f"UPDATE work_items SET context = {change} WHERE id = ANY(:ids)"), {"ids": list(ids)})


def _done(outcomes: Sequence[Outcome]) -> list[int]:
    return [outcome.id for outcome in outcomes if outcome.done]


def _groups(who: Any) -> tuple[Group, ...]:
    return perform(who, grouping.groups)


def test_items_that_failed_in_one_way_are_one_group(cast: Cast) -> None:
    looking.forget()
    ids = failures(cast, 4)
    opened(cast.admin, "pdf_deletion_failed", reason="something else", resource_type="meal_plan", resource_id=99)
    opened(cast.admin)
    opened(cast.admin)
    perform(cast.reviewer2, claiming.claim, ids[3])
    (group,) = _groups(cast.reviewer)
    assert (group.example, group.count, group.to_hand) == (ids[0], 4, 3)
    assert (group.first_seen, group.last_seen) == (item(ids[0]).created_at, item(ids[3]).created_at)
    assert count("ops_audit_log", "action = 'groups.read'") == 1


def test_any_of_its_items_leads_to_a_group_also_when_all_are_settled(cast: Cast) -> None:
    ids = failures(cast, 3)
    assert [perform(cast.reviewer, grouping.group_of, each) for each in ids] == list(_groups(cast.reviewer)) * 3
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE work_items SET status = 'resolved', resolved_at = now()"))
    group = perform(cast.reviewer, grouping.group_of, ids[1])
    assert (group.example, group.count, group.to_hand) == (ids[1], 0, 0)
    with pytest.raises(NotFound):
        perform(cast.reviewer, grouping.group_of, 10**9)


def test_a_group_shows_no_more_than_its_items_do(cast: Cast) -> None:
    ids = [
        opened(cast.admin, reason="jane@example.com bounced", resource_type="mail", resource_id=number)
        for number in (1, 2)
    ]
    assert [group.reason for group in _groups(cast.viewer)] == ["**** bounced"]
    assert perform(cast.viewer, grouping.group_of, ids[0]).reason == "**** bounced"
    assert [group.reason for group in _groups(cast.senior)] == ["jane@example.com bounced"]


def test_a_rehearsal_tells_of_each_and_does_nothing(cast: Cast) -> None:
    ids = failures(cast, 6)
    make_hopeless(ids[:2], hopeless=True)
    preview = perform(cast.reviewer, grouping.rehearse, ids[0], GIVE_UP)
    assert _done(preview.outcomes) == ids[2:]
    assert all("pdf_url" in outcome.why for outcome in preview.outcomes[:2])
    assert count("work_items", "status <> 'open' OR version > 1") == count("meal_plans", "pdf_url IS NULL") == 0


def test_there_is_nothing_to_rehearse_in_other_hands(cast: Cast) -> None:
    ids = failures(cast, 2)
    for each in ids:
        perform(cast.reviewer2, claiming.claim, each)
    with pytest.raises(Conflict, match="in other hands"):
        perform(cast.reviewer, grouping.rehearse, ids[0], GIVE_UP)


@pytest.mark.parametrize("option", ["escalate", "dance"])
def test_an_option_that_settles_nothing_is_refused(cast: Cast, option: str) -> None:
    with pytest.raises(Invalid):
        perform(cast.reviewer, grouping.rehearse, failures(cast, 2)[0], Decision(option, "Why not.", {}))


def test_who_may_not_look_sees_no_groups(cast: Cast) -> None:
    ids = failures(cast, 2)
    for verb, *args in ((grouping.groups,), (grouping.group_of, ids[0]), (grouping.rehearse, ids[0], GIVE_UP)):
        with pytest.raises(NotPermitted):
            perform(cast.auditor, verb, *args)
