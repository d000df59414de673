"""Migrations: once whoever comes first, again after a kill, forwards only, and never a schema that is not ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core import db, embedded, migrating
from core.errors import OpsError
from core.settings import PROJECT
from tests.conftest import SERVER

pytestmark = pytest.mark.skipif(SERVER is not None, reason="makes empty servers of its own")
MIGRATE = [sys.executable, "-m", "core.migrating"]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an empty server that nobody has migrated."""
    embedded.start(tmp_path, durable=False)
    yield os.environ | {"OPSDESK_DATA_DIR": str(tmp_path)}
    embedded.stop(tmp_path)


def _versions(tmp_path: Path) -> list[str]:
    from sqlalchemy import create_engine

    with create_engine(embedded.url(tmp_path)).connect() as connection:
        return list(connection.scalars(text("SELECT version_num FROM alembic_version")))


def test_eight_processes_that_start_at_once_migrate_once(fresh: dict[str, str], tmp_path: Path) -> None:
    starting = [subprocess.Popen(MIGRATE, env=fresh, cwd=PROJECT) for _ in range(8)]
    assert [process.wait(60) for process in starting] == [0] * 8
    assert _versions(tmp_path) == [migrating.wanted_version()]


def test_a_kill_in_the_middle_leaves_a_database_that_migrates(fresh: dict[str, str], tmp_path: Path) -> None:
    for pause in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        killed = subprocess.Popen(MIGRATE, env=fresh, cwd=PROJECT)
        time.sleep(pause)
        killed.send_signal(signal.SIGKILL)
        killed.wait(10)
    assert subprocess.run(MIGRATE, env=fresh, cwd=PROJECT, check=False, timeout=60).returncode == 0
    assert _versions(tmp_path) == [migrating.wanted_version()]


def test_the_tables_and_the_migrations_agree(server: None) -> None:
    assert migrating.drift() == []


def test_migrating_a_full_database_again_changes_nothing(database: None) -> None:
    migrating.migrate()
    migrating.require_current()


def test_a_schema_from_the_future_is_refused_with_what_to_do(database: None) -> None:
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(OpsError, match="newer"):
            migrating.migrate()
        with pytest.raises(OpsError, match="migrate"):
            migrating.require_current()
    finally:
        with db.engine("owner").begin() as connection:
            connection.execute(
                text("UPDATE alembic_version SET version_num = :head"), {"head": migrating.wanted_version()}
            )
