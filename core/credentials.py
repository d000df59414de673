"""Whether somebody is who they say: name and password, checked within limits and in the same time for everybody."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from core import passwords, throttling
from core.errors import NotSignedIn
from core.permissions import NOBODY, Principal
from core.uow import UnitOfWork, perform

REFUSED = "Name or password is wrong, or there were too many attempts. Check both, or wait 15 minutes."
KNOWN_PLACE = timedelta(days=30)
LONGEST_NAME = 254
_FINGERPRINT_KEY = secrets.token_bytes(16)

_CLAIMED = """
SELECT s.id, s.password_hash, EXISTS (
  SELECT 1 FROM staff_sessions AS e WHERE e.staff_id = s.id AND e.ip = :ip AND e.created_at > :since) AS at_home
FROM staff AS s WHERE s.username = :username AND s.is_active
"""
_FAILED = """
UPDATE staff SET failed_logins = failed_logins + 1, locked_until = :locked_until WHERE id = :id
"""


@dataclass(frozen=True)
class Proven:
    """Somebody whose password was right: it was `password_hash`, and `subjects` had counted the attempt."""

    username: str
    staff_id: int
    password_hash: str
    subjects: tuple[str, ...]

    def person(self, who: Principal) -> Principal:
        """The visitor, now known: as whom the sign-in itself is recorded."""
        return replace(who, kind="staff", name=self.username, staff_id=self.staff_id)


@dataclass(frozen=True)
class _Attempt:
    """One try at a name. `staff_id` and `password_hash` are None when nobody active has it."""

    username: str
    staff_id: int | None
    password_hash: str | None
    subjects: tuple[str, ...]
    admitted: bool


def normal(username: str) -> str:
    """A name as it is stored: without blanks around it, in lower case."""
    return username.strip().lower()[: LONGEST_NAME + 1]


def visitor(ip: str | None, user_agent: str | None) -> Principal:
    """Nobody yet, from somewhere: as whom attempts to sign in are recorded."""
    return Principal(NOBODY.kind, NOBODY.name, frozenset(), ip=ip, user_agent=(user_agent or "")[:400] or None)


def prove(username: str, password: str, who: Principal) -> Proven:
    """Check name and password; raises NotSignedIn, always with the same sentence, when they do not hold.

    Every failure is on record, under the person where the name is somebody's. The password is hashed outside any
    transaction, and for unknown and blocked names too, so that the time tells nothing.
    """
    attempt = perform(who, _begin, normal(username))
    right = passwords.matches(password, attempt.password_hash)
    if attempt.admitted and right and attempt.staff_id is not None and attempt.password_hash is not None:
        return Proven(attempt.username, attempt.staff_id, attempt.password_hash, attempt.subjects)
    perform(who, _fail, attempt)
    raise NotSignedIn(REFUSED)


def settle(uow: UnitOfWork, proven: Proven) -> None:
    """Take back what the attempt had counted against its name and its address."""
    address, name = proven.subjects
    throttling.give_back(uow, address)
    throttling.clear(uow, name)
    with uow.housekeeping():
        uow.execute(
            "UPDATE staff SET failed_logins = 0, locked_until = NULL WHERE id = :id AND failed_logins > 0",
            {"id": proven.staff_id},
        )


def _begin(uow: UnitOfWork, username: str) -> _Attempt:
    """Take a place in the counters and find who is meant, if anybody."""
    ip = uow.principal.ip
    found = uow.execute(
        _CLAIMED, {"username": _storable(username), "ip": ip, "since": uow.now - KNOWN_PLACE}
    ).one_or_none()
    subjects = (
        throttling.of_address(ip),
        throttling.of_name(_storable(username), ip if found and found.at_home else None),
    )
    admitted = all(throttling.take(uow, subject) for subject in subjects)
    if found is None:
        return _Attempt(username, None, None, subjects, admitted)
    return _Attempt(username, found.id, found.password_hash, subjects, admitted)


def _fail(uow: UnitOfWork, attempt: _Attempt) -> None:
    blocked_until = throttling.blocked_until(uow, attempt.subjects)
    if attempt.staff_id is not None and attempt.admitted:
        uow.execute(_FAILED, {"id": attempt.staff_id, "locked_until": blocked_until})
    action = "sign_in.failed" if attempt.admitted else "sign_in.blocked"
    unknown = None if attempt.staff_id else _fingerprint(attempt.username)
    uow.record(action, "staff", attempt.staff_id, unknown_name=unknown, blocked_until=blocked_until)


def _storable(username: str) -> str:
    """A name that the database can be asked for: NUL and half characters are in nobody's."""
    return username.encode("utf-8", "replace").decode().replace("\0", "?")


def _fingerprint(username: str) -> str:
    """Tells one unknown name from another in the record of this process, and gives no name away.

    People type their password into the wrong field, and the record is for ever: the key is never stored.
    """
    return hashlib.blake2b(_storable(username).encode(), key=_FINGERPRINT_KEY, digest_size=4).hexdigest()
