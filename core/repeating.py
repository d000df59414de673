"""Doing something once, however often a program asks for it under one key: the answer is kept with the effect."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core import config
from core.errors import Conflict, Invalid
from core.permissions import Permission, requires
from core.uow import UnitOfWork

FIELD = "Idempotency-Key"


@dataclass(frozen=True)
class Asked:
    """A program's own key for one deed, and the hash of all that it asks for under it."""

    key: str
    digest: bytes


@requires(leaves=None)
def once(uow: UnitOfWork, asked: Asked, deed: Callable[[UnitOfWork], Any]) -> Any:
    """Do `deed` unless this token has had it done under this key; returns its answer, the kept one where there is one.

    The answer is JSON without personal data, since it is kept for IDEMPOTENCY_HOURS. A deed that is refused keeps
    nothing. Raises Conflict while another call is at it, Invalid when the key stands for another request.
    """
    if uow.principal.token_id is None:
        raise Invalid(FIELD, "goes with an API token")
    bound = {
        "token": uow.principal.token_id,
        "key": asked.key,
        "asked": asked.digest,
        "now": uow.now,
        "since": uow.now - timedelta(hours=config.number("IDEMPOTENCY_HOURS")),
    }
    if not uow.execute(_TURN, bound).scalar_one():
        raise Conflict("The first call with this Idempotency-Key is still being carried out; ask again in a moment.")
    kept = uow.execute(_KEPT, bound).one_or_none()
    if kept is not None:
        return _again(asked, kept.asked, kept.answer)
    answer = deed(uow)
    with uow.housekeeping():
        uow.execute(_KEEP, bound | {"answer": json.dumps({"told": answer})})
    return answer


def _again(asked: Asked, digest: bytes, answer: dict[str, Any]) -> Any:
    if bytes(digest) != asked.digest:
        raise Invalid(FIELD, "was given with another request before; a new request needs a key of its own")
    return answer["told"]


# Held until the commit, when the answer can be read: whoever comes meanwhile is told so and need not wait.
_TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('once:' || :token || ':' || :key, 0))"
_KEPT = "SELECT asked, answer FROM kept_answers WHERE token_id = :token AND key = :key AND created_at > :since"
_KEEP = """
INSERT INTO kept_answers (token_id, key, asked, answer, created_at)
VALUES (:token, :key, :asked, CAST(:answer AS jsonb), :now)
ON CONFLICT (token_id, key) DO UPDATE SET asked = excluded.asked, answer = excluded.answer,
    created_at = excluded.created_at"""


@requires(Permission.OPS_ADMIN, leaves=None)
def forget_answers(uow: UnitOfWork, limit: int = 1000) -> int:
    """Remove answers that nobody can ask for again: one batch. Returns how many."""
    old = uow.now - timedelta(hours=config.number("IDEMPOTENCY_HOURS"))
    with uow.housekeeping():
        return uow.execute(_FORGET, {"old": old, "limit": limit}).rowcount


_FORGET = (
    "DELETE FROM kept_answers WHERE (token_id, key) IN (SELECT token_id, key FROM kept_answers "
    "WHERE created_at <= :old ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
)
