"""Settling a group: a few first, then the rest, stopped in time, and gone on with until each item is settled once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from core import clock, config
from core.errors import Conflict, Invalid, NotFound, NotPermitted, OpsError
from core.permissions import Principal, process
from core.queue import claiming, runs, settling
from core.queue.deciding import Decision
from core.queue.grouping import CHUNK
from core.queue.runs import SILENCE, Run
from core.queue.settling import DIED, Plan
from core.uow import perform
from tests.builders import count, history, item, rows
from tests.cast import NOON, Cast
from tests.outbox.conftest import storage
from tests.outbox.failing import deliver_all, failed_deletions
from tests.outbox.storage import Storage
from tests.queue.test_grouping import GIVE_UP, failures, make_hopeless

__all__ = ["storage"]
PLAN = Plan(GIVE_UP)
RETRY = Plan(Decision("retry_deletion", "The storage is well again.", {}))


def _go_on(who: Principal, run: int) -> None:
    """Step until it ends, as a screen does, with the outbox delivering in between."""
    while perform(who, settling.step, run):
        deliver_all()


def _settled(who: Principal, example: int, plan: Plan = PLAN) -> int:
    run = perform(who, settling.start, example, plan)
    _go_on(who, run)
    return run


def _run(cast: Cast, example: int, who: Principal | None = None) -> Run:
    return perform(who or cast.reviewer, runs.runs, [example])[example]


def _told(run: Run) -> tuple[str, int, int, int, int]:
    return run.state, run.done, run.failed, run.under_way, run.untried


def _resolved(ids: Sequence[int]) -> list[int]:
    return [each for each in ids if item(each).status == "resolved"]


@pytest.fixture
def at_once(cast: Cast) -> None:
    """Effects leave at once."""
    perform(cast.admin, config.change, "UNDO_SECONDS", "0")


def test_a_group_is_settled_a_few_first_and_then_the_rest_with_one_outcome_each(cast: Cast) -> None:
    ids = failures(cast, 60)
    _settled(cast.reviewer, ids[5])
    assert _told(_run(cast, ids[0])) == ("done", 60, 0, 0, 0)
    assert count("work_items", "status = 'resolved' AND resolution = 'mark_failed'") == 60
    assert count("meal_plans", "pdf_deleted_at IS NOT NULL") == 60
    assert count("ops_audit_log", "action = 'item.decided'") == count("group_outcomes", "state = 'done'") == 60
    assert history(ids[0]) == ["OPEN", "CLAIM", "RESOLVE"]
    steps = rows("SELECT (metadata ->> 'items')::int FROM ops_audit_log WHERE action = 'group_run.stepped' ORDER BY id")
    assert [step[0] for step in steps] == [3, 25, 25, 7]


def test_where_a_canary_dies_the_rest_is_left_alone(cast: Cast) -> None:
    ids = failures(cast, 10)
    make_hopeless(ids[1:2], hopeless=True)
    _settled(cast.reviewer, ids[0])
    run = _run(cast, ids[3])
    assert (_told(run), run.why) == (("stopped", 2, 1, 0, 7), DIED)
    assert count("work_items", "status = 'open' AND assigned_to IS NULL") == 8


def test_failing_half_way_it_stops_and_goes_on_later(cast: Cast) -> None:
    ids = failures(cast, 100)
    make_hopeless(ids[40:], hopeless=True)
    number = _settled(cast.reviewer, ids[0])
    run = _run(cast, ids[0])
    assert run.why == "13 items failed, more than 5; the rest was left alone."
    assert (_resolved(ids), _told(run)) == (ids[:40], ("stopped", 40, 13, 0, 47))
    assert history(ids[45]) == ["OPEN", "CLAIM", "RELEASE"]
    make_hopeless(ids[40:], hopeless=False)
    perform(cast.reviewer, settling.resume, number)
    _go_on(cast.reviewer, number)
    assert _told(_run(cast, ids[0])) == ("done", 100, 0, 0, 0)
    assert count("work_actions", "kind = 'RESOLVE'") == 100


def test_what_fails_again_and_again_does_not_keep_the_rest_waiting(cast: Cast) -> None:
    ids = failures(cast, 12)
    make_hopeless(ids[:2], hopeless=True)
    number = _settled(cast.reviewer, ids[0])
    perform(cast.reviewer, settling.resume, number)
    _go_on(cast.reviewer, number)
    assert _told(_run(cast, ids[0])) == ("done", 10, 2, 0, 0)


def test_many_deletions_stop_in_time_when_the_storage_dies_and_go_on_when_it_is_well(
    cast: Cast, storage: Storage, at_once: None
) -> None:
    ids = failed_deletions(cast, storage, 140)
    storage.well_for = 70
    number = _settled(cast.reviewer, ids[0], RETRY)
    run = _run(cast, ids[0])
    assert run.why == f"{run.failed} items failed, more than 5; the rest was left alone."
    assert (run.state, run.done, run.under_way) == ("stopped", 70, 0)
    assert len(storage.asked) == run.done + run.failed <= 70 + 5 + CHUNK
    assert "The storage answered 503." in {each.why for each in perform(cast.reviewer, runs.outcomes, number)}
    storage.well_for = None
    perform(cast.reviewer, settling.resume, number)
    _go_on(cast.reviewer, number)
    assert _told(_run(cast, ids[0])) == ("done", 140, 0, 0, 0)
    assert sorted(storage.deleted) == sorted(f"/204/{file}.pdf" for file in range(140))
    assert count("meal_plans", "pdf_url IS NULL AND pdf_deleted_at IS NOT NULL") == 140
    assert count("work_items", "status = 'resolved'") == count("work_actions", "kind = 'RESOLVE'") == 140


def test_a_storage_that_is_ill_is_asked_for_the_canaries_alone(cast: Cast, storage: Storage, at_once: None) -> None:
    ids = failed_deletions(cast, storage, 30)
    storage.well_for = 2
    number = _settled(cast.reviewer, ids[0], RETRY)
    assert (_told(_run(cast, ids[0])), len(storage.asked)) == (("stopped", 2, 1, 0, 27), 3)
    for _ in range(2):
        perform(cast.reviewer, settling.resume, number)
        _go_on(cast.reviewer, number)
    assert len(storage.asked) == 9
    assert item(ids[2]).assigned_to == cast.reviewer.staff_id


def test_canaries_are_waited_for_until_their_effects_have_arrived(cast: Cast, storage: Storage, noon: object) -> None:
    ids = failed_deletions(cast, storage, 9)
    number = perform(cast.reviewer, settling.start, ids[0], RETRY)
    for _ in range(3):
        assert perform(cast.reviewer, settling.step, number)
    assert _told(_run(cast, ids[0])) == ("canaries", 0, 0, 3, 6)
    deliver_all()
    assert storage.asked == []
    with clock.frozen(NOON + timedelta(seconds=11)):
        deliver_all()
        assert _told(_run(cast, ids[0], cast.viewer)) == ("canaries", 3, 0, 0, 6)
        assert perform(cast.reviewer, settling.step, number)
    assert _told(_run(cast, ids[0])) == ("rest", 3, 0, 6, 0)


def test_stopping_takes_back_what_has_not_left(cast: Cast, storage: Storage, noon: object) -> None:
    ids = failed_deletions(cast, storage, 9)
    number = perform(cast.reviewer, settling.start, ids[0], RETRY)
    perform(cast.reviewer, settling.step, number)
    perform(cast.reviewer, settling.stop, number)
    run = _run(cast, ids[0])
    assert (_told(run), run.why) == (("stopped", 0, 3, 0, 6), "Rita Reviewer stopped it.")
    assert not perform(cast.reviewer, settling.step, number)
    with clock.frozen(NOON + timedelta(hours=1)):
        deliver_all()
    assert storage.asked == []
    with pytest.raises(Conflict):
        perform(cast.reviewer, settling.stop, number)


def test_a_manager_stops_anybodys_and_nobody_else_touches_it(cast: Cast) -> None:
    ids = failures(cast, 9)
    number = perform(cast.reviewer, settling.start, ids[0], PLAN)
    for verb in (settling.step, settling.resume, settling.stop):
        with pytest.raises(NotPermitted):
            perform(cast.reviewer2, verb, number)
        with pytest.raises(NotFound):
            perform(cast.reviewer, verb, 10**9)
    perform(cast.manager, settling.stop, number)
    assert _run(cast, ids[0]).why == "Mona Manager stopped it."
    assert not perform(cast.reviewer, settling.step, number)
    assert _resolved(ids) == []


def test_two_people_do_not_settle_one_group_at_once_unless_the_first_has_gone(cast: Cast, noon: object) -> None:
    ids = failures(cast, 40)
    first = perform(cast.reviewer, settling.start, ids[0], PLAN)
    perform(cast.reviewer, settling.step, first)
    with pytest.raises(Conflict, match="Rita Reviewer is settling this group just now"):
        perform(cast.reviewer2, settling.start, ids[5], PLAN)
    with clock.frozen(NOON + SILENCE + timedelta(seconds=1)):
        assert _run(cast, ids[0], cast.reviewer2).is_paused
        second = _settled(cast.reviewer2, ids[5])
        assert _told(_run(cast, ids[0])) == ("done", 37, 0, 0, 0)
        assert not perform(cast.reviewer, settling.step, first)
    assert second > first


def test_a_run_whose_screen_was_closed_loses_nothing_and_goes_on_another_day(cast: Cast, noon: object) -> None:
    ids = failures(cast, 40)
    number = perform(cast.reviewer, settling.start, ids[0], PLAN)
    perform(cast.reviewer, settling.step, number)
    with clock.frozen(NOON + timedelta(days=1)):
        run = _run(cast, ids[0])
        assert (run.is_paused, run.is_moving, run.has_more) == (True, False, True)
        assert not perform(cast.reviewer, settling.step, number)
        assert _told(_run(cast, ids[0]))[1] == 3
        perform(cast.reviewer, settling.resume, number)
        _go_on(cast.reviewer, number)
        assert _told(_run(cast, ids[0])) == ("done", 40, 0, 0, 0)
    assert count("work_actions", "kind = 'RESOLVE'") == 40


def test_two_screens_of_one_person_settle_nothing_twice(cast: Cast) -> None:
    ids = failures(cast, 60)
    number = perform(cast.reviewer, settling.start, ids[0], PLAN)
    with ThreadPoolExecutor(2) as screens:
        list(screens.map(lambda _: _go_on(cast.reviewer, number), range(2)))
    assert count("work_actions", "kind = 'RESOLVE'") == 60
    assert _told(_run(cast, ids[0])) == ("done", 60, 0, 0, 0)


def test_items_in_other_hands_are_left_there_and_ones_own_are_settled(cast: Cast) -> None:
    ids = failures(cast, 5)
    perform(cast.reviewer2, claiming.claim, ids[1])
    perform(cast.reviewer, claiming.claim, ids[2])
    _settled(cast.reviewer, ids[0])
    assert _resolved(ids) == [ids[0], *ids[2:]]
    assert item(ids[1]).assigned_to == cast.reviewer2.staff_id


def test_an_item_held_already_that_is_refused_stays_in_hand(cast: Cast) -> None:
    ids = failures(cast, 2)
    perform(cast.reviewer, claiming.claim, ids[0])
    make_hopeless(ids[:1], hopeless=True)
    _settled(cast.reviewer, ids[0])
    assert item(ids[0]).assigned_to == cast.reviewer.staff_id


@pytest.mark.parametrize(
    "wrong",
    [
        Plan(Decision("escalate", "Why not.", {})),
        Plan(Decision("dance", "Why not.", {})),
        Plan(Decision("mark_failed", " ", {})),
        Plan(Decision("mark_failed", "Why not.", {"colour": "red"})),
        replace(PLAN, canaries=0),
        replace(PLAN, canaries=21),
        replace(PLAN, most_failures=-1),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_before_anything_moves(cast: Cast, wrong: Plan) -> None:
    with pytest.raises(Invalid):
        perform(cast.reviewer, settling.start, failures(cast, 2)[0], wrong)
    assert count("group_runs") == count("work_items", "version > 1") == 0


def test_only_who_may_act_settles_a_group_and_everybody_sees_who_does(cast: Cast) -> None:
    ids = failures(cast, 30)
    for who in (cast.viewer, process("job", "test")):
        with pytest.raises(OpsError):
            perform(who, settling.start, ids[0], PLAN)
    with pytest.raises(NotFound):
        perform(cast.reviewer, settling.start, 10**9, PLAN)
    number = perform(cast.reviewer, settling.start, ids[0], PLAN)
    perform(cast.reviewer, settling.step, number)
    run = _run(cast, ids[7], cast.viewer)
    assert (run.by, run.mine, run.is_moving, run.done, run.size) == ("Rita Reviewer", False, True, 3, 30)
    assert len(perform(cast.viewer, runs.outcomes, number)) == 3
    with pytest.raises(NotPermitted):
        perform(cast.auditor, runs.outcomes, number)
