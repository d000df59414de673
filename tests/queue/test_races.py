"""Many hands at once: real processes against one database."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

import pytest
from sqlalchemy import text

from core import db
from core.errors import Conflict
from core.permissions import ROLES, Principal, Role
from core.queue import claiming, opening
from core.queue.lifecycle import Moved
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.builders import count, item, opened, rows
from tests.cast import Cast

HANDS = 32
ITEMS = 10_000


def _hand(number: int) -> Principal:
    return Principal("staff", f"hand{number}", ROLES[Role.REVIEWER], number, f"Hand {number}", Role.REVIEWER)


@pytest.fixture
def hands(cast: Cast) -> list[int]:
    """The staff numbers of 32 reviewers with room for everything."""
    add = (
        "INSERT INTO staff (username, full_name, role, capacity) SELECT 'hand' || n, 'Hand ' || n, 'reviewer', 1000 "
        "FROM generate_series(1, :hands) n RETURNING id"
    )
    with db.engine("app").begin() as connection:
        return list(connection.scalars(text(add), {"hands": HANDS}))


def _drain(staff_id: int) -> list[int]:
    """Take next until there is nothing left: one process, its own connections."""
    me, taken = _hand(staff_id), list[int]()
    while isinstance(answer := perform(me, claiming.claim_next), Moved):
        taken.append(answer.id)
    return taken


def _claim(task: tuple[int, int]) -> bool:
    staff_id, number = task
    try:
        perform(_hand(staff_id), claiming.claim, number)
    except Conflict as refusal:
        return "taken by" not in refusal.sentence
    return True


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(HANDS, mp_context=multiprocessing.get_context("fork"), initializer=_fresh)


def _fresh() -> None:
    """Connections do not survive a fork: the child opens its own."""
    for part in ("app", "owner", "read"):
        db.engine(part).dispose(close=False)
    db.engine.cache_clear()


def test_32_hands_take_10_000_items_and_none_is_doubled_or_lost(cast: Cast, hands: list[int]) -> None:
    for start in range(0, ITEMS, 2000):
        perform(cast.manager, opening.open_items, [NewItem("odd_thing", "thing", start + n) for n in range(2000)])
    with _pool() as pool:
        taken = Counter(chain.from_iterable(pool.map(_drain, hands)))
    assert (len(taken), max(taken.values())) == (ITEMS, 1)
    for table, where in (
        ("work_items", "status = 'in_progress' AND version = 2"),
        ("work_actions", "kind = 'CLAIM'"),
        ("clock_events", "kind = 'respond'"),
        ("ops_audit_log", "action = 'item.claimed'"),
    ):
        assert count(table, where) == ITEMS, table
    assert rows("SELECT item_id FROM work_actions WHERE kind = 'CLAIM' GROUP BY 1 HAVING count(*) > 1") == []


def test_32_hands_on_one_item_have_one_winner_and_31_who_know_who_won(cast: Cast, hands: list[int]) -> None:
    with _pool() as pool:
        for _ in range(10):
            number = opened(cast.manager)
            won = list(pool.map(_claim, [(staff_id, number) for staff_id in hands]))
            assert sum(won) == 1
            assert item(number).assigned_to == hands[won.index(True)]


def _open_the_same(staff_id: int) -> int:
    return perform(_hand(staff_id), opening.open_item, NewItem("odd_thing", "thing", 1)).id


def test_32_newcomers_about_one_thing_become_one_item(cast: Cast, hands: list[int]) -> None:
    with _pool() as pool:
        numbers = set(pool.map(_open_the_same, hands))
    assert len(numbers) == count("work_items") == 1
    assert item(numbers.pop()).occurrences == HANDS
