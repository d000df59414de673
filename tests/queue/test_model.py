"""Random sequences of moves by random people, held against a model of the life of an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from core.errors import OpsError
from core.permissions import Principal, process
from core.queue import assigning, claiming, deciding, deferring, escalating, noting, waiting
from core.queue.deciding import Decision
from core.uow import perform
from core.words import ActionKind
from tests.builders import history, item, opened, rows
from tests.cast import NOON, Cast

PEOPLE = ("reviewer", "reviewer2", "senior", "manager", "viewer")
DEEDS = (
    "claim",
    "release",
    "wait",
    "resume",
    "defer",
    "wake",
    "escalate",
    "resolve",
    "reject",
    "reopen",
    "undo",
    "assign",
    "expire",
    "priority",
    "comment",
)
LEASE, UNDO, NAP = timedelta(minutes=30), timedelta(seconds=10), timedelta(minutes=45)


@dataclass(frozen=True)
class Model:
    """What an item is, in words as plain as the specification's table."""

    status: str = "open"
    holder: str | None = None
    level: int = 0
    cycle: int = 1
    version: int = 1
    priority: str = "medium"
    lease_ends: timedelta = timedelta(0)
    wakes: timedelta = timedelta(0)
    decided_at: timedelta = timedelta(0)
    decided_by: str | None = None
    actions: tuple[str, ...] = ("OPEN",)

    def to(self, action: ActionKind, **changes: object) -> Model:
        return replace(self, version=self.version + 1, actions=(*self.actions, action), **changes)  # type: ignore[arg-type]


def expected(m: Model, deed: str, who: str, at: timedelta) -> Model | None:
    """What the deed makes of the item; None when it is to be refused."""
    writes, manages = who != "viewer", who == "manager"
    held, open_now = m.holder == who and m.status == "in_progress", m.status not in ("resolved", "rejected")
    kind = ActionKind
    taken = {"status": "in_progress", "lease_ends": at + LEASE}
    freed = {"status": "open", "holder": None}
    decided = {"decided_at": at, "decided_by": who}
    claimable = m.status == "open" or (m.status == "deferred" and m.wakes <= at)
    possible = {
        "claim": writes and claimable and m.to(kind.CLAIM, holder=who, **taken),
        "release": writes and held and m.to(kind.RELEASE, **freed),
        "wait": writes and held and m.to(kind.WAIT, status="waiting"),
        "resume": writes and m.status == "waiting" and m.holder == who and m.to(kind.RESUME, **taken),
        "defer": writes
        and (m.status == "open" or held)
        and m.to(kind.DEFER, status="deferred", holder=None, wakes=at + NAP),
        "wake": m.status == "deferred" and m.wakes <= at and m.to(kind.WAKE, **freed),
        "escalate": writes and open_now and m.to(kind.ESCALATE, level=m.level + 1),
        "resolve": writes and held and m.to(kind.RESOLVE, status="resolved", **decided),
        "reject": writes and held and m.to(kind.REJECT, status="rejected", **decided),
        "reopen": manages and not open_now and m.to(kind.REOPEN, cycle=m.cycle + 1, **freed),
        "undo": writes
        and not open_now
        and m.decided_by == who
        and at < m.decided_at + UNDO
        and m.to(kind.UNDO, holder=who, **taken),
        "assign": manages
        and m.status in ("open", "in_progress")
        and m.holder != "reviewer2"
        and m.to(kind.ASSIGN, holder="reviewer2", **taken),
        "expire": m.status == "in_progress" and m.lease_ends <= at and m.to(kind.RELEASE, **freed),
        "priority": writes and open_now and m.priority != "high" and m.to(kind.PRIORITY_CHANGE, priority="high"),
        "comment": writes and replace(m, actions=(*m.actions, kind.COMMENT)),
    }
    return possible[deed] or None


def attempt(deed: str, who: Principal, number: int, assignee: int) -> bool:
    """Do it for real; whether it was done."""
    clockwork = process("job", "test")
    done = Decision("resolve", "because", {})
    deeds: dict[str, Callable[[], object]] = {
        "claim": lambda: perform(who, claiming.claim, number),
        "release": lambda: perform(who, claiming.release, number),
        "wait": lambda: perform(who, waiting.wait_on, number, "customer"),
        "resume": lambda: perform(who, waiting.resume, number),
        "defer": lambda: perform(who, deferring.defer, number, (clock.frozen_at() or NOON) + NAP),
        "wake": lambda: perform(clockwork, deferring.wake_deferred),
        "escalate": lambda: perform(who, escalating.escalate, number, "louder"),
        "resolve": lambda: perform(who, deciding.decide, number, done),
        "reject": lambda: perform(who, deciding.reject, number, "no"),
        "reopen": lambda: perform(who, deciding.reopen, number, "again"),
        "undo": lambda: perform(who, deciding.undo, number),
        "assign": lambda: perform(who, assigning.assign, number, assignee),
        "expire": lambda: perform(clockwork, claiming.expire_leases),
        "priority": lambda: perform(who, noting.change_priority, number, "high", "so"),
        "comment": lambda: perform(who, noting.comment, number, "hm"),
    }
    try:
        return deeds[deed]() != 0
    except OpsError:
        return False


STEPS = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.sampled_from(PEOPLE),
        st.sampled_from([timedelta(0), timedelta(seconds=5), timedelta(minutes=16), timedelta(hours=1)]),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_sequence_of_moves_differs_from_the_model(cast: Cast, steps: list[tuple[str, str, timedelta]]) -> None:
    names = {getattr(cast, name).staff_id: name for name in PEOPLE}
    with clock.frozen(NOON):
        number = opened(cast.senior)
    model, at = Model(), timedelta(0)
    for deed, who, pause in steps:
        at += pause
        becomes = expected(model, deed, who, at)
        with clock.frozen(NOON + at):
            done = attempt(deed, getattr(cast, who), number, cast.reviewer2.staff_id or 0)
        assert done is (becomes is not None), (deed, who, model)
        model = becomes or model
        _compare(number, model, names)
    _retire(number)


def _compare(number: int, model: Model, names: dict[int, str]) -> None:
    found = item(number)
    held = names.get(found.assigned_to) if found.status in ("in_progress", "waiting") else None
    shown = (found.status, held, found.escalation_level, found.sla_cycle, found.version, found.priority)
    open_holder = model.holder if model.status in ("in_progress", "waiting") else None
    assert shown == (model.status, open_holder, model.level, model.cycle, model.version, model.priority)
    assert tuple(history(number)) == model.actions
    last = rows(
        "SELECT version, status_after FROM work_actions WHERE item_id = :id ORDER BY id DESC LIMIT 1", id=number
    )
    assert (last[0].version, last[0].status_after) == (found.version, found.status)


def _retire(number: int) -> None:
    """Sweeps of the next example shall find only their own item."""
    from sqlalchemy import text

    from core import db

    with db.engine("app").begin() as connection:
        connection.execute(
            text(
                "UPDATE work_items SET status = 'resolved', resolved_at = now(), lease_expires_at = NULL, "
                "deferred_until = NULL, waiting_on = NULL WHERE id = :id"
            ),
            {"id": number},
        )
