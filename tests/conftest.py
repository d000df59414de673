"""One database for each test process, emptied between tests; never a mocked one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlmodel import SQLModel

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
FOLDER = Path(tempfile.mkdtemp(prefix=f"opsdesk-{WORKER}-"))
SERVER = os.environ.get("OPSDESK_TEST_DATABASE_URL")

# Before anything of ours reads its settings.
for name in [name for name in os.environ if name.startswith(("OPSDESK_", "MRQ_", "DATABASE_"))]:
    if name != "OPSDESK_TEST_DATABASE_URL":
        del os.environ[name]
os.environ["OPSDESK_DATA_DIR"] = str(FOLDER)
if SERVER:
    os.environ["DATABASE_URL"] = (
        make_url(SERVER).set(database=f"opsdesk_test_{WORKER}_{os.getpid()}").render_as_string(hide_password=False)
    )

import core.tables  # noqa: E402, F401 - fills the metadata
from core import db, embedded, fresh, migrating  # noqa: E402
from core.metrics import reading  # noqa: E402

pytest_plugins = ["tests.cast"]


@pytest.fixture(scope="session")
def server() -> Iterator[None]:
    """A migrated database on the embedded server, or on the one that OPSDESK_TEST_DATABASE_URL names."""
    _begin()
    migrating.migrate()
    yield
    _end()


@pytest.fixture
def database(server: None) -> Iterator[None]:
    """The database, empty before and after."""
    fresh.drop_all()
    reading.forget()
    yield
    empty()


def empty() -> None:
    """Remove every row, the append-only ones included: as the owner, who may.

    Few rows are deleted, since making all the tables' files anew takes longer than most tests; many are truncated.
    """
    with db.engine("owner").begin() as connection:
        known = set(connection.scalars(text(_TABLES)))
        ordered = [table.name for table in reversed(SQLModel.metadata.sorted_tables) if table.name in known]
        names = ", ".join(f"'{name}'" for name in [*ordered, *sorted(known - set(ordered))])
        connection.execute(text(_EMPTY.replace("NAMES", names)))


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_EMPTY = """
DO $$
DECLARE
    known text[] := ARRAY[NAMES];  -- those that refer to others come first
    filled text[] := '{}';
    name text;
    rows int;
    most int := 0;
BEGIN
    FOREACH name IN ARRAY known LOOP
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %I LIMIT 2001) r', name) INTO rows;
        most := greatest(most, rows);
        IF rows > 0 THEN
            filled := filled || name;
        END IF;
    END LOOP;
    IF most > 2000 THEN
        filled := known;
    END IF;
    FOREACH name IN ARRAY filled LOOP
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', name);
    END LOOP;
    IF most > 2000 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ');
    END IF;
    FOREACH name IN ARRAY filled LOOP
        EXECUTE format('DELETE FROM %I', name);
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$"""


def _begin() -> None:
    if SERVER is None:
        embedded.start(FOLDER, durable=False)
        return
    database = make_url(os.environ["DATABASE_URL"]).database
    with create_engine(SERVER, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{database}"'))


def _end() -> None:
    db.dispose()
    if SERVER is None:
        embedded.stop(FOLDER)
    else:
        database = make_url(os.environ["DATABASE_URL"]).database
        with create_engine(SERVER, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(f'DROP DATABASE "{database}" WITH (FORCE)'))
            connection.execute(text(f'DROP ROLE IF EXISTS "{database}_app"'))
    shutil.rmtree(FOLDER, ignore_errors=True)
