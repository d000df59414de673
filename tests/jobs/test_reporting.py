"""`report` on the terminal: prints a day in each form, keeps it, and refuses what is no day."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta

import pytest

from core import clock
from core.settings import PROJECT
from tests.builders import count, opened, rows
from tests.cast import Cast
from tests.jobs.test_commands import typed


def test_a_report_is_printed_and_kept(cast: Cast) -> None:
    with clock.frozen(clock.now() - timedelta(days=3)):
        opened(cast.senior, priority="critical")
    today, yesterday = clock.now().date(), clock.now().date() - timedelta(days=1)
    said = typed("report").stdout
    assert said.startswith(f"Daily Queue Report - {today}, until ")
    assert re.search(r"Critical \(4h\) +1\n", said)
    assert json.loads(typed("report", "--date", f"{yesterday}", "--format", "json").stdout)["date"] == f"{yesterday}"
    assert typed("report", "--date", f"{yesterday}", "--format", "html").stdout.startswith("<!doctype html>")
    assert [row.for_date for row in rows("SELECT for_date FROM reports ORDER BY for_date")] == [yesterday, today]
    assert count("ops_audit_log", "action = 'report.produced' AND actor_kind = 'cli'") == 3


@pytest.mark.parametrize(
    "date", ["2026-02-30", "0000-00-00", "99999-01-01", "2099-01-01", "١٢٣", "'; DROP TABLE reports"]
)
def test_what_is_no_day_is_a_sentence_and_exit_code_2(database: None, date: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "jobs", "report", "--date", date],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("date: ")


def test_the_help_says_what_there_is(database: None) -> None:
    said = typed("report", "--help")
    assert said.exit_code == 0
    for word in ("--date", "--format", "text", "html", "json"):
        assert word in said.stdout
    assert typed("report", "--format", "pdf").exit_code == 2


def test_the_list_says_when_it_runs_next(cast: Cast) -> None:
    typed("run-once", "report_metrics")
    lines = {line["name"]: line for line in json.loads(typed("list", "--json").stdout)}
    assert lines["report_metrics"]["at"] == "09:00 UTC"
    assert lines["check_sla"]["at"] is None
    assert "09:00 UTC" in typed("list").stdout
