"""The figures of a day, held against plain counting over the same story, and against what was seen on that day."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from core import clock
from core.metrics.compliance import Compliance, compliance
from core.metrics.cycles import Period
from core.permissions import process
from core.queue import deciding
from core.queue.deciding import Decision
from core.reports.figures import DAYS, QueueReport, Resolver, end_of, measured
from core.sla import setting
from core.sla.setting import Policy
from core.uow import UnitOfWork, perform
from tests.builders import claimed, opened
from tests.cast import NOON, Cast
from tests.reports.telling import DAY, Story, cycles, priority

FIRST = date(2026, 3, 11)
HOUR = timedelta(hours=1)


def told(day: date) -> QueueReport:
    with UnitOfWork(process("job", "test")) as uow:
        return measured(uow, day)


def average(spans: list[timedelta]) -> float | None:
    return sum(spans, timedelta(0)) / len(spans) / HOUR if spans else None


def compare(story: Story, day: date) -> None:
    report, at = told(day), end_of(day)
    since = at - DAYS * DAY
    items = [each for each in story.items.values() if each.begun[0] < at]
    all_of = [cycle for each in items for cycle in cycles(each, at)]
    pending = [each for each in items if [*cycles(each, at)][-1].decided is None]
    assert report.pending == len(pending)
    assert {each.priority: each.pending for each in report.standings if each.pending} == Counter(
        priority(each, at) for each in pending
    )
    resolved = [
        (each.item_type, each.decided[2], each.decided[0] - each.began_at)
        for each in all_of
        if each.decided and each.decided[1] == "resolved" and each.decided[0] >= since
    ]
    sealed = [each for each in all_of if since <= each.sealed_at < at]
    went = report.performance
    assert (went.resolved, went.hours) == (len(resolved), average([span for *_, span in resolved]))
    assert (went.sealed, went.met) == (
        len(sealed),
        sum(bool(each.decided and each.decided[0] <= each.due_at) for each in sealed),
    )
    came = [each for each in items if each.begun[0] >= since]
    assert (went.opened, went.escalated) == (
        len(came),
        sum(any(moment < at for moment in each.escalated) for each in came),
    )
    assert {(each.item_type, each.pending, each.resolved, each.hours) for each in report.types} == {
        (
            kind,
            sum(each.item_type == kind for each in pending),
            sum(line[0] == kind for line in resolved),
            average([span for name, _, span in resolved if name == kind]),
        )
        for kind in {each.item_type for each in pending} | {line[0] for line in resolved}
    }
    people = [
        Resolver(who, count, average([span for _, by, span in resolved if by == who]))
        for who, count in Counter(by for _, by, _ in resolved).items()
    ]
    assert sorted(report.resolvers, key=lambda each: each.staff_id) == sorted(people, key=lambda each: each.staff_id)
    assert [each.resolved for each in report.resolvers] == sorted((each.resolved for each in people), reverse=True)


@pytest.mark.parametrize("seed", range(3))
def test_every_day_is_told_as_plain_counting_tells_it(cast: Cast, seed: int) -> None:
    story, at = Story(cast, random.Random(seed)), NOON
    while at < NOON + 40 * DAY:
        story.step(at)
        at += timedelta(seconds=story.dice.choice([2, 5, 3600, 20_000, 90_000]))
    assert sum(len(each.begun) > 1 for each in story.items.values()) >= 2
    assert sum(len(each.undone) > 0 for each in story.items.values()) >= 2
    with clock.frozen(at + DAY):
        for days in range(0, 42, 3):
            compare(story, FIRST + days * DAY)


def test_a_day_stays_as_it_was_seen_at_its_end(cast: Cast) -> None:
    """Policies that pause, calendars that change and targets that are set anew later change nothing of the past."""
    story, seen = Story(cast, random.Random(7)), {}
    for day in range(8):
        at = NOON + day * DAY
        for _ in range(15):
            story.step(at)
            at += timedelta(seconds=story.dice.choice([3, 600, 3000]))
        with clock.frozen(at):
            hours = {"mon": [["09:00", "17:00"]], "thu": [["08:00", f"{10 + day}:00"]]}
            perform(cast.admin, setting.set_calendar, "office", {"zone": "UTC", "hours": hours})
            perform(
                cast.admin,
                setting.set_policy,
                Policy(priority="high", resolution_hours=3 + day, calendar_name="office", pauses_when_waiting=True),
            )
        with clock.frozen(end_of(FIRST + day * DAY)):
            seen[FIRST + day * DAY] = told(FIRST + day * DAY)
    with clock.frozen(NOON + 20 * DAY):
        assert {day: told(day) for day in seen} == seen


def test_what_midnight_cuts_in_two_counts_for_each_day_as_it_was(cast: Cast) -> None:
    midnight = end_of(FIRST)
    with clock.frozen(midnight - 2 * HOUR):
        undone, reopened, merged = (claimed(cast.manager, "odd_thing", dedup_key=key, priority="low") for key in "abc")
    with clock.frozen(midnight - timedelta(seconds=3)):
        for number in (undone, reopened):
            perform(cast.manager, deciding.decide, number, Decision("resolve", "so", {}))
    with clock.frozen(midnight + timedelta(seconds=3)):
        perform(cast.manager, deciding.undo, undone)
        perform(cast.manager, deciding.reopen, reopened, "again")
        assert opened(cast.manager, dedup_key="c", priority="high") == merged
    with clock.frozen(midnight + 3 * DAY):
        before, after = told(FIRST), told(FIRST + DAY)
    assert [(each.pending, each.performance.resolved) for each in (before, after)] == [(1, 2), (3, 1)]
    assert [[each.pending for each in report.standings] for report in (before, after)] == [[0, 0, 0, 1], [0, 1, 0, 2]]


def test_nothing_at_all_is_none_and_no_error(cast: Cast) -> None:
    with clock.frozen(NOON):
        report = told(FIRST)
    assert (report.pending, report.types, report.resolvers, report.as_of) == (0, (), (), NOON)
    assert not report.is_final
    went = report.performance
    assert (went.hours, went.compliance, went.escalation_rate) == (None, None, None)
    assert [(each.priority, each.sla_hours, each.pending) for each in report.standings] == [
        ("critical", 4, 0), ("high", 24, 0), ("medium", 168, 0), ("low", 720, 0),
    ]  # fmt: skip


def test_compliance_counts_each_sealed_fate_once_by_the_half_open_period(cast: Cast) -> None:
    with clock.frozen(NOON):
        opened(cast.senior, priority="critical")
        opened(cast.senior, open_ended=True)

    def share(since: datetime, until: datetime) -> Compliance:
        with clock.frozen(NOON + DAY):
            return perform(cast.viewer, compliance, Period(since, until))

    due = NOON + 4 * HOUR
    assert share(NOON, due) == Compliance(0, 0)
    assert share(NOON, due + timedelta(microseconds=1)) == Compliance(1, 0)
    assert share(due, due + HOUR) == Compliance(1, 0)
    assert share(due + HOUR, due + 2 * HOUR) == Compliance(0, 0)
    assert (Compliance(0, 0).rate, Compliance(4, 3).rate) == (None, 0.75)
