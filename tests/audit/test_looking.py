"""A look leaves a row, its repeats within a minute leave a count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core import clock, db
from core.looking import Memory, looked
from core.permissions import Permission, Principal, requires
from core.uow import UnitOfWork, perform
from tests.cast import NOON, Cast


@requires(Permission.OPS_READ, leaves="item.view")
def _view(uow: UnitOfWork, item: int, pii: bool, shown: list[str]) -> None:
    looked(uow, "item.view", "work_item", item, pii=pii, **({"fields": shown} if shown else {}))


@requires(Permission.OPS_READ, leaves="item.view")
def _view_and_fail(uow: UnitOfWork) -> None:
    looked(uow, "item.view", "work_item", 1)
    raise ZeroDivisionError


def _at(seconds: float, principal: Principal, item: int = 1, pii: bool = False, shown: list[str] | None = None) -> None:
    with clock.frozen(NOON + timedelta(seconds=seconds)):
        perform(principal, _view, item, pii, shown or [])


def _rows() -> list[tuple[str, str, Any]]:
    with db.engine("app").connect() as connection:
        query = text(
            "SELECT actor_name, resource_id, metadata FROM ops_audit_log WHERE action = 'item.view' ORDER BY id"
        )
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def test_a_thousand_reruns_within_a_minute_leave_one_row_and_the_next_says_how_many(cast: Cast) -> None:
    for number in range(1_000):
        _at(number * 0.0599, cast.viewer)
    assert _rows() == [("viewer", "1", {})]
    _at(60, cast.viewer)
    _at(61, cast.viewer)
    _at(130, cast.viewer)
    assert _rows()[1:] == [("viewer", "1", {"repeats": 999}), ("viewer", "1", {"repeats": 1})]


def test_another_person_item_session_or_view_is_another_look(cast: Cast) -> None:
    _at(0, cast.viewer)
    _at(1, cast.reviewer)
    _at(1, cast.viewer, 2)
    _at(1, cast.viewer, shown=["name"])
    _at(1, cast.viewer, pii=True)
    _at(1, replace(cast.viewer, session_id=9))
    assert len(_rows()) == 6


def test_a_look_that_was_not_committed_is_not_on_record(cast: Cast) -> None:
    with clock.frozen(NOON):
        with pytest.raises(ZeroDivisionError):
            perform(cast.viewer, _view_and_fail)
        assert _rows() == []
        _at(0, cast.viewer)
    assert len(_rows()) == 1


def test_a_clock_set_back_hides_no_look(cast: Cast) -> None:
    _at(0, cast.viewer)
    _at(-3600, cast.viewer)
    assert len(_rows()) == 2


def test_memory_is_bounded_and_forgets_the_oldest_first() -> None:
    memory = Memory(most=3)
    for number in range(5):
        memory.recorded((number,), NOON)
    assert len(memory) == 3
    assert memory.repeats_since((1,), NOON) == 0
    assert memory.repeats_since((4,), NOON) is None


def test_threads_lose_no_repeat() -> None:
    memory = Memory()
    memory.recorded(("look",), NOON)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: memory.repeated(("look",)), range(2_000)))
    assert memory.repeats_since(("look",), NOON + timedelta(minutes=1)) == 2_000
