"""API tokens: a program's own key, narrower than its owner's permissions, shown once and stored hashed."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import clock, db
from core.errors import Invalid, NotFound, NotPermitted, Unavailable
from core.permissions import ROLES, Permission, Principal, Role, requires
from core.text import checked_text
from core.uow import BUSY, UnitOfWork, perform

PREFIX = "opd_"
SHOWN = len(PREFIX) + 8
LONGEST_DAYS = 3650
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_USED_EVERY = timedelta(minutes=1)

_LIVE = text("""
SELECT t.id, t.label, t.scopes, t.last_used_at, s.id AS staff_id, s.username, s.full_name, s.role, s.zone, m.now
FROM api_tokens AS t JOIN staff AS s ON s.id = t.staff_id,
  LATERAL (SELECT coalesce(CAST(:frozen AS timestamptz), clock_timestamp()) AS now) AS m
WHERE t.token_hash = :token_hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > m.now)
  AND s.is_active
""")
_INSERT = """
INSERT INTO api_tokens (staff_id, label, prefix, token_hash, scopes, created_at, expires_at)
VALUES (:staff_id, :label, :prefix, :hash, :scopes, :now, :expires_at) RETURNING id
"""


@dataclass(frozen=True)
class NewToken:
    """A token that was just made; `token` is told this once."""

    id: int
    token: str
    expires_at: datetime | None


@dataclass(frozen=True)
class TokenLine:
    """A token in its owner's list: by its label and its first characters, never its value."""

    id: int
    username: str
    label: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@requires(leaves="token.created")
def create_token(
    uow: UnitOfWork,
    label: str,
    *,
    staff_id: int | None = None,
    scopes: Iterable[str] | None = None,
    expires_days: int | None = None,
) -> NewToken:
    """Make a token for oneself, or as an administrator for `staff_id`; without `scopes` it may all that its owner may.

    Returns it with its value. Raises Invalid naming the field, NotFound for the owner, NotPermitted when it is
    for somebody else or when a token asks for a token.
    """
    owner_id = _allowed_owner(uow, staff_id)
    owner = uow.execute("SELECT role FROM staff WHERE id = :id AND is_active", {"id": owner_id}).one_or_none()
    if owner is None:
        raise NotFound("active member of staff", owner_id)
    granted = _granted(Role(owner.role), scopes)
    if expires_days is not None and not 1 <= expires_days <= LONGEST_DAYS:
        raise Invalid("expires_days", f"lies between 1 and {LONGEST_DAYS}")
    token = PREFIX + secrets.token_urlsafe(32)
    expires_at = None if expires_days is None else uow.now + timedelta(days=expires_days)
    made = {
        "staff_id": owner_id,
        "label": checked_text("label", label, 100),
        "scopes": granted,
        "now": uow.now,
        "expires_at": expires_at,
    }
    token_id = int(uow.execute(_INSERT, {**made, "prefix": token[:SHOWN], "hash": _digest(token)}).scalar_one())
    uow.record("token.created", "token", token_id, of=owner_id, scopes=granted, expires_at=expires_at)
    return NewToken(token_id, token, expires_at)


@requires(leaves="token.revoked")
def revoke(uow: UnitOfWork, token_id: int) -> None:
    """End a token of one's own, or as an administrator anybody's; raises NotFound, also when it has ended already."""
    everybody = uow.principal.may(Permission.OPS_ADMIN)
    ended = uow.execute(
        "UPDATE api_tokens SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL "
        "AND (staff_id = :mine OR :everybody) RETURNING staff_id",
        {"id": token_id, "now": uow.now, "mine": uow.principal.staff_id, "everybody": everybody},
    ).one_or_none()
    if ended is None:
        raise NotFound("live token", token_id)
    uow.record("token.revoked", "token", token_id, of=ended.staff_id)


@requires(leaves=None)
def tokens(uow: UnitOfWork, *, of_everybody: bool = False) -> Sequence[TokenLine]:
    """One's own tokens, newest first; as an administrator everybody's."""
    if of_everybody:
        uow.principal.require(Permission.OPS_ADMIN)
    rows = uow.rows(
        "SELECT t.id, s.username, t.label, t.prefix, t.scopes, t.created_at, t.expires_at, t.revoked_at, "
        "t.last_used_at FROM api_tokens AS t JOIN staff AS s ON s.id = t.staff_id "
        "WHERE t.staff_id = :mine OR :everybody ORDER BY t.created_at DESC, t.id DESC",
        {"mine": uow.principal.staff_id, "everybody": of_everybody},
    )
    return [TokenLine(**{**row._mapping, "scopes": tuple(row.scopes)}) for row in rows]


def principal_for_token(token: str | None, *, ip: str | None = None, user_agent: str | None = None) -> Principal | None:
    """Who stands behind a bearer token now; None for an unknown, ended or revoked one, or a switched-off owner.

    It may what its scopes say and its owner still may. Raises Unavailable when the database does not answer.
    """
    if token is None or not _TOKEN.fullmatch(token):
        return None
    try:
        with db.engine("app").connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            row = connection.execute(_LIVE, {"token_hash": _digest(token), "frozen": clock.frozen_at()}).one_or_none()
    except (DBAPIError, PoolTimeout):
        raise Unavailable(BUSY) from None
    if row is None:
        return None
    held = frozenset(Permission(scope) for scope in row.scopes) & ROLES[Role(row.role)]
    name, agent = f"{row.username}/{row.label}", (user_agent or "")[:400] or None
    principal = Principal(
        "token",
        name,
        held,
        row.staff_id,
        row.full_name,
        Role(row.role),
        token_id=row.id,
        zone=row.zone,
        ip=ip,
        user_agent=agent,
    )
    if row.last_used_at is None or row.now - row.last_used_at >= _USED_EVERY:
        perform(principal, _note_use)
    return principal


def _allowed_owner(uow: UnitOfWork, staff_id: int | None) -> int:
    me = uow.principal
    if me.kind == "token":
        raise NotPermitted(Permission.OPS_ADMIN, "A token cannot make tokens; sign in for that.")
    owner = staff_id if staff_id is not None else me.staff_id
    if owner is None:
        raise Invalid("staff", "is a member of staff")
    if owner != me.staff_id:
        me.require(Permission.OPS_ADMIN)
    return owner


def _granted(role: Role, scopes: Iterable[str] | None) -> list[str]:
    """The scopes as stored; raises Invalid for an unknown one, or one that the owner does not have."""
    wanted = sorted(ROLES[role]) if scopes is None else sorted(set(scopes))
    for scope in wanted:
        if scope not in ROLES[role]:
            raise Invalid("scope", f"is among what the owner may: {', '.join(sorted(ROLES[role]))}")
    if not wanted:
        raise Invalid("scope", "is at least one permission")
    return [str(scope) for scope in wanted]


def _note_use(uow: UnitOfWork) -> None:
    """Of many calls at once one notes it, and none waits for another."""
    with uow.housekeeping():
        uow.execute(_USED, {"now": uow.now, "id": uow.principal.token_id, "before": uow.now - _USED_EVERY})


_USED = (
    "UPDATE api_tokens SET last_used_at = :now WHERE id = (SELECT id FROM api_tokens WHERE id = :id "
    "AND (last_used_at IS NULL OR last_used_at <= :before) FOR NO KEY UPDATE SKIP LOCKED)"
)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
