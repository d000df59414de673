"""Kept batches: gone on with by whoever comes back, every item once, stopped between two turns, one's own alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from core import db
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.permissions import Principal
from core.queue import batching, claiming, continuing, noting, opening, tasks
from core.queue.continuing import STEP, Batch
from core.queue.deciding import Decision
from core.queue.newcomers import NewItem
from core.queue.tasks import Chosen, Task
from core.resolutions import guiding
from core.uow import perform
from tests.builders import claimed, count, history, item, opened, rows
from tests.cast import NOON, Cast


def _many(cast: Cast, number: int) -> list[int]:
    return [
        each.id for each in perform(cast.admin, opening.open_items, [NewItem("odd", "o", n) for n in range(number)])
    ]


def _begun(who: Principal, ids: Sequence[int], task: Task) -> int:
    return perform(who, continuing.begin, perform(who, batching.afresh, ids), task)


def _read(who: Principal, batch: int) -> Batch:
    return perform(who, continuing.batch, batch)


def _finish(who: Principal, batch: int) -> Batch:
    while perform(who, continuing.go_on, batch):
        pass
    return _read(who, batch)


def test_a_batch_is_gone_on_with_turn_by_turn_until_every_item_had_one(cast: Cast) -> None:
    ids = _many(cast, STEP + 5)
    perform(cast.reviewer2, claiming.claim, ids[1])
    batch = _begun(cast.reviewer, ids, tasks.claim())
    assert count("work_items", "status = 'in_progress'") == 1
    assert perform(cast.reviewer, continuing.go_on, batch)
    half = _read(cast.reviewer, batch)
    assert (half.tried, half.left, half.has_ended) == (STEP, tuple(ids[STEP:]), False)
    assert not perform(cast.reviewer, continuing.go_on, batch)
    whole = _read(cast.reviewer, batch)
    assert (whole.done, whole.left, whole.has_ended) == ((ids[0], *ids[2:]), (), True)
    assert "Rolf Reviewer" in whole.refused[ids[1]]
    assert not perform(cast.reviewer, continuing.go_on, batch)
    assert count("work_actions", "kind = 'CLAIM'") == len(ids)


def test_a_turn_that_is_cut_off_is_had_again_and_nothing_is_done_twice(cast: Cast) -> None:
    ids = _many(cast, STEP * 2)
    batch = _begun(cast.reviewer, ids, tasks.comment("Once."))
    perform(cast.reviewer, continuing.go_on, batch)

    def cut(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE batches SET tried"):
            raise KeyboardInterrupt

    event.listen(db.engine("app"), "before_cursor_execute", cut)
    try:
        with pytest.raises(KeyboardInterrupt):
            perform(cast.reviewer, continuing.go_on, batch)
    finally:
        event.remove(db.engine("app"), "before_cursor_execute", cut)
    assert perform(cast.reviewer, continuing.unfinished) == batch
    assert _finish(cast.reviewer, batch).done == tuple(ids)
    assert all(history(number) == ["OPEN", "COMMENT"] for number in (ids[0], ids[-1]))
    assert count("work_actions", "kind = 'COMMENT'") == len(ids)
    assert perform(cast.reviewer, continuing.unfinished) is None


def test_it_stops_between_two_turns_and_goes_on_or_is_put_away(cast: Cast) -> None:
    ids = _many(cast, STEP * 3)
    batch = _begun(cast.reviewer, ids, tasks.claim())
    perform(cast.reviewer, continuing.go_on, batch)
    perform(cast.reviewer, continuing.stop, batch)
    assert not perform(cast.reviewer, continuing.go_on, batch)
    assert _read(cast.reviewer, batch).tried == STEP
    perform(cast.reviewer, continuing.resume, batch)
    assert perform(cast.reviewer, continuing.go_on, batch)
    perform(cast.reviewer, continuing.put_away, batch)
    assert not perform(cast.reviewer, continuing.go_on, batch)
    assert (_read(cast.reviewer, batch).left, perform(cast.reviewer, continuing.unfinished)) == (
        tuple(ids[-STEP:]),
        None,
    )
    for verb in (continuing.stop, continuing.resume, continuing.put_away):
        with pytest.raises(Conflict):
            perform(cast.reviewer, verb, batch)


def test_what_cannot_be_done_to_any_stops_it_with_the_reason(cast: Cast) -> None:
    batch = _begun(cast.manager, _many(cast, 2), tasks.assign(cast.reviewer.staff_id or 0))
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE staff SET is_active = false WHERE id = :id"), {"id": cast.reviewer.staff_id})
    assert not perform(cast.manager, continuing.go_on, batch)
    found = _read(cast.manager, batch)
    assert (found.state, len(found.left)) == ("stopped", 2)
    assert "cannot hold items" in found.why


def test_every_deed_comes_back_from_where_it_was_kept(cast: Cast, noon: object) -> None:
    number, mine, free = opened(cast.admin), claimed(cast.manager), opened(cast.admin)
    later = NOON + timedelta(hours=4)
    for task, ids in (
        (tasks.change_priority("high", "A flood."), [number]),
        (tasks.escalate("Look."), [number]),
        (tasks.comment("Seen."), [number]),
        (tasks.claim(), [number]),
        (tasks.assign(cast.reviewer.staff_id or 0), [number]),
        (tasks.decide(Decision("defer", "As agreed.", {"until": later})), [mine]),
        (tasks.defer(later, "The supplier is closed."), [free]),
    ):
        found = _finish(cast.manager, _begun(cast.manager, ids, task))
        assert (found.done, found.why) == (tuple(ids), ""), task.name
    assert [item(each).deferred_until for each in (mine, free)] == [later, later]
    assert history(number) == ["OPEN", "PRIORITY_CHANGE", "ESCALATE", "COMMENT", "CLAIM", "ASSIGN"]
    with pytest.raises(Invalid):
        tasks.restored("dance", {})


def test_a_batch_is_its_owners_alone(cast: Cast) -> None:
    batch = _begun(cast.reviewer, _many(cast, 2), tasks.claim())
    for verb in (continuing.batch, continuing.go_on, continuing.stop, continuing.resume, continuing.put_away):
        with pytest.raises(NotFound):
            perform(cast.admin, verb, batch)
        with pytest.raises(NotPermitted):
            perform(cast.viewer, verb, batch)
    with pytest.raises(Invalid):
        perform(cast.reviewer, continuing.begin, Chosen({}), tasks.claim())
    assert perform(cast.reviewer2, continuing.unfinished) is None


def test_each_step_is_on_record_and_the_old_ones_are_forgotten(cast: Cast) -> None:
    old = _begun(cast.reviewer, _many(cast, 1), tasks.claim())
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE batches SET begun_at = begun_at - interval '8 days'"))
    batch = _begun(cast.reviewer, [opened(cast.admin)], tasks.claim())
    _finish(cast.reviewer, batch)
    trail = [row.action for row in rows("SELECT action FROM ops_audit_log WHERE resource_id = :it", it=f"kept-{batch}")]
    assert trail == ["batch.begun", "batch.carried_out", "batch.read"]
    with pytest.raises(NotFound):
        _read(cast.reviewer, old)


def test_what_was_refused_is_taken_up_as_it_stands_now(cast: Cast) -> None:
    ids = _many(cast, 2)
    chosen = perform(cast.reviewer, batching.afresh, ids)
    perform(cast.manager, noting.change_priority, ids[0], "critical", "an angry call")
    refused = _finish(cast.reviewer, perform(cast.reviewer, continuing.begin, chosen, tasks.claim())).refused
    assert list(refused) == ids[:1]
    assert _finish(cast.reviewer, _begun(cast.reviewer, list(refused), tasks.claim())).done == tuple(ids[:1])
    assert item(ids[0]).status == "in_progress"


def test_the_options_for_many_are_those_that_all_their_types_have(cast: Cast) -> None:
    complaint, other = opened(cast.admin, "complaint", resource_id=1), opened(cast.admin, "odd")
    alone = [offer.name for offer in perform(cast.reviewer, guiding.common, [complaint])]
    both = [offer.name for offer in perform(cast.reviewer, guiding.common, [complaint, other])]
    assert {"respond", "resolve", "refund"} <= set(alone)
    assert set(both) < set(alone)
    assert {"resolve", "escalate"} <= set(both)
    assert perform(cast.reviewer, guiding.common, []) == ()
