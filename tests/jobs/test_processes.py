"""Runners as real processes: stopped in good order, killed, and paused past their lease."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core import clock, db
from core.permissions import process
from core.queue.newcomers import NewItem
from core.queue.opening import open_item
from core.settings import PROJECT
from core.uow import perform

PATIENCE_SECONDS = 25


def values(sql: str) -> list[Any]:
    with db.engine("app").connect() as connection:
        return list(connection.scalars(text(sql)))


def eventually(so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    until = time.monotonic() + seconds
    while not so() and time.monotonic() < until:
        time.sleep(0.1)
    return so()


class Running:
    """One runner's process, and what it has said."""

    def __init__(self, log: Path, *words: str) -> None:
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=PROJECT, stdout=log.open("w"), stderr=subprocess.STDOUT
        )

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def has(self, event: str, **what: object) -> bool:
        wanted = {"event": event, **what}
        return any(wanted.items() <= line.items() for line in self.said())

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)


@pytest.fixture
def start(database: None, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*words: str) -> Running:
        started.append(Running(tmp_path / f"{len(started)}.log", *words))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()
    db.engine("app").dispose()


def slow(start: Callable[..., Running], lease: float, work: float) -> Running:
    return start("tests.jobs.slow_runner", str(lease), str(work))


def test_a_runner_does_what_is_due_and_ends_in_good_order(start: Callable[..., Running]) -> None:
    with clock.frozen(clock.now() - timedelta(hours=8)):
        perform(process("cli", "trial"), open_item, NewItem("pdf_deletion_failed", "meal_plan", 1, sla_hours=4))
    runner = start("jobs", "run")
    assert eventually(lambda: runner.has("run", job="escalate_breaches", outcome="done"))
    assert values("SELECT count(*) FROM alerts WHERE alert_type = 'sla_breach'") == [1]
    begun = time.monotonic()
    runner.signal(signal.SIGTERM)
    assert runner.process.wait(timeout=12) == 0
    assert time.monotonic() - begun < 10
    assert values("SELECT leased_until <= clock_timestamp() FROM leadership") == [True]
    assert runner.has("ends", cut_off=[])
    assert eventually(lambda: values("SELECT count(*) FROM job_runs WHERE outcome = 'running'") == [0], 1)


def test_what_is_under_way_is_finished_before_the_end(start: Callable[..., Running]) -> None:
    runner = slow(start, lease=9, work=2)
    assert eventually(lambda: runner.has("writing"))
    runner.signal(signal.SIGTERM)
    assert runner.process.wait(timeout=12) == 0
    assert values("SELECT outcome FROM job_runs") == ["done"]


def test_an_alert_comes_at_the_moment_a_deadline_falls(start: Callable[..., Running]) -> None:
    runner = start("jobs", "run")
    assert eventually(
        lambda: values("SELECT count(*) FROM job_runs WHERE job = 'check_sla' AND outcome = 'done'") == [1]
    )
    perform(process("cli", "trial"), open_item, NewItem("pdf_deletion_failed", "meal_plan", 1, sla_hours=2 / 3600))
    assert eventually(lambda: "sla_breach" in values("SELECT alert_type FROM alerts"), 8)
    assert runner.process.poll() is None


def test_a_killed_leaders_place_is_taken(start: Callable[..., Running]) -> None:
    first = slow(start, lease=2, work=0.01)
    assert eventually(lambda: first.has("leads", fence=1))
    second = slow(start, lease=2, work=0.01)
    assert eventually(lambda: second.has("starts"))
    first.signal(signal.SIGKILL)
    assert eventually(lambda: second.has("leads", fence=2))
    assert eventually(lambda: second.has("run", job="slow", outcome="done"))


def test_a_leader_that_was_paused_past_its_lease_writes_nothing(start: Callable[..., Running]) -> None:
    first = slow(start, lease=2, work=1)
    assert eventually(lambda: first.has("writing"))
    first.signal(signal.SIGSTOP)
    second = slow(start, lease=2, work=0.01)
    assert eventually(lambda: second.has("leads", fence=2))
    done = "SELECT count(*) FROM job_runs WHERE outcome = 'done' AND fence = 1"
    before, rows = values(done), values("SELECT count(*) FROM ops_audit_log WHERE action = 'tried'")
    assert eventually(lambda: second.has("run", job="slow", outcome="done"))
    second.signal(signal.SIGSTOP)
    first.signal(signal.SIGCONT)
    assert eventually(lambda: first.has("run", outcome="superseded"))
    assert values(done) == before
    assert values(f"SELECT count(*) - {rows[0]} FROM ops_audit_log WHERE action = 'tried'") == values(
        "SELECT count(*) FROM job_runs WHERE fence = 2 AND outcome = 'done'"
    )
    assert values("SELECT count(*) FROM job_runs WHERE fence = 1 AND outcome = 'abandoned'") == [1]


def test_two_runners_do_each_thing_once(start: Callable[..., Running]) -> None:
    both = [slow(start, lease=3, work=0.01) for _ in range(2)]
    assert eventually(lambda: sum(line["event"] == "run" for each in both for line in each.said()) >= 3)
    for each in both:
        each.signal(signal.SIGTERM)
        assert each.process.wait(timeout=12) == 0
    assert values("SELECT count(*) - count(DISTINCT scheduled_for) FROM job_runs") == [0]
    assert values("SELECT count(*) FROM sign_in_throttles") == values("SELECT count(*) FROM job_runs")
