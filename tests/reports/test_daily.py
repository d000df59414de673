"""The daily report at nine: once a day whoever runs it and however late, and told to the managers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from core import clock, running
from core.alerts import inbox
from core.permissions import Principal, process
from core.reports import daily, keeping
from core.uow import perform
from jobs.timetable import TIMETABLE, Job, job
from jobs.turns import Turn, carry_out
from tests.builders import count, opened, rows
from tests.cast import NOON, Cast

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NINE = NOON - 3 * HOUR
RUNNER = process("job", "runner")
DAILY = job("report_metrics")


def ran(what: Job, at: datetime, runner: str = "a", fence: int | None = None) -> str:
    with clock.frozen(at):
        return carry_out(Turn(what.name, runner, fence), what.work, every=what.every, begins=what.begins).how


def summaries(who: Principal) -> list[inbox.AlertRow]:
    return [each for each in perform(who, inbox.alerts).items if each.alert_type == "daily_summary"]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ((11, 9, 0, 0), 10),
        ((11, 8, 59, 59), 9),
        ((11, 23, 59, 59), 10),
        ((12, 3, 0, 0), 10),
    ],
)
def test_from_nine_on_the_day_before_is_due(now: tuple[int, int, int, int], day: int) -> None:
    at, hour, minute, second = now
    assert daily.due_day(datetime(2026, 3, at, hour, minute, second, tzinfo=UTC)) == date(2026, 3, day)


def test_there_is_one_run_a_day_and_it_is_at_nine(cast: Cast) -> None:
    told = [ran(DAILY, NINE + span) for span in (0 * HOUR, HOUR, 23 * HOUR, DAY, DAY + HOUR)]
    assert told == ["done", "skipped", "skipped", "done", "skipped"]
    assert [row.for_date for row in rows("SELECT for_date FROM reports ORDER BY for_date")] == [
        date(2026, 3, 10),
        date(2026, 3, 11),
    ]
    assert [row.at for row in rows("SELECT scheduled_for AS at FROM job_runs ORDER BY id")] == [NINE, NINE + DAY]


def test_many_runners_make_one_report(cast: Cast) -> None:
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda number: ran(DAILY, NINE, f"runner {number}"), range(12)))
    assert sorted(told) == ["done"] + 11 * ["skipped"]
    assert (count("reports"), count("job_runs")) == (1, 1)


def test_a_runner_that_slept_for_days_fires_once_and_then_at_nine_again(cast: Cast) -> None:
    late = NINE + 5 * DAY - 2 * HOUR
    assert [ran(DAILY, at) for at in (NINE, late, late + HOUR, late + 2 * HOUR)] == ["done", "done", "skipped", "done"]
    assert [row.day.day for row in rows("SELECT for_date AS day FROM reports ORDER BY for_date")] == [10, 14, 15]


def test_a_late_run_tells_the_day_as_a_punctual_one_would_have(cast: Cast) -> None:
    with clock.frozen(NINE - DAY):
        opened(cast.senior)
    with clock.frozen(NINE + HOUR):
        opened(cast.senior)
    assert ran(DAILY, NINE + 8 * HOUR) == "done"
    with clock.frozen(NINE + DAY):
        report = perform(cast.viewer, keeping.read, date(2026, 3, 10)).report
    assert (report.pending, report.as_of) == (1, datetime(2026, 3, 11, tzinfo=UTC))


def test_a_run_whose_runner_was_killed_is_begun_again_on_that_day_but_not_for_ever(database: None) -> None:
    def begun(fence: int, seconds: int) -> int | None:
        with clock.frozen(NINE + timedelta(seconds=seconds)):
            assert perform(RUNNER, running.beat, f"runner {fence}").fence == fence
            return perform(RUNNER, running.begin_run, "daily", "x", fence, every=DAILY.every, begins=DAILY.begins)

    told = [begun(number + 1, 60 * number) for number in range(7)]
    assert [run is not None for run in told] == 5 * [True] + 2 * [False]
    assert rows("SELECT outcome, tries, scheduled_for FROM job_runs") == [("abandoned", 5, NINE)]


def test_the_managers_are_told_once_with_the_figures_and_the_way_to_the_report(cast: Cast) -> None:
    with clock.frozen(NINE - DAY):
        opened(cast.senior, priority="critical")
    summary = job("daily_summary")
    assert [ran(summary, NINE), ran(summary, NINE + HOUR)] == ["done", "skipped"]
    with clock.frozen(NINE + 2 * HOUR):
        assert carry_out(Turn(summary.name, "by hand"), summary.work).counts == {"told": 0}
        (alert,) = summaries(cast.manager)
        assert (summaries(cast.reviewer), len(summaries(cast.admin))) == ([], 1)
    assert alert.title == "Daily summary of 2026-03-10: 1 pending"
    assert alert.message.startswith("1 critical, 0 high, 0 medium, 0 low. In 30 days 0 were resolved")
    assert (alert.resource_type, alert.resource_id, alert.occurrences) == ("report", "20260310", 1)
    with clock.frozen(NINE + DAY):
        assert summaries(cast.manager) == []


def test_both_stand_in_the_timetable_at_nine() -> None:
    assert {each.name: each.at for each in TIMETABLE if each.at is not None} == {
        "report_metrics": 9 * HOUR,
        "daily_summary": 9 * HOUR,
    }
