"""What an operator types: each job by hand, the list, the checks, and refusals in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from core import anchors, clock, db
from core.permissions import process
from core.queue.newcomers import NewItem
from core.queue.opening import open_items
from core.settings import PROJECT
from core.uow import perform
from jobs.__main__ import app
from jobs.timetable import TIMETABLE
from jobs.turns import Turn, carry_out
from tests.cast import Cast

NAMES = [job.name for job in TIMETABLE]


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=False)


def answered(*words: str) -> Any:
    return json.loads(typed(*words, "--json").stdout)


@pytest.fixture
def filled(cast: Cast) -> None:
    with clock.frozen(clock.now() - timedelta(hours=8)):
        news = [
            NewItem("complaint" if number % 2 else "pdf_deletion_failed", "x", number, priority="critical")
            for number in range(30)
        ]
        perform(process("cli", "trial"), open_items, news)


def test_every_job_can_be_run_by_hand_on_an_empty_database(database: None) -> None:
    for name in NAMES:
        assert typed("run-once", name).exit_code == 0, name


def test_every_job_does_its_work_once_on_a_full_one(filled: None) -> None:
    first = {name: answered("run-once", name) for name in NAMES}
    again = {name: answered("run-once", name) for name in NAMES}
    assert {told["how"] for told in (*first.values(), *again.values())} == {"done"}
    did = {name: sum(told["counts"].values()) for name, told in first.items()}
    assert (did["check_sla"], did["escalate_breaches"], did["check_unassigned"]) == (30, 30, 30)
    for name in ("check_sla", "escalate_breaches", "check_critical", "check_unassigned"):
        assert not any(again[name]["counts"].values()), name


def test_the_list_shows_the_last_run_and_how_it_ended(database: None) -> None:
    typed("run-once", "wake_deferred")
    carry_out(Turn("check_sla", "trial"), lambda _: {"x": 1 // 0})
    told = {line["name"]: line for line in answered("list")}
    assert (told["wake_deferred"]["last_outcome"], told["check_sla"]["last_outcome"]) == ("done", "failed")
    assert "ZeroDivisionError" in told["check_sla"]["last_error"]
    assert told["refresh_scores"]["last_run_at"] is None
    assert "No runner has been seen" in typed("list").stdout


def test_a_failing_job_says_so_and_gives_nobody_away(database: None, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: Turn) -> dict[str, int]:
        raise RuntimeError("jane@example.com has no row")

    outcome = carry_out(Turn("wake_deferred", "trial"), broken)
    assert (outcome.how, outcome.error) == ("failed", "RuntimeError: **** has no row")
    assert json.loads(capsys.readouterr().err)["outcome"] == "failed"


def test_staff_and_tokens_are_made_from_the_command_line(database: None) -> None:
    made = answered("create-staff", "nina", "Nina New", "--role", "reviewer")
    assert len(made["password"]) >= 12
    token = typed("create-token", "--staff", "nina", "--name", "intake", "--scope", "ops.read").stdout.strip()
    assert token.startswith("opd_")
    with db.engine("app").connect() as connection:
        kinds = connection.execute(text("SELECT DISTINCT actor_kind FROM ops_audit_log")).scalars().all()
    assert kinds == ["cli"]


def test_the_audit_log_is_proven_and_a_change_is_found(filled: None) -> None:
    anchors.path().unlink(missing_ok=True)  # those of an earlier test's log
    typed("run-once", "seal_audit")
    assert answered("verify-audit")["ok"]
    with db.engine("owner").begin() as connection:
        connection.execute(text("ALTER TABLE ops_audit_log DISABLE TRIGGER ops_audit_log_append_only"))
        connection.execute(text("UPDATE ops_audit_log SET actor_name = 'somebody' WHERE id = 3"))
        connection.execute(text("ALTER TABLE ops_audit_log ENABLE TRIGGER ops_audit_log_append_only"))
    found = typed("verify-audit")
    assert (found.exit_code, "NOT what it was" in found.stdout) == (1, True)


def test_the_doctor_finds_what_is_missing(database: None) -> None:
    told = {check["name"]: check["ok"] for check in answered("doctor")}
    assert told == {
        "settings": True, "server": True, "schema": True, "roles": True, "clocks": True, "runner": False,
        "jobs": True, "audit seals": True, "search": True, "metrics": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run-once", "nothing"], 2, "job: is one of check_sla"),
        (["create-token", "--staff", "nobody", "--name", "x"], 1, "There is no active member of staff nobody."),
        (["run-twice"], 2, "No such command"),
    ],
)
def test_a_refusal_is_a_sentence_and_an_exit_code(database: None, words: list[str], code: int, said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "jobs", *words], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (code, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_database_the_answer_is_a_sentence_too() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "jobs", "list"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"},
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "database" in ended.stderr.lower()
