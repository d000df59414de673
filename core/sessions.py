"""Sessions: signing in and out, and who stands behind a cookie at this very moment."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import clock, config, credentials, db, throttling
from core.credentials import Proven
from core.errors import NotSignedIn, Unavailable
from core.permissions import ROLES, Permission, Principal, Role, requires
from core.uow import BUSY, UnitOfWork, perform

RENEW_AFTER = timedelta(minutes=1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

_START = """
WITH who AS (
  SELECT id, session_epoch FROM staff WHERE id = :staff_id AND is_active AND password_hash = :password_hash
  FOR NO KEY UPDATE
), seen AS (
  UPDATE staff SET last_seen_at = :now WHERE id = (SELECT id FROM who)
)
INSERT INTO staff_sessions
  (token_hash, staff_id, epoch, created_at, last_used_at, idle_until, expires_at, ip, user_agent)
SELECT :token_hash, id, session_epoch, :now, :now, least(:now + :idle, :now + :whole), :now + :whole, :ip, :agent
FROM who RETURNING id
"""
_LIVE = text("""
SELECT e.id AS session_id, e.last_used_at, e.ip, e.user_agent, s.id AS staff_id, s.username, s.full_name, s.role,
  s.zone, s.must_change_password, m.now
FROM staff_sessions AS e JOIN staff AS s ON s.id = e.staff_id,
  LATERAL (SELECT coalesce(CAST(:frozen AS timestamptz), clock_timestamp()) AS now) AS m
WHERE e.token_hash = :token_hash AND e.ended_at IS NULL AND e.idle_until > m.now AND e.expires_at > m.now
  AND s.is_active AND e.epoch = s.session_epoch
""")
_RENEW = """
WITH renewed AS (
  UPDATE staff_sessions SET last_used_at = :now, idle_until = least(:now + :idle, expires_at)
  WHERE id = :session_id AND ended_at IS NULL AND last_used_at <= :now - :pause RETURNING staff_id
)
UPDATE staff SET last_seen_at = :now WHERE id = (SELECT staff_id FROM renewed)
"""
_END = """
UPDATE staff_sessions SET ended_at = :now, ended_because = :why
WHERE ended_at IS NULL AND {which} RETURNING id, staff_id
"""


@dataclass(frozen=True)
class SignedIn:
    """A session that has just begun: the cookie's value, told this once, and until when it lives at most."""

    token: str
    principal: Principal
    expires_at: datetime


def sign_in(
    username: str, password: str, *, ip: str | None = None, user_agent: str | None = None, replaces: str | None = None
) -> SignedIn:
    """Begin a session for whoever knows this name's password; a session behind the cookie `replaces` ends.

    Raises NotSignedIn, with one sentence for every reason, and records the failure.
    """
    who = credentials.visitor(ip, user_agent)
    proven = credentials.prove(username, password, who)
    token = secrets.token_urlsafe(32)
    expires_at = perform(proven.person(who), _start, proven, token, replaces)
    principal = principal_for(token)
    if principal is None:  # switched off between the two statements
        raise NotSignedIn(credentials.REFUSED)
    return SignedIn(token, principal, expires_at)


def principal_for(
    token: str | None, *, ip: str | None = None, user_agent: str | None = None, active: bool = True
) -> Principal | None:
    """Who stands behind this cookie now; None when nobody does any more. One indexed query, asked anew every time.

    `active=False` for what runs by itself (a ticker, a poll), so that a forgotten screen does not stay signed in.
    Raises Unavailable when the database does not answer.
    """
    if not _is_token(token):
        return None
    row = _live(token)
    if row is None:
        return None
    principal = _principal(row, ip, user_agent)
    if active and row.now - row.last_used_at >= RENEW_AFTER:
        perform(principal, _renew)
    return principal


def report_unknown(token: str, *, ip: str | None = None, user_agent: str | None = None) -> None:
    """Record a cookie that we never gave out, once for each address in 15 minutes; one that has ended is no news."""
    perform(credentials.visitor(ip, user_agent), _note_unknown, token)


@requires(leaves="session.ended")
def sign_out(uow: UnitOfWork) -> None:
    """End the session in which the principal is signed in, on every tab; NotSignedIn when it has ended already."""
    if not end(uow, "id = :which", uow.principal.session_id, "signed out"):
        raise NotSignedIn


@requires(Permission.OPS_ADMIN, leaves="session.ended")
def end_sessions(uow: UnitOfWork, staff_id: int) -> int:
    """End every session of a member of staff, wherever they are signed in; returns how many there were."""
    ended = end(uow, "staff_id = :which", staff_id, "ended by an administrator")
    if not ended:
        uow.record("session.ended", "staff", staff_id, sessions=0)
    return ended


@dataclass(frozen=True)
class OwnSession:
    """One place where the caller is signed in; `is_this` is the one that asks."""

    id: int
    created_at: datetime
    last_used_at: datetime
    ip: str | None
    user_agent: str | None
    is_this: bool


@requires(leaves=None)
def own_sessions(uow: UnitOfWork) -> list[OwnSession]:
    """Where the caller is signed in, the last used first."""
    rows = uow.rows(
        "SELECT id, created_at, last_used_at, ip, user_agent, id = :this AS is_this FROM staff_sessions "
        "WHERE staff_id = :me AND ended_at IS NULL AND least(idle_until, expires_at) > :now "
        "ORDER BY last_used_at DESC, id DESC",
        {"me": uow.principal.staff_id, "this": uow.principal.session_id or 0, "now": uow.now},
    )
    return [OwnSession(**row._mapping) for row in rows]


@requires(leaves="session.ended")
def end_others(uow: UnitOfWork) -> int:
    """End the caller's sessions everywhere but here; returns how many there were."""
    mine = [uow.principal.staff_id or 0, uow.principal.session_id or 0]
    ended = end(uow, OTHERS, mine, "ended from elsewhere")
    if not ended:
        uow.record("session.ended", "staff", uow.principal.staff_id, sessions=0)
    return ended


OTHERS = "staff_id = (CAST(:which AS bigint[]))[1] AND id <> (CAST(:which AS bigint[]))[2]"
"""All sessions of a person but one: [person, session]."""


def end(uow: UnitOfWork, which: str, value: object, why: str) -> int:
    """End the live sessions for which `which` (SQL about :which) holds, one row of the trail each; how many."""
    ended = uow.execute(_END.format(which=which), {"which": value, "now": uow.now, "why": why}).all()
    for session in ended:
        uow.record("session.ended", "session", session.id, of=session.staff_id, because=why)
    return len(ended)


def _start(uow: UnitOfWork, proven: Proven, token: str, replaces: str | None) -> datetime:
    if _is_token(replaces):
        end(uow, "token_hash = :which", _digest(replaces), "replaced by a new sign-in")
    whole = timedelta(hours=config.number("SESSION_HOURS"))
    values = {"staff_id": proven.staff_id, "password_hash": proven.password_hash, "token_hash": _digest(token)}
    times = {"now": uow.now, "idle": _idle(), "whole": whole}
    place = {"ip": uow.principal.ip, "agent": uow.principal.user_agent}
    session_id = uow.execute(_START, {**values, **times, **place}).scalar_one_or_none()
    if session_id is None:
        raise NotSignedIn(credentials.REFUSED)
    credentials.settle(uow, proven)
    uow.record("session.started", "session", session_id, of=proven.staff_id)
    return uow.now + whole


def _live(token: str) -> Row[Any] | None:
    """The session's row when it is alive. A lone question needs no transaction, and so no more round trips."""
    values = {"token_hash": _digest(token), "frozen": clock.frozen_at()}
    for last in (False, True):
        try:
            with db.engine("app").connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                return connection.execute(_LIVE, values).one_or_none()
        except (DBAPIError, PoolTimeout) as error:
            # A pooled connection may have died with a restarted server; a new one is worth one more try.
            if last or not getattr(error, "connection_invalidated", False):
                raise Unavailable(BUSY) from None
    raise AssertionError("unreachable")


def _principal(row: Row[Any], ip: str | None, user_agent: str | None) -> Principal:
    """Whoever must change their password first may do nothing else until they have."""
    role = Role(row.role)
    return Principal(
        "staff",
        row.username,
        frozenset() if row.must_change_password else ROLES[role],
        row.staff_id,
        row.full_name,
        role,
        row.session_id,
        row.zone,
        row.must_change_password,
        ip or row.ip,
        user_agent or row.user_agent,
    )


def _renew(uow: UnitOfWork) -> None:
    values = {"session_id": uow.principal.session_id, "now": uow.now, "idle": _idle(), "pause": RENEW_AFTER}
    with uow.housekeeping():
        uow.execute(_RENEW, values)


def _note_unknown(uow: UnitOfWork, token: str) -> None:
    known = "SELECT 1 FROM staff_sessions WHERE token_hash = :token_hash"
    if _is_token(token) and uow.execute(known, {"token_hash": _digest(token)}).one_or_none():
        return
    if throttling.is_first(uow, f"cookie:{uow.principal.ip or 'unknown'}"):
        uow.record("session.unknown", "session", None, length=len(token))


def _idle() -> timedelta:
    return timedelta(minutes=config.number("SESSION_IDLE_MINUTES"))


def _is_token(token: str | None) -> TypeGuard[str]:
    return token is not None and _TOKEN.fullmatch(token) is not None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
