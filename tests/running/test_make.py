"""The Makefile and the Procfile say what there is, and what they name exists."""

from __future__ import annotations

import re
import subprocess

from honcho.environ import parse_procfile

from core.settings import PROJECT


def _make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False)


def test_make_alone_prints_every_target_and_does_nothing() -> None:
    printed = re.findall(r"^  make (\w+)  +\S", _make().stdout, re.MULTILINE)
    assert printed == ["help", "run", "test", "check", "migration", "clean"]


def test_a_machine_without_a_fitting_python_is_told_what_to_install() -> None:
    refused = _make("run", "PYTHON=")
    assert refused.returncode != 0
    assert "needs Python 3.11 or newer with its venv module" in refused.stdout


def test_the_procfile_names_the_three_processes() -> None:
    assert list(parse_procfile((PROJECT / "Procfile").read_text()).processes) == ["web", "api", "jobs"]
