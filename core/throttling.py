"""How often somebody may try: counters in the database, so that every process and replica counts together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from core import config
from core.uow import UnitOfWork

WINDOW = timedelta(minutes=15)
ADDRESS_SHARE = 5
"""An address may fail this many times as often as a name: whole offices share one."""

_TAKE = """
INSERT INTO sign_in_throttles AS t (subject, failures, window_started_at) VALUES (:subject, 1, :now)
ON CONFLICT (subject) DO UPDATE SET
  failures = CASE WHEN {over} THEN 1 ELSE t.failures + 1 END,
  window_started_at = CASE WHEN {over} THEN :now ELSE t.window_started_at END,
  blocked_until = CASE WHEN NOT {over} AND t.failures + 1 >= :limit THEN :now + :window END
WHERE t.blocked_until IS NULL OR t.blocked_until <= :now
RETURNING t.failures, t.blocked_until
""".format(over="(coalesce(t.blocked_until, t.window_started_at + :window) <= :now)")

_GIVE_BACK = """
UPDATE sign_in_throttles SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE subject = :subject
"""


def of_name(username: str, place: str | None = None) -> str:
    """The counter for one name; a digest, because people type their password into the field above it.

    `place` gives the name a counter of its own at an address where its owner is known, so that strangers who
    use up the attempts elsewhere do not lock them out.
    """
    return f"name:{hashlib.sha256(username.encode()).hexdigest()}{f'@{place}' if place else ''}"


def of_address(ip: str | None) -> str:
    """The counter for one address."""
    return f"address:{ip or 'unknown'}"


def limit_of(subject: str) -> int:
    """How many failures `subject` may have within 15 minutes."""
    allowed = int(config.number("SIGN_IN_ATTEMPTS"))
    return allowed * ADDRESS_SHARE if subject.startswith("address:") else allowed


def take(uow: UnitOfWork, subject: str) -> bool:
    """Count one attempt as failed in advance; False, and nothing counted, while `subject` is blocked.

    Counting first is what makes the limit exact however many attempts arrive at once; `give_back` undoes it.
    """
    values = {"subject": subject, "limit": limit_of(subject), "now": uow.now, "window": WINDOW}
    with uow.housekeeping():
        return uow.execute(_TAKE, values).one_or_none() is not None


def blocked_until(uow: UnitOfWork, subjects: Sequence[str]) -> datetime | None:
    """Until when any of `subjects` is blocked, or None."""
    found = uow.execute(
        "SELECT max(blocked_until) FROM sign_in_throttles WHERE subject = ANY(:subjects) AND blocked_until > :now",
        {"subjects": list(subjects), "now": uow.now},
    ).scalar_one()
    return found if isinstance(found, datetime) else None


def give_back(uow: UnitOfWork, subject: str) -> None:
    """Uncount one attempt that turned out to be right."""
    with uow.housekeeping():
        uow.execute(_GIVE_BACK, {"subject": subject})


def clear(uow: UnitOfWork, subject: str) -> None:
    """Forget the failures of `subject`, and those that nobody has added to for a day."""
    with uow.housekeeping():
        uow.execute(
            "DELETE FROM sign_in_throttles WHERE subject = :subject OR window_started_at < :stale",
            {"subject": subject, "stale": uow.now - timedelta(days=1)},
        )


def is_first(uow: UnitOfWork, subject: str) -> bool:
    """Count one more of `subject`; whether it is the first in 15 minutes, and so worth a line in the record."""
    values = {"subject": subject, "limit": 2_000_000_000, "now": uow.now, "window": WINDOW}
    with uow.housekeeping():
        return bool(uow.execute(_TAKE, values).scalar_one() == 1)
