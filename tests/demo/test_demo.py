"""The demo: a first start shows a lively operation, and its accounts open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import credentials, demo
from core.demonstration.planning import SORTS
from core.permissions import NOBODY
from core.resolutions.declaring import item_type
from core.settings import settings
from tests.conftest import empty
from tests.intake.shared import one, rows

ITEMS = 320
FILE = "demo-accounts.json"


@pytest.fixture(scope="module")
def lines(server: None) -> Iterator[list[str]]:
    """What a first start prints, with the demo in the database."""
    (settings().data_dir / FILE).unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "ITEMS", ITEMS)
        yield demo.load_if_empty()
    (settings().data_dir / FILE).unlink(missing_ok=True)
    empty()


def test_every_start_prints_accounts_that_open(lines: list[str]) -> None:
    accounts = dict(line.split(None, 2)[::2] for line in lines[1:])
    assert list(accounts) == ["viewer", "reviewer", "reviewer2", "senior", "manager", "auditor", "admin"]
    assert credentials.prove("manager", accounts["manager"], NOBODY).username == "manager"
    assert (settings().data_dir / FILE).stat().st_mode & 0o077 == 0
    before = one("SELECT max(id) FROM ops_audit_log")
    assert demo.load_if_empty() == lines
    assert one("SELECT count(*) FROM ops_audit_log WHERE id > :before", before=before) == 0


def test_it_is_as_large_as_said_and_of_every_type(lines: list[str]) -> None:
    assert one("SELECT count(*) FROM work_items") == ITEMS
    assert {kind for (kind,) in rows("SELECT DISTINCT item_type FROM work_items")} == set(SORTS)
    statuses = {status for (status,) in rows("SELECT DISTINCT status FROM work_items")}
    assert statuses >= {"open", "in_progress", "waiting", "deferred", "resolved"}


def test_something_is_about_to_be_late_and_something_is(lines: list[str]) -> None:
    due = "SELECT count(*) FROM work_items WHERE resolved_at IS NULL AND sla_deadline {}"
    assert one(due.format("BETWEEN now() AND now() + interval '1 hour'")) >= 5
    assert one(due.format("< now()")) >= 1
    assert one("SELECT count(*) FROM work_items WHERE escalation_level > 0") >= 1
    assert one("SELECT count(*) FROM alerts WHERE resolved_at IS NULL") >= 1


def test_every_item_stands_where_its_history_says(lines: list[str]) -> None:
    astray = rows(
        "SELECT i.id FROM work_items i JOIN LATERAL (SELECT status_after, version FROM work_actions a "
        "WHERE a.item_id = i.id ORDER BY id DESC LIMIT 1) last ON true "
        "WHERE last.status_after <> i.status OR last.version <> i.version"
    )
    assert astray == []
    out_of_order = (
        "SELECT count(*) FROM work_actions a JOIN work_actions b ON b.item_id = a.item_id "
        "AND b.id > a.id AND b.at < a.at"
    )
    assert one(out_of_order) == 0
    assert one("SELECT count(*) FROM work_actions WHERE at > now()") == 0


def test_every_item_knows_what_its_type_needs(lines: list[str]) -> None:
    for kind, context in rows("SELECT item_type, context FROM work_items"):
        assert item_type(kind).missing(context) == ()
    declared = {kind: (item_type(kind).queue, item_type(kind).resource_type) for kind in SORTS}
    assert {kind: (sort.queue, sort.resource_type) for kind, sort in SORTS.items()} == declared
    assert one("SELECT count(*) FROM work_items WHERE summary = '{}' AND item_type <> 'foreign_key_violation'") == 0
