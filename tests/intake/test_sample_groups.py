"""The sample data flow through: imported, made into items, seen as groups, and settled by the verbs that people use."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from core.intake import importing
from core.permissions import process
from core.queue import grouping, runs, settling
from core.queue.deciding import Decision
from core.queue.grouping import Group
from core.queue.settling import Plan
from core.scanning.providers import scan_providers
from core.uow import perform
from tests.builders import count
from tests.cast import Cast
from tests.intake.shared import DATA, OPERATOR, needs_data

pytestmark = needs_data
ROWS = {"gp2gp": 400, "ehr-directory": 400, "nppes": 1765}
"""So many of each file: enough to make groups of, and soon settled."""


def _import(name: str, kind: str, file: str, folder: Path) -> None:
    some = folder / Path(file).name
    with (DATA / file).open(encoding="utf-8") as whole:
        some.write_text("".join(islice(whole, ROWS[name] + 1)), encoding="utf-8")
    outcome = importing.run(OPERATOR, kind, some, name)
    assert (outcome.read, outcome.rejected) == (ROWS[name], 0)
    while perform(process("job", "scan_providers"), scan_providers, 500) == 500:
        continue


def _settle(cast: Cast, group: Group, option: str) -> None:
    """Settle a group as a reviewer's screen does, step by step."""
    plan = Plan(Decision(option, "Looked into, and known at its source.", {}), most_failures=0)
    run = perform(cast.reviewer, settling.start, group.example, plan)
    while perform(cast.reviewer, settling.step, run):
        continue
    told = perform(cast.reviewer, runs.runs, [group.example])[group.example]
    assert (told.state, told.done, told.failed, told.untried, told.why) == ("done", group.count, 0, 0, None)


@pytest.mark.parametrize(
    ("name", "kind", "file", "options"),
    [
        ("gp2gp", "transfers", "failed_automation/gp2gp_requestor_2019-05_08.csv", {}),
        (
            "ehr-directory",
            "providers",
            "providers/ehr_directory_share.csv",
            {"missing_data": "mark_unobtainable", "validation_flag": "resolve", "duplicate_check": "not_duplicate"},
        ),
    ],
)
def test_what_is_imported_becomes_groups_and_the_groups_are_settled(
    cast: Cast, tmp_path: Path, name: str, kind: str, file: str, options: dict[str, str]
) -> None:
    _import(name, kind, file, tmp_path)
    found = perform(cast.reviewer, grouping.groups, None, 200)
    assert found
    assert sum(group.count for group in found) <= count("work_items", "status = 'open' AND reason <> ''")
    for group in found:
        assert (group.to_hand, group.count) == (group.count, group.count)
        _settle(cast, group, options.get(group.item_type, "resolve"))
    assert perform(cast.reviewer, grouping.groups) == ()
    settled = sum(group.count for group in found)
    assert count("work_items", "status = 'resolved' AND resolved_by = :me", me=cast.reviewer.staff_id) == settled
    assert count("group_outcomes", "state = 'done'") == settled


def test_a_directory_that_is_in_order_makes_no_groups(cast: Cast, tmp_path: Path) -> None:
    _import("nppes", "providers", "providers/nppes_organizations.csv", tmp_path)
    assert count("individual_providers", "source = 'nppes'") == ROWS["nppes"]
    assert perform(cast.reviewer, grouping.groups) == ()
