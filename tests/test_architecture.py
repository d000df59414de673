"""The shape of the house: arrows point down, every verb names its permission, every rule has its home."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import core
from core.permissions import VERBS
from core.settings import PROJECT

DOORS = {"streamlit", "fastapi", "schedule", "typer", "rich", "plotly", "uvicorn", "ui", "web", "api", "jobs", "pages"}
GROUND = {"uow", "tables", "db", "clock", "permissions", "audit", "pii", "errors", "settings", "words", "text"}


def _modules() -> list[str]:
    return [found.name for found in pkgutil.walk_packages(core.__path__, "core.")]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _files(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", _files("core"), ids=lambda path: str(path.relative_to(PROJECT)))
def test_the_core_knows_no_door(path: Path) -> None:
    assert not {name.partition(".")[0] for name in _imports(path)} & DOORS


def test_importing_the_whole_core_brings_no_streamlit_along() -> None:
    program = f"import importlib, sys\nfor name in {_modules()!r}: importlib.import_module(name)\n"
    program += "assert not {'streamlit', 'fastapi', 'schedule'} & set(sys.modules), 'a door came along'"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=PROJECT, timeout=60)


@pytest.mark.parametrize("name", sorted(GROUND - {"tables"}))
def test_the_ground_knows_no_verb(name: str) -> None:
    verbs = ("core.queue", "core.sla", "core.alerts", "core.intake", "core.resolutions", "core.metrics", "core.outbox")
    assert not [known for known in _imports(PROJECT / "core" / f"{name}.py") if known.startswith(verbs)]


def _takes_a_unit_of_work(function: object) -> bool:
    parameters = list(inspect.signature(function).parameters.values())  # type: ignore[arg-type]
    return bool(parameters) and parameters[0].name == "uow"


PARTS_OF_VERBS = {
    "core.alerts.clearing.clear": "part of the watch over conditions",
    "core.alerts.clearing.clear_where": "part of the watch over conditions",
    "core.alerts.clearing.follow_items": "part of the watch over deadlines",
    "core.alerts.inbox.reader": "who reads, for a guarded question",
    "core.alerts.inbox.visible": "the condition under guarded questions",
    "core.alerts.raising.raise_alerts": "part of whatever was found to need attention",
    "core.alerts.raising.raise_if_critical": "part of whatever made the items critical",
    "core.alerts.rules.advancing.advance": "part of the guarded evaluation and back-test",
    "core.alerts.rules.backtesting.replay": "part of the guarded back-test",
    "core.alerts.rules.firing.end": "part of the guarded evaluation and keeping of rules",
    "core.alerts.rules.firing.fire": "part of the guarded evaluation",
    "core.alerts.rules.keeping.others": "part of the guarded lint",
    "core.alerts.rules.reading.figures": "part of the guarded evaluation and back-test",
    "core.alerts.rules.reading.matches": "part of the guarded evaluation and back-test",
    "core.alerts.rules.reading.newest_event": "part of the guarded evaluation and back-test",
    "core.alerts.rules.reading.reach": "part of the guarded back-test",
    "core.alerts.rules.reading.readings": "part of the guarded evaluation and back-test",
    "core.allowances.spend": "spends the caller's own allowance inside the reveal that needs it",
    "core.changes.changes_of": "reads the trail of one thing for a guarded question",
    "core.credentials.settle": "part of a sign-in that was proven",
    "core.intake.customers.keep_customers": "part of a guarded intake",
    "core.intake.keeping.keep": "part of a guarded intake",
    "core.intake.receiving.take_in": "carries out a guarded intake",
    "core.intake.keeping.numbers": "part of a guarded intake",
    "core.looking.looked": "writes the trail of the look it stands in",
    "core.metrics.counting.count": "counts for a guarded question",
    "core.metrics.counting.mark": "counts for a guarded question",
    "core.metrics.cycles.cycles_of": "reads clock events for a guarded verb",
    "core.metrics.cycles.known": "values of a statement in a guarded question",
    "core.outbox.mailing.post_mail": "part of whatever causes the message",
    "core.metrics.summing.sums": "counts for a guarded question",
    "core.outbox.posting.post": "part of whatever causes the effect",
    "core.outbox.posting.withdraw": "part of a guarded undo",
    "core.queue.carrying.recall": "part of a guarded undo",
    "core.queue.deciding.case_of": "the item as its options see it, inside a guarded verb",
    "core.queue.deciding.require_held": "part of guarded decisions",
    "core.queue.deciding.settle": "part of guarded decisions",
    "core.queue.deciding.hold": "takes locks for a guarded decision",
    "core.queue.deferring.check_until": "checks a moment",
    "core.queue.inbox.row_of": "shows a row that a guarded question has read",
    "core.queue.lifecycle.lease_values": "values of a statement",
    "core.queue.lifecycle.move": "the statement under every move; the verbs above it are guarded",
    "core.queue.newcomers.checked": "checks a newcomer's fields",
    "core.queue.priority.rescore": "part of whatever changed the items",
    "core.queue.proposing.withdraw": "part of a guarded undo",
    "core.queue.redirecting.redirect": "part of merging two records and of its undo",
    "core.queue.refusals.expect": "says why a guarded move did not happen",
    "core.queue.refusals.reasons": "says why guarded moves did not happen",
    "core.queue.summaries.follow": "part of the decision that changed the records",
    "core.queue.summaries.refresh": "part of whatever changed the items",
    "core.queue.summaries.summarise": "part of whatever changed the items",
    "core.reports.figures.measured": "counts a report for the guarded verbs that keep it",
    "core.reports.keeping.names": "the names in a report that a guarded verb has read",
    "core.reports.keeping.shown": "reads a report for a guarded verb",
    "core.reports.mailing.mail_report": "part of the daily report",
    "core.reports.mailing.recipients": "part of the daily report",
    "core.resolutions.effects.revert": "part of a guarded undo",
    "core.running.under_fence": "wraps a job's guarded verb",
    "core.scanning.duplicates.duplicates": "part of the guarded scan",
    "core.scanning.gaps.gaps": "part of the guarded scan",
    "core.sealing.chain_key": "part of sealing and proving",
    "core.sealing.head": "part of sealing and proving",
    "core.sealing.last_number": "part of sealing and proving",
    "core.sealing.rows_after": "part of sealing and proving",
    "core.sealing.seals_after": "part of sealing and proving",
    "core.sessions.end": "part of the guarded ways in which a session ends",
    "core.sla.deadlines.append": "part of whatever changed the items",
    "core.sla.deadlines.cycle_stories": "reads clock events for a guarded verb",
    "core.sla.deadlines.recompute": "part of whatever changed the items",
    "core.sla.deadlines.recompute_open": "part of a guarded change of settings",
    "core.sla.deadlines.retarget": "part of whatever changed the items",
    "core.sla.deadlines.store": "part of whatever changed the items",
    "core.sla.deadlines.stories": "reads clock events for a guarded verb",
    "core.sla.policies.calendars": "reads calendars for a guarded verb",
    "core.throttling.blocked_until": "part of proving who signs in",
    "core.throttling.clear": "part of proving who signs in",
    "core.throttling.give_back": "part of proving who signs in",
    "core.throttling.is_first": "part of proving who signs in",
    "core.throttling.take": "part of proving who signs in",
    "core.tickets.give": "part of a guarded offer",
}
"""Functions over a unit of work that are no verbs of their own, each with the reason."""


def _public_functions() -> dict[str, object]:
    return {
        f"{module}.{name}": function
        for module in _modules()
        for name, function in inspect.getmembers(importlib.import_module(module), inspect.isfunction)
        if function.__module__ == module
        and not name.startswith("_")
        and _takes_a_unit_of_work(function)
        and not module.startswith("core.demonstration.")  # plays guarded verbs as the demo's people
    }


def test_every_public_verb_names_its_permission() -> None:
    unguarded = {name for name, function in _public_functions().items() if not hasattr(function, "__declared__")}
    assert unguarded - set(PARTS_OF_VERBS) == set()


def test_the_list_of_parts_names_only_what_exists_and_is_no_verb() -> None:
    assert set(PARTS_OF_VERBS) <= set(_public_functions()) - set(VERBS)


def test_only_the_named_places_uncover_personal_values() -> None:
    allowed = {"core/pii.py"}
    callers = {
        str(path.relative_to(PROJECT))
        for folder in ("core", "ui", "web", "api", "jobs", "pages")
        for path in _files(folder)
        if "uncover(" in path.read_text()
    }
    assert callers <= allowed


@pytest.mark.parametrize("path", _files("pages"), ids=lambda path: path.name)
def test_a_page_is_one_function_behind_its_gate(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    assert len(functions) == 1
    assert [ast.unparse(each).startswith("page(Permission.") for each in functions[0].decorator_list] == [True]
    others = [node for node in body if not isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Expr)]
    assert others == []


def test_no_html_is_made_from_data() -> None:
    for folder in ("ui", "pages"):
        for path in _files(folder):
            assert "unsafe_allow_html" not in path.read_text(), path


def test_files_stay_small_enough_to_read() -> None:
    long = {str(path): len(path.read_text().splitlines()) for path in _files("core")}
    assert {path: count for path, count in long.items() if count > 320} == {}
