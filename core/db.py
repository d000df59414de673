"""The one way to PostgreSQL: which server, as which role, through which pool."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from typing import Any, Literal

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core import embedded
from core.settings import settings

Part = Literal["app", "owner", "read"]

SESSION_SETTINGS = {
    "jit": "off",
    "timezone": "UTC",
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "random_page_cost": "1.1",  # reading out of order costs little on what databases are kept on today
}
"""Given to the application's role when it is made, so that they hold behind a connection pooler too."""

_PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "opsdesk",
}


def owner_url() -> URL:
    """The address for the role that owns the schema and migrates it."""
    configured = settings().database_owner_url or settings().database_url
    if configured is None:
        return make_url(embedded.url(settings().data_dir))
    return _with_driver(configured.get_secret_value())


def app_role(owner: URL) -> str:
    """The name of the role as which everything but migrations runs: one for each database."""
    if settings().database_owner_url and settings().database_url:
        return str(_with_driver(settings().database_url.get_secret_value()).username)  # type: ignore[union-attr]
    return f"{owner.database}_app"


def app_password(owner: URL) -> str | None:
    """The application role's password, derived from the owner's so that every machine knows it; None without."""
    if not owner.password:
        return None
    return hmac.new(str(owner.password).encode(), f"opsdesk:{owner.database}".encode(), hashlib.sha256).hexdigest()


def app_url() -> URL:
    """The address for the application's own role, which may not change what is append-only."""
    if settings().database_owner_url and settings().database_url:
        return _with_driver(settings().database_url.get_secret_value())  # type: ignore[union-attr]
    owner = owner_url()
    return owner.set(username=app_role(owner), password=app_password(owner))


@cache
def engine(part: Part = "app") -> Engine:
    """The pool of this process for the application, the schema's owner, or read-only questions."""
    if part == "owner":
        return create_engine(owner_url(), poolclass=NullPool, connect_args=_PATIENCE)
    if part == "read" and settings().database_read_url is None:
        return engine("app")
    made = create_engine(
        _reachable_app_url() if part == "app" else _with_driver(_read_url()),
        pool_size=10,
        max_overflow=6,
        pool_timeout=2,
        pool_recycle=1800,
        pool_use_lifo=True,
        connect_args=_PATIENCE,
        hide_parameters=True,
    )
    _watch_writes(made)
    return made


def dispose() -> None:
    """Close this process's pools; the next question opens new ones."""
    for part in ("app", "owner", "read"):
        engine(part).dispose()
    engine.cache_clear()


def _read_url() -> str:
    url = settings().database_read_url
    assert url is not None
    return url.get_secret_value()


def _with_driver(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+psycopg2")


def _reachable_app_url() -> URL:
    """The application role's address; the owner's own where this server lets us make no second role."""
    wanted = app_url()
    if settings().database_url is None or settings().database_owner_url is not None:
        return wanted
    with engine("owner").connect() as connection:
        known = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": wanted.username})
    return wanted if known else owner_url()


_WRITE_MARKS = ("INSERT INTO", "UPDATE ", "DELETE FROM", "MERGE INTO")
_NO_WRITE = ("FOR UPDATE ", "FOR NO KEY UPDATE ", "DO UPDATE ", "INSERT INTO OPS_AUDIT_LOG")


def writes(statement: str) -> bool:
    """Whether an SQL statement changes rows other than the audit log's own."""
    upper = statement.upper()
    for harmless in _NO_WRITE:
        upper = upper.replace(harmless, "")
    return any(mark in upper for mark in _WRITE_MARKS)


def _watch_writes(made: Engine) -> None:
    """Note on each connection whether it changed anything, for `UnitOfWork`'s refusal of silent changes."""

    @event.listens_for(made, "before_cursor_execute")
    def _note(conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if writes(statement):
            conn.info["wrote"] = True

    @event.listens_for(made, "checkin")
    def _forget(_connection: Any, record: Any) -> None:
        record.info.pop("wrote", None)  # what was rolled back must not trouble whoever has the connection next


def is_passing(error: OperationalError) -> bool:
    """Whether the same work may succeed when tried again: deadlock, lost connection, fail-over, lock time-out."""
    code = getattr(error.orig, "pgcode", None)
    return error.connection_invalidated or code is None or code in _PASSING


_PASSING = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08000", "08003", "08006", "25006", "53300"}
