"""Items find hands by themselves: by turns or by load, among who is there and has room, and never two hands on one."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from itertools import chain

import pytest
from sqlalchemy import text

from core import config, db
from core.permissions import ROLES, Principal, Role, process
from core.queue import claiming, distributing, opening
from core.queue.lifecycle import Moved
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.builders import claimed, count, history, item, opened, rows
from tests.cast import Cast
from tests.queue.test_plans import _whole_table_reads, plans  # noqa: F401 - a fixture

CLOCK = process("job", "auto_assign")


def _change(statement: str, **values: object) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(text(statement), values)


def _there(*people: Principal, ago: timedelta = timedelta(minutes=1), but: str = "") -> None:
    """They are signed in, and did something `ago`; `but` is what has changed since."""
    for person in people:
        _change(
            "INSERT INTO staff_sessions (token_hash, staff_id, epoch, created_at, last_used_at, idle_until, "
            "expires_at) VALUES (CAST(gen_random_uuid()::text AS bytea), :id, 0, now() - :ago, now() - :ago, "
            "now() + '1 h', now() + '1 d')",
            id=person.staff_id,
            ago=ago,
        )
    if but:
        _change(but)


def _by(cast: Cast, mode: str, *queues: str) -> None:
    for queue in queues or ("automation",):
        perform(cast.admin, config.change, f"ASSIGN_{queue.upper()}", mode)


def _hand_out() -> int:
    return perform(CLOCK, distributing.auto_assign)


def _hold(*people: Principal) -> list[int]:
    held = "assigned_to = :who AND status = 'in_progress'"
    return [count("work_items", held, who=person.staff_id) for person in people]


def test_nothing_is_handed_out_unless_a_setting_says_so(cast: Cast) -> None:
    _there(cast.reviewer)
    number = opened(cast.manager)
    assert (_hand_out(), item(number).status) == (0, "open")


def test_an_item_is_handed_over_with_history_and_trail(cast: Cast) -> None:
    _by(cast, "round_robin")
    _there(cast.reviewer)
    number = opened(cast.manager)
    assert _hand_out() == 1
    assert (item(number).assigned_to, item(number).lease_expires_at is None) == (cast.reviewer.staff_id, False)
    assert history(number) == ["OPEN", "ASSIGN"]
    trail = "action = 'item.handed_out' AND actor_kind = 'job' AND actor_name = 'auto_assign'"
    assert count("ops_audit_log", trail) == 1
    assert rows("SELECT payload->>'reason' FROM work_actions WHERE kind = 'ASSIGN'")[0][0] == "round robin"


def test_turns_go_round_across_rounds_and_restarts(cast: Cast) -> None:
    _by(cast, "round_robin")
    _there(cast.reviewer, cast.reviewer2, cast.senior)
    for arriving in (2, 2, 1, 4):
        for _ in range(arriving):
            opened(cast.manager)
        assert _hand_out() == arriving
    assert _hold(cast.reviewer, cast.reviewer2, cast.senior) == [3, 3, 3]


def test_a_quick_worker_gets_no_more_turns_than_a_slow_one(cast: Cast) -> None:
    _by(cast, "round_robin")
    _there(cast.reviewer, cast.reviewer2)
    for _ in range(6):
        number = opened(cast.manager)
        _hand_out()
        if item(number).assigned_to == cast.reviewer.staff_id:  # done with it at once
            _change("UPDATE work_items SET status = 'resolved', resolved_at = now(), lease_expires_at = NULL, "
                    "resolved_by = assigned_to WHERE id = :id", id=number)  # fmt: skip
    handed = Counter(row[0] for row in rows("SELECT payload->>'assignee' FROM work_actions WHERE kind = 'ASSIGN'"))
    assert sorted(handed.values()) == [3, 3]


def test_the_least_loaded_are_filled_up_first(cast: Cast) -> None:
    _there(cast.reviewer, cast.reviewer2)
    for _ in range(3):
        claimed(cast.reviewer)
    _by(cast, "least_loaded")
    for _ in range(5):
        opened(cast.manager)
    assert _hand_out() == 5
    assert _hold(cast.reviewer, cast.reviewer2) == [4, 4]


def test_the_most_pressing_items_go_first_when_there_is_little_room(cast: Cast) -> None:
    _by(cast, "least_loaded")
    _there(cast.reviewer)
    _change("UPDATE staff SET capacity = 1")
    opened(cast.manager, priority="low")
    urgent = opened(cast.manager, priority="critical")
    assert (_hand_out(), item(urgent).assigned_to) == (1, cast.reviewer.staff_id)


def test_when_a_hand_frees_up_the_next_item_goes_into_it(cast: Cast) -> None:
    _by(cast, "round_robin")
    _there(cast.reviewer)
    _change("UPDATE staff SET capacity = 1")
    first, second = opened(cast.manager, priority="high"), opened(cast.manager)
    assert (_hand_out(), _hand_out()) == (1, 0)
    perform(cast.reviewer, claiming.release, first)
    assert (_hand_out(), item(second).status, item(first).status) == (1, "in_progress", "open")


def test_nobody_is_handed_back_what_they_gave_back(cast: Cast) -> None:
    _by(cast, "round_robin")
    _there(cast.reviewer)
    number = opened(cast.manager)
    _hand_out()
    perform(cast.reviewer, claiming.release, number)
    assert _hand_out() == 0
    _there(cast.reviewer2)
    assert (_hand_out(), item(number).assigned_to) == (1, cast.reviewer2.staff_id)


ABSENT: dict[str, Callable[[Cast], None]] = {
    "never signed in": lambda _: None,
    "seen long ago": lambda cast: _there(cast.reviewer, ago=timedelta(minutes=20)),
    "signed out": lambda cast: _there(cast.reviewer, but="UPDATE staff_sessions SET ended_at = now()"),
    "switched off": lambda cast: _there(cast.reviewer, but="UPDATE staff SET is_active = false"),
    "signed out everywhere": lambda cast: _there(cast.reviewer, but="UPDATE staff SET session_epoch = 1"),
    "of another queue": lambda cast: _there(cast.reviewer, but="UPDATE staff SET queues = '{customer}'"),
    "without room": lambda cast: _there(cast.reviewer, but="UPDATE staff SET capacity = 0"),
    "a mere viewer": lambda cast: _there(cast.viewer, cast.auditor),
}


@pytest.mark.parametrize("why", ABSENT)
def test_who_cannot_work_on_it_is_handed_nothing(cast: Cast, why: str) -> None:
    _by(cast, "round_robin")
    ABSENT[why](cast)
    opened(cast.manager)
    assert _hand_out() == 0


def test_a_queue_is_handed_out_in_its_own_way_and_limits_hold_across_queues(cast: Cast) -> None:
    _by(cast, "round_robin", "automation", "customer")
    _there(cast.reviewer)
    _change("UPDATE staff SET capacity = 3")
    for queue in ("automation", "customer", "provider_data") * 2:
        opened(cast.manager, queue=queue)
    assert (_hand_out(), _hold(cast.reviewer)) == (3, [3])
    assert count("work_items", "queue = 'provider_data' AND status = 'in_progress'") == 0


def test_six_hundred_items_are_handed_out_in_one_round(cast: Cast) -> None:
    _by(cast, "round_robin")
    _there(cast.reviewer, cast.reviewer2)
    _change("UPDATE staff SET capacity = 500")
    perform(cast.manager, opening.open_items, [NewItem("odd_thing", "thing", number) for number in range(600)])
    assert _hand_out() == 600
    assert _hold(cast.reviewer, cast.reviewer2) == [300, 300]


def test_handing_out_walks_indexes_at_100_000_items(cast: Cast, plans: list[dict[str, object]]) -> None:  # noqa: F811
    _by(cast, "round_robin", "customer")
    _there(cast.manager, cast.senior)
    assert _hand_out() == 20
    assert plans
    assert _whole_table_reads(plans) == []


def _fresh() -> None:
    """Connections do not survive a fork: the child opens its own."""
    for part in ("app", "owner", "read"):
        db.engine(part).dispose(close=False)
    db.engine.cache_clear()
    config.drop_cache()


def _rush(staff_id: int | None) -> list[int]:
    """One process: hands out over and over (None), or is somebody taking next and giving some back."""
    if staff_id is None:
        return [_hand_out() for _ in range(15)]
    me = Principal("staff", f"hand{staff_id}", ROLES[Role.REVIEWER], staff_id, "Hand", Role.REVIEWER)
    taken = [perform(me, claiming.claim_next) for _ in range(15)]
    return [each.id for each in taken if isinstance(each, Moved)]


def test_in_a_rush_no_item_has_two_hands_and_no_limit_is_passed(cast: Cast) -> None:
    people = (cast.reviewer, cast.reviewer2, cast.senior)
    _by(cast, "least_loaded")
    _there(*people)
    _change("UPDATE staff SET capacity = 20")
    perform(cast.manager, opening.open_items, [NewItem("odd_thing", "thing", number) for number in range(80)])
    with ProcessPoolExecutor(6, mp_context=multiprocessing.get_context("fork"), initializer=_fresh) as pool:
        jobs = [None, None, None, *(person.staff_id for person in people)]
        list(chain.from_iterable(pool.map(_rush, jobs)))
    assert _hold(*people) == [20, 20, 20]
    assert count("work_actions", "kind IN ('ASSIGN', 'CLAIM')") == 60
    assert count("work_items", "status = 'open'") == 20
