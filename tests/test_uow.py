"""The unit of work: all or nothing, and never without a trail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from core import db
from core.errors import NotPermitted, Unaudited
from core.permissions import Permission, requires
from core.uow import UnitOfWork, perform
from tests.cast import Cast

CHANGE = "INSERT INTO ops_config (config_key, config_value, changed_at) VALUES ('X', '1', now())"


def _count(table: str, where: str = "true") -> int:
    with db.engine("app").connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())


@requires(Permission.OPS_WRITE, leaves="tried")
def _try(uow: UnitOfWork, *, trail: bool = True) -> None:
    uow.execute(CHANGE)
    if trail:
        uow.record("tried", "setting", "X", why="a test")


def test_a_change_and_its_trail_are_one_transaction(cast: Cast) -> None:
    perform(cast.reviewer, _try)
    assert (
        _count("ops_config"),
        _count("ops_audit_log", "action = 'tried' AND actor_name = 'reviewer'"),
    ) == (1, 1)


def test_a_verb_that_leaves_no_trail_is_undone(cast: Cast) -> None:
    with pytest.raises(Unaudited):
        perform(cast.reviewer, _try, trail=False)
    assert _count("ops_config") == 0


def test_a_silent_change_outside_a_verb_is_undone_too(cast: Cast) -> None:
    with pytest.raises(Unaudited), UnitOfWork(cast.admin) as uow:
        uow.execute(CHANGE)
    assert _count("ops_config") == 0


def test_what_was_undone_does_not_trouble_who_asks_next(cast: Cast) -> None:
    with pytest.raises(Unaudited):
        perform(cast.admin, _try, trail=False)
    with UnitOfWork(cast.admin) as uow:
        assert uow.rows("SELECT 1 FROM ops_config") == []


def test_when_the_trail_cannot_be_written_neither_is_the_change(cast: Cast) -> None:
    faceless = replace(cast.admin, kind=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="actor_kind"):
        perform(faceless, _try)
    assert _count("ops_config") == 0


def test_a_refusal_names_the_permission_and_is_itself_on_record(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match=r"ops\.write"):
        perform(cast.viewer, _try)
    assert _count("ops_audit_log", "action = 'refused' AND metadata->>'missing' = 'ops.write'") == 1


def test_locking_reads_are_no_writes_and_disguised_writes_are() -> None:
    assert not db.writes("SELECT 1 FROM work_items FOR UPDATE SKIP LOCKED")
    assert not db.writes("INSERT INTO ops_audit_log (at) VALUES (now())")
    assert db.writes("WITH x AS (UPDATE work_items SET version = 2 RETURNING id) SELECT * FROM x")


@pytest.mark.parametrize("statement", ["DELETE FROM {0}", "UPDATE {0} SET id = id", "TRUNCATE {0}"])
@pytest.mark.parametrize("table", ["ops_audit_log", "audit_seals", "work_actions", "clock_events"])
def test_the_application_cannot_touch_what_is_append_only(cast: Cast, table: str, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"), UnitOfWork(cast.admin) as uow:
        uow.execute(statement.format(table))
