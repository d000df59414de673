"""Bringing the database to this version's schema: once, whoever comes first, and again after a kill."""

from __future__ import annotations

import sys
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2 import sql
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel

from core import db
from core.errors import OpsError
from core.settings import PROJECT
from core.tables import APPEND_ONLY

_LOCK = 0x0D5D


def migrate() -> None:
    """Take the schema forward to this version and give the application's role its rights.

    Everything happens in one transaction under one lock: eight processes migrate once, and a kill
    leaves the schema as it was. Raises OpsError when the database is newer than this program.
    """
    with db.engine("owner").connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        with connection.begin():
            _refuse_the_future(connection)
            configuration = _configuration()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
            provision(connection)
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
        connection.commit()


def version() -> str | None:
    """The schema version that the database is at, or None before the first migration."""
    with db.engine("app").connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def wanted_version() -> str:
    """The schema version that this program works with."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def require_current() -> None:
    """Raise OpsError, saying which command mends it, unless the schema is this program's."""
    try:
        found = version()
    except ProgrammingError:
        found = None
    if found != wanted_version():
        raise OpsError(
            f"The database's schema is {found or 'empty'} and this program needs {wanted_version()}: "
            "run `python -m jobs migrate` with the newest program."
        )


def drift() -> list[Any]:
    """How the migrated schema differs from the tables as declared; empty when they agree."""
    with db.engine("owner").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))


def draft(message: str) -> None:
    """Write the next migration into migrations/versions: what the tables declare and the database lacks."""
    number = len(list(_scripts().walk_revisions())) + 1
    command.revision(_configuration(), message, autogenerate=True, rev_id=f"{number:04}")


def provision(connection: Connection) -> None:
    """Make the application's role where this server allows it, and give it exactly its rights."""
    owner = db.owner_url()
    role = db.app_role(owner)
    if not _ensure_role(connection, role, owner):
        return
    for statement in _rights(role):
        connection.exec_driver_sql(statement)
    for name, value in db.SESSION_SETTINGS.items():
        connection.exec_driver_sql(_quoted("ALTER ROLE {} SET {} = {}", connection, role, name, literal=value))


def _ensure_role(connection: Connection, role: str, owner: URL) -> bool:
    """Whether the application has a role of its own, which is made first where we may."""
    if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        return bool(role != connection.scalar(text("SELECT current_user")))
    allowed = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    if not connection.scalar(text(allowed)):
        return False
    connection.exec_driver_sql(_quoted("CREATE ROLE {} LOGIN", connection, role))
    password = db.app_password(owner)
    if password:
        connection.exec_driver_sql(_quoted("ALTER ROLE {} PASSWORD {}", connection, role, literal=password))
    return True


def _rights(role: str) -> list[str]:
    """Read and change everything but the migration's own table; only add to what is append-only."""
    name = f'"{role}"'
    return [
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {', '.join(APPEND_ONLY)} FROM {name}",
        f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM {name}",
    ]


def _quoted(template: str, connection: Connection, *names: str, literal: str | None = None) -> str:
    parts: list[sql.Composable] = [sql.Identifier(name) for name in names]
    if literal is not None:
        parts.append(sql.Literal(literal))
    raw = connection.connection.driver_connection
    return sql.SQL(template).format(*parts).as_string(raw)  # type: ignore[arg-type]


def _refuse_the_future(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise OpsError(f"The database's schema {found} is newer than this program: install the newer Opsdesk.")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_configuration())


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(PROJECT / "migrations"))
    return configuration


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        found = drift()
        print(*found or ["the migrations and the tables agree"], sep="\n")  # noqa: T201
        raise SystemExit(bool(found))
    if sys.argv[1:2] == ["draft"]:
        draft(*sys.argv[2:])
    else:
        migrate()
