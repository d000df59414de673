"""`python -m jobs import`, as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.errors import Invalid
from jobs.__main__ import app
from tests.intake.shared import one, written
from tests.intake.test_importing import HEAD, case


def _import(*typed: object) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, typed)])


def test_it_says_what_came_in(database: None, tmp_path: Path) -> None:
    file = written(tmp_path, "cases.csv", HEAD + case(1) + case(2))
    said = _import("complaints", file, "--format", "boston-311")
    assert (said.exit_code, said.stdout) == (0, "2 rows read: 2 new.\n")
    again = _import("complaints", file, "--format", "boston-311", "--json")
    assert json.loads(again.stdout)["known"] == 2
    assert one("SELECT DISTINCT actor_kind FROM ops_audit_log") == "cli"


def test_a_dry_run_says_that_nothing_was_kept(database: None, tmp_path: Path) -> None:
    said = _import("complaints", written(tmp_path, "c.csv", HEAD + case(1)), "--format", "boston-311", "--dry-run")
    assert said.stdout == "1 rows read: 1 new. Nothing was kept: a dry run.\n"
    assert one("SELECT count(*) FROM work_items") == 0


def test_rejected_rows_show_in_the_exit_code(database: None, tmp_path: Path) -> None:
    said = _import("complaints", written(tmp_path, "c.csv", HEAD + "1,2\n"), "--format", "boston-311")
    assert (said.exit_code, said.stdout) == (3, "1 rows read: 1 rejected.\n")


@pytest.mark.parametrize("moment", ["yesterday", "2016-01-13", "2016-01-13T00:00", "99999-01-01T00:00Z"])
def test_a_moment_needs_its_zone(tmp_path: Path, moment: str) -> None:
    file = written(tmp_path, "c.csv", HEAD)
    said = _import("complaints", file, "--format", "boston-311", "--as-of", moment)
    assert isinstance(said.exception, Invalid)
    assert "as-of" in said.exception.sentence
