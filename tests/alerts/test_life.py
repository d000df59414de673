"""The life of an alert: put off, acknowledged, announced, broadcast, and kept silent within planned maintenance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from core import clock
from core.alerts import answering, broadcasting, inbox, maintenance
from core.alerts.clearing import clear
from core.alerts.inbox import AlertFilter
from core.alerts.raising import Audience, NewAlert, Raised, raise_alerts
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import Principal, Role, process
from core.queue.newcomers import NewItem
from core.queue.opening import open_item
from core.uow import UnitOfWork, perform
from core.words import AlertType, Queue, Severity
from tests.builders import count
from tests.cast import NOON, Cast

JOB = process("job", "trial")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def tell(
    condition: str = "disk",
    *,
    audience: Audience = Audience(),  # noqa: B008 - frozen
    severity: Severity = Severity.CRITICAL,
    kind: AlertType = AlertType.SYSTEM,
) -> Raised:
    return perform(JOB, raise_alerts, [NewAlert(kind, severity, condition.title(), "Look.", condition, audience)])[0]


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with clock.frozen(moment):
        yield


def unread(person: Principal) -> int:
    return perform(person, inbox.unread_count)


def seen(person: Principal, **wanted: bool) -> list[str]:
    with UnitOfWork(person) as uow:
        return [row.title for row in inbox.alerts(uow, AlertFilter(**wanted)).items]  # type: ignore[arg-type]


def test_a_snoozed_alert_is_out_of_sight_for_one_and_comes_back_unread(cast: Cast) -> None:
    with at(NOON):
        number = tell().id
        perform(cast.reviewer, answering.snooze, number, NOON + HOUR)
        assert (seen(cast.reviewer), seen(cast.reviewer, snoozed=True), unread(cast.reviewer)) == ([], ["Disk"], 0)
        assert (seen(cast.reviewer2), unread(cast.reviewer2)) == (["Disk"], 1)
    with at(NOON + HOUR):
        assert (seen(cast.reviewer), seen(cast.reviewer, snoozed=True), unread(cast.reviewer)) == (["Disk"], [], 1)
        perform(cast.reviewer, answering.mark_read, number)
        assert unread(cast.reviewer) == 0


def test_a_snooze_can_be_ended_and_has_bounds(cast: Cast) -> None:
    with at(NOON):
        number = tell().id
        perform(cast.reviewer, answering.snooze, number, NOON + HOUR)
        perform(cast.reviewer, answering.snooze, number, None)
        assert seen(cast.reviewer) == ["Disk"]
        for moment in (NOON, NOON + timedelta(days=31)):
            with pytest.raises(Invalid, match="next 30 days"):
                perform(cast.reviewer, answering.snooze, number, moment)
        with pytest.raises(NotFound):
            perform(cast.reviewer, answering.snooze, 99, NOON + HOUR)


def test_an_acknowledgement_is_ones_own_and_the_alert_is_loud_again_when_it_expires(cast: Cast) -> None:
    with at(NOON):
        number = tell().id
        until = perform(cast.reviewer, answering.acknowledge, number)
        assert (until, unread(cast.reviewer), unread(cast.reviewer2)) == (NOON + 4 * HOUR, 0, 1)
        assert seen(cast.reviewer) == ["Disk"]
    with at(until - MINUTE):
        assert unread(cast.reviewer) == 0
    with at(until):
        assert (unread(cast.reviewer), seen(cast.reviewer, unread=True)) == (1, ["Disk"])
        perform(cast.reviewer, answering.mark_read, number)
        assert unread(cast.reviewer) == 0


def test_one_that_comes_back_is_loud_although_it_was_acknowledged(cast: Cast) -> None:
    number = tell().id
    perform(cast.reviewer, answering.acknowledge, number)
    perform(JOB, clear, ["disk"])
    tell()
    assert unread(cast.reviewer) == 1


def test_many_are_answered_at_once_and_only_ones_own(cast: Cast) -> None:
    mine, other = tell("a").id, tell("b", audience=Audience(staff_id=cast.reviewer2.staff_id)).id
    assert perform(cast.reviewer, answering.mark_several_read, [mine, other, 99]) == 1
    assert perform(cast.reviewer, answering.dismiss_several, [mine, other]) == 1
    assert (seen(cast.reviewer), seen(cast.reviewer2)) == ([], ["B", "A"])
    with pytest.raises(Invalid, match="at most 500"):
        perform(cast.reviewer, answering.dismiss_several, range(501))


def test_marking_all_read_keeps_to_the_filter(cast: Cast) -> None:
    tell("loud")
    tell("quiet", severity=Severity.INFO)
    assert perform(cast.reviewer, answering.mark_all_read, AlertFilter(severity="info")) == 1
    assert seen(cast.reviewer, unread=True) == ["Loud"]


def test_the_bell_rings_once_for_what_is_critical_and_new_to_its_reader(cast: Cast) -> None:
    with at(NOON):
        began = perform(cast.reviewer, inbox.bell).at
    with at(NOON + MINUTE):
        tell()
        tell("note", severity=Severity.WARNING)
        tell("theirs", audience=Audience(staff_id=cast.reviewer2.staff_id))
        rung = perform(cast.reviewer, inbox.bell, began)
        assert (rung.unread, rung.loud) == (2, ("Disk",))
    with at(NOON + 2 * MINUTE):
        tell()
        assert perform(cast.reviewer, inbox.bell, rung.at).loud == (), "a repeat makes no sound"


def test_a_broadcast_reaches_its_audience_and_says_who_has_read_it(cast: Cast) -> None:
    with at(NOON):
        number = perform(
            cast.manager, broadcasting.broadcast, "Lunch", "Soup today.", Audience(role=Role.REVIEWER), NOON + HOUR
        )
        assert (seen(cast.reviewer), seen(cast.viewer)) == (["Lunch"], [])
        perform(cast.reviewer, answering.mark_read, number)
        told = perform(cast.manager, broadcasting.receipts, number)
        assert {each.full_name: each.read_at for each in told} == {"Rita Reviewer": NOON, "Rolf Reviewer": None}
    with at(NOON + HOUR):
        assert seen(cast.reviewer2) == []


@pytest.mark.parametrize(
    ("title", "message", "after", "field"),
    [("", "x", HOUR, "title"), ("x", " ", HOUR, "message"), ("x", "x", timedelta(0), "expires_at")],
)
def test_a_broadcast_that_says_nothing_or_ends_before_it_begins_is_refused(
    cast: Cast, title: str, message: str, after: timedelta, field: str
) -> None:
    with at(NOON), pytest.raises(Invalid, match=field):
        perform(cast.manager, broadcasting.broadcast, title, message, Audience(), NOON + after)


def test_only_who_may_broadcasts_and_plans_maintenance(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match=r"alerts\.broadcast"):
        perform(cast.senior, broadcasting.broadcast, "x", "y", Audience(), NOON)
    with pytest.raises(NotPermitted, match=r"alerts\.manage"):
        perform(cast.senior, maintenance.plan, "x", NOON, NOON + HOUR)


def test_what_is_raised_within_maintenance_is_kept_and_makes_no_sound(cast: Cast) -> None:
    with at(NOON):
        perform(cast.manager, maintenance.plan, "disks", NOON, NOON + HOUR, alert_types=[AlertType.SYSTEM])
        raised, other = tell(), tell("late", kind=AlertType.SLA_BREACH)
        assert (raised.silent, other.silent) == (True, False)
        assert seen(cast.reviewer) == ["Late", "Disk"]
        assert perform(cast.reviewer, inbox.bell, NOON - MINUTE).loud == ("Late",)
        perform(cast.reviewer, answering.mark_read, raised.id)
    with at(NOON + HOUR):
        again = tell()
        assert (again.is_new, again.silent) == (True, False)
        assert perform(cast.reviewer, inbox.bell, NOON).loud == ("Disk",)


def test_what_stood_before_maintenance_is_no_quieter_for_it(cast: Cast) -> None:
    with at(NOON):
        tell()
        perform(cast.manager, maintenance.plan, "disks", NOON, NOON + HOUR)
        assert tell() == Raised(1, is_new=False, silent=False)


def test_maintenance_of_a_queue_knows_the_queue_of_an_item(cast: Cast) -> None:
    with at(NOON):
        perform(cast.manager, maintenance.plan, "calls", NOON, NOON + HOUR, queues=[Queue.CUSTOMER])
        item = perform(
            cast.reviewer, open_item, NewItem("complaint", "complaint", 7, title="Late", priority="critical")
        )
        assert count("alerts", "silent AND resource_id = :id", id=str(item.id)) == 1
        assert not tell().silent


def test_maintenance_can_be_ended_and_taken_back(cast: Cast) -> None:
    with at(NOON):
        going = perform(cast.manager, maintenance.plan, "a", NOON - HOUR, NOON + HOUR)
        coming = perform(cast.manager, maintenance.plan, "b", NOON + HOUR, NOON + 2 * HOUR)
        assert [window.reason for window in perform(cast.viewer, maintenance.windows)] == ["a", "b"]
        for window in (going, coming):
            perform(cast.manager, maintenance.end, window)
        with pytest.raises(NotFound):
            perform(cast.manager, maintenance.end, going)
        assert perform(cast.viewer, maintenance.windows) == []
        assert not tell().silent


@pytest.mark.parametrize(("starts", "ends"), [(HOUR, HOUR), (-2 * HOUR, -HOUR), (HOUR, timedelta(days=9))])
def test_maintenance_has_a_beginning_and_a_near_end(cast: Cast, starts: timedelta, ends: timedelta) -> None:
    with at(NOON), pytest.raises(Invalid, match="ends_at"):
        perform(cast.manager, maintenance.plan, "x", NOON + starts, NOON + ends)
