"""One database for each test process, emptied between tests; never a mocked one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

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

from core import config, db, embedded, migrating  # noqa: E402
from core.metrics import reading  # noqa: E402
from core.tables import APPEND_ONLY  # noqa: E402

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
    config.drop_cache()
    reading.forget()
    yield
    empty()


def empty() -> None:
    """Remove every row, the append-only ones included: as the owner, who may."""
    with db.engine("owner").begin() as connection:
        known = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
        tables = [name for name in connection.scalars(text(known)) if name != "alembic_version"]
        for table in APPEND_ONLY:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only"))
        connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
        for table in APPEND_ONLY:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only"))


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
