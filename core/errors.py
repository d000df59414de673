"""Every way Opsdesk says no: a fact for the reader, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class OpsError(Exception):
    """A refusal with one sentence for the reader. Anything that is not an OpsError is our fault."""

    status = 400

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Invalid(OpsError):
    """Input that cannot be used: `field` names where, `reason` says what is allowed."""

    status = 422

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class NotSignedIn(OpsError):
    """No live session or token stands behind the call."""

    status = 401

    def __init__(self, sentence: str = "Your session has ended. Sign in again.") -> None:
        super().__init__(sentence)


class NotPermitted(OpsError):
    """The principal lacks `permission`, or the rule in `sentence` forbids this deed to them."""

    status = 403

    def __init__(self, permission: str, sentence: str | None = None) -> None:
        super().__init__(sentence or f"You need the permission {permission} for this.")
        self.permission = permission


class NotFound(OpsError):
    """There is no such thing, or the caller may not know of it."""

    status = 404

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"There is no {what} {key}.")
        self.what = what
        self.key = key


class Conflict(OpsError):
    """Somebody or something got there first; `current` says how things stand now."""

    status = 409

    def __init__(self, sentence: str, current: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.current = dict(current or {})


class LimitReached(OpsError):
    """An allowance is used up until `resets_at` (aware UTC)."""

    status = 429

    def __init__(self, sentence: str, resets_at: datetime) -> None:
        super().__init__(sentence)
        self.resets_at = resets_at


class Unavailable(OpsError):
    """The database or another part we need does not answer just now; trying again may help."""

    status = 503


class Unaudited(RuntimeError):
    """A unit of work changed or showed something and left no trail: a fault of ours, never of the caller."""
