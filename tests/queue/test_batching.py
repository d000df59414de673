"""Batches: each item by itself, no more statements for more items, nothing twice, nothing half."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from core import db
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import Principal
from core.queue import batching, noting, opening, tasks
from core.queue.batching import Outcome
from core.queue.deciding import Decision
from core.queue.filters import Filter
from core.queue.newcomers import NewItem
from core.queue.tasks import Chosen, Task
from core.uow import perform
from tests.builders import claimed, count, history, item, opened, rows
from tests.cast import NOON, Cast
from tests.resolutions import records

ENOUGH = Decision("resolve", "All settled by one call.", {})


def _many(cast: Cast, number: int, **known: Any) -> list[int]:
    newcomers = [NewItem("odd_thing", "thing", n, **known) for n in range(number)]
    return [each.id for each in perform(cast.admin, opening.open_items, newcomers)]


def _seen(ids: Sequence[int]) -> Chosen:
    versions = {row.id: row.version for row in rows("SELECT id, version FROM work_items WHERE id = ANY(:ids)", ids=ids)}
    return Chosen(versions)


def _any(ids: Sequence[int]) -> Chosen:
    return Chosen(dict.fromkeys(ids))


def _refused(outcomes: Sequence[Outcome]) -> dict[int, str]:
    return {outcome.id: outcome.why for outcome in outcomes if not outcome.done}


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The statements that are run in the block."""
    run: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        run.append(statement)

    event.listen(db.engine("app"), "before_cursor_execute", note)
    try:
        yield run
    finally:
        event.remove(db.engine("app"), "before_cursor_execute", note)


def _everything(cast: Cast) -> dict[str, tuple[Task, str]]:
    """Every task that can be done to open items, and the audit row that it leaves on each."""
    return {
        "comment": (tasks.comment("Seen."), "item.commented"),
        "change_priority": (tasks.change_priority("high", "A flood."), "item.priority_changed"),
        "escalate": (tasks.escalate("Look."), "item.escalated"),
        "assign": (tasks.assign(cast.reviewer.staff_id or 0), "item.assigned"),
        "decide": (tasks.decide(ENOUGH), "item.decided"),
    }


def test_of_500_with_3_stale_497_are_done_and_3_reported_with_reasons(cast: Cast) -> None:
    ids = _many(cast, 500)
    chosen = _seen(ids)
    for stale in ids[:3]:
        perform(cast.manager, noting.change_priority, stale, "critical", "an angry call")
    outcomes = batching.run(cast.reviewer, chosen, tasks.claim())
    assert set(_refused(outcomes)) == set(ids[:3])
    assert all("priority_change by Mona Manager" in why for why in _refused(outcomes).values())
    assert count("work_items", "status = 'in_progress'") == count("ops_audit_log", "action = 'item.claimed'") == 497
    assert count("work_actions", "kind = 'CLAIM'") == 497
    assert count("ops_audit_log", "action = 'batch.carried_out' AND jsonb_array_length(metadata -> 'done') = 497") == 1


def test_more_items_are_no_more_statements(cast: Cast) -> None:
    ids = _many(cast, 55)
    for task, action in _everything(cast).values():
        needed = []
        for chosen in (ids[:5], ids[5:]):
            me = cast.reviewer if task.name == "decide" else cast.manager
            with _counted() as statements:
                outcomes = batching.run(me, _seen(chosen), task)
            assert _refused(outcomes) == {}
            needed.append(len(statements))
        assert needed[0] == needed[1] < 25, task.name
        assert count("ops_audit_log", "action = :action", action=action) == len(ids)


def test_more_refusals_are_no_more_statements_either(cast: Cast) -> None:
    ids = _many(cast, 60)
    chosen = _seen(ids)
    batching.run(cast.manager, chosen, tasks.change_priority("low", "Calm."))
    needed = []
    for some in (ids[:5], ids[5:]):
        with _counted() as statements:
            outcomes = batching.run(cast.reviewer, Chosen(dict.fromkeys(some, 1)), tasks.claim())
        assert len(_refused(outcomes)) == len(some)
        needed.append(len(statements))
    assert needed[0] == needed[1]


def test_each_item_hears_its_own_reason(cast: Cast) -> None:
    free, theirs, mine = opened(cast.reviewer), claimed(cast.reviewer2), claimed(cast.reviewer)
    outcomes = batching.run(cast.reviewer, _any([free, theirs, mine, 999]), tasks.claim())
    refused = _refused(outcomes)
    assert set(refused) == {theirs, mine, 999}
    assert "Rolf Reviewer" in refused[theirs]
    assert "already in your hands" in refused[mine]
    assert isinstance(next(each.refusal for each in outcomes if each.id == 999), NotFound)


def test_a_preview_says_what_a_run_does_and_does_nothing(cast: Cast) -> None:
    ids = _many(cast, 20)
    claimed(cast.reviewer2, resource_type="thing", resource_id="x")
    tried = perform(cast.reviewer, batching.preview, Filter(), tasks.claim())
    assert count("work_items", "status = 'in_progress'") == 1
    assert count("ops_audit_log", "action = 'item.claimed'") == 1
    assert count("ops_audit_log", "action = 'batch.previewed'") == 1
    done = batching.run(cast.reviewer, tried.chosen, tasks.claim())
    assert [(each.id, each.why) for each in tried.outcomes] == [(each.id, each.why) for each in done]
    assert [each.id for each in done if each.done] == ids


def test_what_changed_between_preview_and_run_is_reported(cast: Cast) -> None:
    ids = _many(cast, 3)
    tried = perform(cast.reviewer, batching.preview, Filter(), tasks.claim())
    perform(cast.manager, noting.change_priority, ids[1], "critical", "an angry call")
    assert set(_refused(batching.run(cast.reviewer, tried.chosen, tasks.claim()))) == {ids[1]}


def test_deferring_gives_back_what_one_holds(cast: Cast, noon: object) -> None:
    ids = [opened(cast.reviewer), claimed(cast.reviewer), claimed(cast.reviewer2)]
    later = NOON + timedelta(hours=4)
    refused = _refused(batching.run(cast.reviewer, _any(ids), tasks.defer(later, "The supplier is closed.")))
    assert set(refused) == {ids[2]}
    assert [item(number).deferred_until for number in ids] == [later, later, None]


def test_what_a_task_cannot_be_done_with_is_refused_before_anything(cast: Cast) -> None:
    ids = _many(cast, 2)
    for task in (
        tasks.change_priority("enormous", "Why not."),
        tasks.escalate(" "),
        tasks.comment(""),
        tasks.decide(Decision("resolve", "", {})),
        tasks.defer(NOON - timedelta(days=9000)),
        tasks.assign(cast.viewer.staff_id or 0),
    ):
        with pytest.raises(Invalid):
            batching.run(cast.manager, _any(ids), task)
    for nobodys in ([], range(1, tasks.MOST + 2), [0], [2**63]):
        with pytest.raises(Invalid, match="items"):
            batching.run(cast.manager, _any(list(nobodys)), tasks.claim())
    assert [history(number) for number in ids] == [["OPEN"]] * 2


def test_only_who_may_do_it_to_one_may_do_it_to_many(cast: Cast) -> None:
    ids = _many(cast, 2)
    for who, task in ((cast.viewer, tasks.claim()), (cast.reviewer, tasks.assign(cast.reviewer2.staff_id or 0))):
        with pytest.raises(NotPermitted):
            batching.run(who, _any(ids), task)
        with pytest.raises(NotPermitted):
            perform(who, batching.preview, _any(ids), task)
    assert count("ops_audit_log", "action = 'refused'") == 4


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = _many(cast, 9)
    task = Task("comment", tasks.comment("Once.").apply, chunk=3)

    def cut(done: Sequence[Outcome]) -> None:
        if done[0].id == ids[3]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batching.run(cast.reviewer, _any(ids), task, "a-batch", cut)
    assert count("work_actions", "kind = 'COMMENT'") == 6
    outcomes = batching.run(cast.reviewer, _any(ids), task, "a-batch")
    assert [each.id for each in outcomes if each.done] == ids
    assert all(history(number) == ["OPEN", "COMMENT"] for number in ids)
    batching.run(cast.reviewer2, _any(ids[:1]), task, "a-batch")
    assert history(ids[0]) == ["OPEN", "COMMENT", "COMMENT"]


def test_a_decision_for_many_is_what_it_is_for_one(cast: Cast) -> None:
    one, several = claimed(cast.reviewer), [claimed(cast.reviewer) for _ in range(3)]
    theirs, nobodys = claimed(cast.reviewer2), opened(cast.reviewer)
    batching.run(cast.reviewer, _any([one]), tasks.decide(ENOUGH))
    outcomes = batching.run(cast.reviewer, _any([*several, theirs, nobodys]), tasks.decide(ENOUGH))
    assert set(_refused(outcomes)) == {theirs, nobodys}
    for number in several:
        found = item(number)
        assert (found.status, found.resolved_by, found.resolution) == ("resolved", cast.reviewer.staff_id, "resolve")
        assert found.resolution_metadata["justification"] == ENOUGH.justification
        assert history(number) == history(one) == ["OPEN", "CLAIM", "RESOLVE"]
    assert count("clock_events", "kind = 'fulfil'") == 4


def _appeal(who: Principal, entry: int) -> int:
    told = {"email": "jane@example.com", "blacklist_reason": "chargeback", "appeal_message": "my bank"}
    about = {"resource_type": "blacklist_entry", "resource_id": entry}
    return claimed(who, "blacklist_disputed", context=told, **about)


def test_effects_are_each_items_own_and_one_that_fails_harms_no_other(cast: Cast) -> None:
    there = records.blacklist_entry()
    good, gone, other = _appeal(cast.reviewer, there), _appeal(cast.reviewer, there + 1), claimed(cast.reviewer)
    removal = tasks.decide(Decision("remove", "Paid by now.", {}))
    refused = _refused(batching.run(cast.reviewer, _any([gone, good, other]), removal))
    assert set(refused) == {gone, other}
    assert "is one of" in refused[other]
    assert "no longer exists" in refused[gone]
    assert (item(good).status, item(gone).status) == ("resolved", "in_progress")
    assert count("blacklist_entries", "active") == 0
    assert count("ops_audit_log", "action = 'record.changed'") == 1


def test_a_batch_of_all_that_match_takes_what_the_filter_describes(cast: Cast) -> None:
    wanted = [opened(cast.reviewer, priority="low") for _ in range(3)]
    opened(cast.reviewer, priority="high")
    outcomes = batching.run(cast.reviewer, Filter(priority=("low",)), tasks.claim())
    assert [outcome.id for outcome in outcomes if outcome.done] == wanted
    with pytest.raises(Invalid, match="number from 1"):
        batching.run(cast.reviewer, Filter(priority=("medium",)), tasks.claim())


def _escalate_20_times(task: tuple[Principal, list[int]]) -> int:
    who, ids = task
    escalation = tasks.escalate("Look.")
    return sum(outcome.done for _ in range(20) for outcome in batching.run(who, _any(ids), escalation))


def _fresh() -> None:
    """Connections do not survive a fork: the child opens its own."""
    for part in ("app", "owner", "read"):
        db.engine(part).dispose(close=False)
    db.engine.cache_clear()


def test_two_batches_in_opposite_order_both_get_through(cast: Cast) -> None:
    ids = _many(cast, 40)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork"), initializer=_fresh) as pool:
        done = list(pool.map(_escalate_20_times, [(cast.reviewer, ids), (cast.reviewer2, ids[::-1])]))
    assert done == [20 * len(ids)] * 2
    assert count("work_items", "escalation_level = 40") == len(ids)


def _decide_all(task: tuple[Principal, list[int], str]) -> dict[int, str]:
    who, ids, option = task
    return _refused(batching.run(who, _any(ids), tasks.decide(Decision(option, "As agreed.", {}))))


def test_two_batches_of_effects_on_the_same_records_both_get_through(cast: Cast) -> None:
    bookings = [records.paid_booking() for _ in range(30)]
    refunds = [records.held(cast.reviewer, "refund", ("booking", key)) for key in bookings]
    cancellations = [records.held(cast.reviewer2, "cancellation", ("booking", key)) for key in bookings[::-1]]
    deeds = [(cast.reviewer, refunds, "approve"), (cast.reviewer2, cancellations, "accept")]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork"), initializer=_fresh) as pool:
        refused = [why for told in pool.map(_decide_all, deeds) for why in told.values()]
    assert not [why for why in refused if "busy" in why]
    assert count("work_items", "status = 'resolved'") == 60 - len(refused) >= 30
    assert rows("SELECT sum(amount) FROM payments")[0][0] == 0
