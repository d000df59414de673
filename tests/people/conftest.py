"""People with passwords: each hash costs a quarter of a second, so it is made once."""

from __future__ import annotations

from functools import cache

import pytest
from sqlalchemy import text

from core import db, passwords, sessions
from core.sessions import SignedIn
from tests.cast import Cast

PASSWORD = "gravel-lantern-42"


@cache
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def staffed(cast: Cast) -> Cast:
    """The cast, each of whom can sign in with PASSWORD."""
    with db.engine("app").begin() as connection:
        connection.execute(text("UPDATE staff SET password_hash = :hash"), {"hash": password_hash()})
    return cast


def signed_in(name: str, ip: str = "10.0.0.1") -> SignedIn:
    return sessions.sign_in(name, PASSWORD, ip=ip, user_agent="test")


def value(statement: str, **values: object) -> object:
    """What one question to the database answers."""
    with db.engine("app").connect() as connection:
        return connection.execute(text(statement), values).scalar_one()


def trail(action: str) -> int:
    """How many rows of `action` are in the audit log."""
    found = value("SELECT count(*) FROM ops_audit_log WHERE action = :action", action=action)
    assert isinstance(found, int)
    return found
