"""The sums that metrics are read from are what the records come to, whoever writes, and no answer is torn."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from core import clock, config, db, looking
from core.errors import OpsError
from core.metrics import folding, proving, reading
from core.metrics.reading import Metrics, metrics
from core.permissions import process
from core.queue import claiming, deciding, escalating
from core.queue.deciding import Decision
from core.settings import PROJECT
from core.uow import perform
from jobs.__main__ import app
from tests.builders import claimed, count, item, opened, rows
from tests.cast import NOON, Cast
from tests.metrics import writing

JOB = process("job", "trial")


def folded() -> None:
    while perform(JOB, folding.fold, 300):
        pass


def figures(who: Cast, period: str = "month") -> Metrics:
    reading.forget()
    return perform(who.manager, metrics, period)


def test_eight_writers_leave_exact_sums_and_no_reader_sees_half_of_anything(cast: Cast) -> None:
    with clock.frozen(NOON):
        writers = [
            subprocess.Popen([sys.executable, "-m", "tests.metrics.writing", str(seed), "4"], cwd=PROJECT,
                             stdout=subprocess.PIPE)
            for seed in range(8)
        ]  # fmt: skip
        seen, until = 0, time.monotonic() + 60
        while any(writer.poll() is None for writer in writers) and time.monotonic() < until:
            answer = perform(cast.manager, metrics, "all")
            assert answer.bookings is not None
            assert answer.complaints is not None
            assert answer.bookings.total == answer.complaints.total
            seen += 1
            if seen % 3 == 0:
                perform(JOB, folding.fold, 500)
        deeds = [int(writer.communicate()[0]) for writer in writers]
        assert [writer.returncode for writer in writers] == [0] * 8
        assert min(*deeds, seen) > 3
        assert perform(JOB, proving.differences) == {}
        before = figures(cast)
        folded()
        assert perform(JOB, proving.differences) == {}
        assert figures(cast) == before
        assert count("metric_deltas") == 0


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_items_the_sums_are_what_they_come_to(cast: Cast, seed: int) -> None:
    dice = random.Random(seed)
    items: list[int] = []
    deeds: list[Callable[[int], object]] = [
        lambda number: perform(cast.reviewer, claiming.claim, number),
        lambda number: perform(cast.reviewer, deciding.decide, number, Decision("resolve", "done", {})),
        lambda number: perform(cast.reviewer, deciding.reject, number, "not ours"),
        lambda number: perform(cast.reviewer, deciding.undo, number),
        lambda number: perform(cast.manager, deciding.reopen, number, "again"),
        lambda number: perform(cast.reviewer, escalating.escalate, number, "late"),
    ]
    for step in range(120):
        with clock.frozen(NOON - timedelta(hours=60) + timedelta(minutes=step * 31 + dice.randrange(30))):
            if len(items) < 8 or dice.random() < 0.1:
                items.append(opened(cast.reviewer, sla_hours=dice.choice((1, 5, 50)), resource_id=str(step)))
                continue
            with suppress(OpsError):
                dice.choice(deeds)(dice.choice(items))
            if step % 20 == 0:
                folded()
    assert count("past_cycles") > 0
    assert perform(JOB, proving.differences) == {}
    with clock.frozen(NOON):
        before, cycles = figures(cast), rows("SELECT * FROM past_cycles ORDER BY 1, 2")
        perform(JOB, proving.rebuild)
        assert perform(JOB, proving.differences) == {}
        assert rows("SELECT * FROM past_cycles ORDER BY 1, 2") == cycles
        assert figures(cast) == before


def test_a_reopened_item_stays_in_the_figures_as_it_ended_and_counts_anew(cast: Cast) -> None:
    with clock.frozen(NOON - timedelta(hours=9)):
        number = claimed(cast.reviewer, sla_hours=2)
    with clock.frozen(NOON - timedelta(hours=8)):
        perform(cast.reviewer, deciding.decide, number, Decision("resolve", "done", {}))
    with clock.frozen(NOON - timedelta(hours=5)):
        perform(cast.manager, deciding.reopen, number, "not done at all")
    with clock.frozen(NOON - timedelta(hours=4)):
        perform(cast.reviewer, claiming.claim, number)
    with clock.frozen(NOON):
        lying = figures(cast).sla
        assert lying is not None
        assert (lying.sealed, lying.met, lying.resolved) == (2, 1, 1)
        perform(cast.reviewer, deciding.decide, number, Decision("resolve", "done", {}))
        sla = figures(cast).sla
        assert sla is not None
        assert (sla.sealed, sla.met, sla.resolved, sla.avg_resolution_hours) == (2, 1, 2, 3)
        assert (sla.responded, sla.avg_response_hours) == (2, 0.5)
        perform(cast.reviewer, deciding.undo, number)
        assert figures(cast).sla == lying
    assert item(number).sla_cycle == 2


def test_rows_that_come_by_copy_and_go_in_bulk_are_counted(cast: Cast) -> None:
    raw = db.engine("app").raw_connection()
    try:
        lines = "".join(f"x\tpaid\tcompleted\t{n}.50\tEUR\t2026-03-{n % 10 + 1:02} 08:00+00\n" for n in range(500))
        columns = ("service", "payment_status", "status", "amount", "currency", "created_at")
        raw.cursor().copy_from(io.StringIO(lines), "bookings", columns=columns)
        raw.commit()
    finally:
        raw.close()
    with clock.frozen(NOON):
        revenue = figures(cast).revenue
        assert revenue is not None
        assert float(revenue.total) == sum(n + 0.5 for n in range(500))
        with db.engine("owner").begin() as connection:
            connection.execute(text("DELETE FROM bookings WHERE amount < 100"))
        left = figures(cast).revenue
        assert left is not None
        assert (float(left.total), left.paid_bookings) == (sum(n + 0.5 for n in range(100, 500)), 400)
    assert perform(JOB, proving.differences) == {}


def test_what_was_rolled_back_was_never_counted(cast: Cast) -> None:
    with db.engine("app").connect() as connection:
        writing.write(connection, random.Random(1), writing.PAIRS)
        connection.rollback()
    assert count("metric_deltas") == 0


def test_the_doctor_finds_sums_that_are_off_and_mends_them(cast: Cast) -> None:
    with db.engine("app").begin() as connection:
        writing.write(connection, random.Random(0), writing.PAIRS)
    folded()
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE metric_rollups SET n = n + 1 WHERE fact = 'booking' AND span = 'hour'"))
        connection.execute(text("DELETE FROM metric_rollups WHERE fact = 'complaint' AND span = 'all'"))
    assert set(perform(JOB, proving.differences)) == {"booking", "complaint"}
    said = CliRunner().invoke(app, ["doctor"]).stdout
    assert "BAD  metrics" in said
    assert "--rebuild-metrics" in said
    assert "ok   metrics" in CliRunner().invoke(app, ["doctor", "--rebuild-metrics"]).stdout
    assert perform(JOB, proving.differences) == {}
    assert count("ops_audit_log", "action = 'metrics.rebuilt'") == 1


def test_an_answer_is_kept_until_a_booking_or_complaint_changes(cast: Cast) -> None:
    looking.forget()
    with clock.frozen(NOON):
        first = perform(cast.manager, metrics, "month")
        assert perform(cast.manager, metrics, "month") is first
        assert perform(cast.viewer, metrics, "month") is not first
        assert perform(cast.viewer, metrics, "month").revenue is None
        with db.engine("app").begin() as connection:
            writing.write(connection, random.Random(0), writing.PAIRS)
        second = perform(cast.manager, metrics, "month")
        assert second is not first
        folded()
        assert perform(cast.manager, metrics, "month") is second
    with clock.frozen(NOON + timedelta(seconds=299)):
        assert perform(cast.manager, metrics, "month") is second
    with clock.frozen(NOON + timedelta(seconds=300)):
        assert perform(cast.manager, metrics, "month") is not second
    assert count("ops_audit_log", "action = 'metrics.read' AND actor_name = 'manager'") == 2


def test_what_is_done_to_items_shows_within_seconds(cast: Cast) -> None:
    number = opened(cast.reviewer)
    with clock.frozen(clock.now()) as now:
        first = perform(cast.viewer, metrics, "today", ["queue"])
    perform(cast.reviewer, claiming.claim, number)
    with clock.frozen(now + timedelta(seconds=6)):
        after = perform(cast.viewer, metrics, "today", ["queue"])
    assert first.queue is not None
    assert after.queue is not None
    assert (first.queue.by_status["open"], after.queue.by_status["in_progress"]) == (1, 1)


def test_at_midnight_an_answer_is_over_and_nought_seconds_keep_none(cast: Cast) -> None:
    midnight = NOON.replace(hour=0)
    with clock.frozen(midnight - timedelta(seconds=1)):
        first = perform(cast.viewer, metrics)
    with clock.frozen(midnight):
        second = perform(cast.viewer, metrics)
        assert second.since == midnight
        assert first.since == midnight - timedelta(days=1)
        perform(cast.admin, config.change, "METRICS_CACHE_SECONDS", "0")
        assert perform(cast.viewer, metrics) is not second
