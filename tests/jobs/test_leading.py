"""One runner leads at a time, and who no longer leads writes nothing."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
import schedule
from sqlalchemy import text

from core import clock, db, running
from core.alerts.inbox import unread_count
from core.permissions import process
from core.running import Beat, Superseded
from core.uow import UnitOfWork, perform
from jobs.runner import _is_astray
from tests.cast import NOON, Cast

JOB = process("job", "runner")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def beat(runner: str, seconds: float = 0) -> int | None:
    with clock.frozen(NOON + seconds * SECOND):
        answer: Beat = perform(JOB, running.beat, runner)
    return answer.fence


def begin(job: str = "sweep", fence: int | None = 1, seconds: float = 0) -> int | None:
    with clock.frozen(NOON + seconds * SECOND):
        return perform(JOB, running.begin_run, job, "a", fence, every=MINUTE)


def end(run: int | None, error: str | None = None) -> None:
    assert run is not None
    perform(JOB, running.end_run, run, "sweep", {"rows": 1}, error)


def values(sql: str) -> list[object]:
    with db.engine("app").connect() as connection:
        return list(connection.scalars(text(sql)))


def write(uow: UnitOfWork, key: str) -> None:
    uow.execute(
        "INSERT INTO ops_config (config_key, config_value, changed_at) VALUES (:key, '1', :now)",
        {"key": key, "now": uow.now},
    )
    uow.record("tried", "setting", key)


def test_one_leads_for_as_long_as_it_shows_life(database: None) -> None:
    told = [beat("a"), beat("b", 20), beat("a", 25), beat("b", 40), beat("b", 54)]
    assert told == [1, None, 1, None, None]


def test_another_takes_over_within_a_minute_under_a_new_fence(database: None) -> None:
    assert [beat("a"), beat("b", 29), beat("b", 31), beat("a", 32)] == [1, None, 2, None]


def test_a_runner_that_slept_through_its_lease_has_a_new_fence_too(database: None) -> None:
    assert [beat("a"), beat("a", 500)] == [1, 2]


def test_the_lead_that_is_given_back_is_free_at_once(database: None) -> None:
    beat("a")
    with clock.frozen(NOON + SECOND):
        perform(JOB, running.retire, "b")
        perform(JOB, running.retire, "a")
    assert beat("b", 2) == 2


def test_who_leads_no_longer_writes_nothing(database: None) -> None:
    old = beat("a") or 0
    perform(JOB, running.under_fence, old, write, "BEFORE")
    beat("b", 60)
    with pytest.raises(Superseded):
        perform(JOB, running.under_fence, old, write, "AFTER")
    assert values("SELECT config_key FROM ops_config") == ["BEFORE"]


def test_who_loses_the_lead_amid_its_work_does_not_commit_it(database: None) -> None:
    def overtaken(uow: UnitOfWork) -> None:
        write(uow, "LOST")
        assert beat("b", 60) == 2

    with pytest.raises(Superseded):
        perform(JOB, running.under_fence, beat("a") or 0, overtaken)
    assert values("SELECT config_key FROM ops_config") == []


def test_a_takeover_waits_for_who_is_just_committing_and_the_lease_can_be_renewed_meanwhile(database: None) -> None:
    fence = beat("a") or 0
    taken: list[int | None] = []
    with UnitOfWork(JOB) as uow:
        running.under_fence(uow, fence, write, "JUST")
        assert beat("a", 5) == fence
        taking = Thread(target=lambda: taken.append(beat("b", 60)))
        taking.start()
        taking.join(0.5)
        assert taken == []
    taking.join(5)
    assert taken == [2]
    assert values("SELECT config_key FROM ops_config") == ["JUST"]


def test_a_run_is_there_once_for_its_time_whoever_comes(database: None) -> None:
    told = [begin(), begin(seconds=20), begin(seconds=59.9), begin(seconds=60), begin(seconds=86_400)]
    assert [run is not None for run in told] == [True, False, False, True, True]


def test_a_failure_alerts_the_administrators_until_the_job_succeeds(cast: Cast) -> None:
    end(begin(), "it broke")
    end(begin(seconds=60), "it broke again")
    assert (perform(cast.admin, unread_count), perform(cast.reviewer, unread_count)) == (1, 0)
    assert values("SELECT occurrences FROM alerts") == [2]
    end(begin(seconds=120))
    assert perform(cast.admin, unread_count) == 0
    with UnitOfWork(JOB) as uow:
        last = running.last_runs(uow, ["sweep", "never"])
    assert (last["sweep"].outcome, last["sweep"].counts, len(last)) == ("done", {"rows": 1}, 1)


def test_a_job_that_takes_its_runner_down_five_times_is_left_alone_and_others_go_on(database: None) -> None:
    for number in range(5):
        beat("a", 100 * number)
        assert begin(fence=number + 1, seconds=100 * number) is not None
    assert beat("a", 600) == 6
    assert begin(fence=6, seconds=600) is None
    assert values("SELECT DISTINCT outcome FROM job_runs") == ["abandoned"]
    assert begin("other", fence=6, seconds=600) is not None
    by_hand = begin(fence=None, seconds=601)
    end(by_hand)
    assert begin(fence=6, seconds=660) is not None


def test_a_missing_runner_is_noticed_after_ninety_seconds(cast: Cast) -> None:
    def missing(seconds: int) -> bool:
        with clock.frozen(NOON + seconds * SECOND):
            return perform(cast.viewer, running.runner_is_missing)

    assert missing(0)
    beat("a")
    assert (missing(90), missing(91)) == (False, True)
    assert perform(cast.viewer, running.runner_seen) == NOON


def test_a_clock_that_is_off_alerts_until_it_is_right(cast: Cast) -> None:
    perform(JOB, running.note_clock, "here", timedelta(seconds=3600))
    assert perform(cast.admin, unread_count) == 1
    perform(JOB, running.note_clock, "here", None)
    assert perform(cast.admin, unread_count) == 0


def test_the_record_of_runs_is_kept_for_a_month(database: None) -> None:
    end(begin())
    end(begin(seconds=31 * 86_400))
    with clock.frozen(NOON + 32 * timedelta(days=1)):
        assert perform(JOB, running.tidy) == 1


def test_a_clock_that_goes_back_does_not_hold_the_jobs_up() -> None:
    table = schedule.Scheduler()
    job = table.every(1).seconds.do(print)
    assert not _is_astray(table)
    assert job.next_run is not None
    job.next_run += timedelta(hours=1)
    assert _is_astray(table)
