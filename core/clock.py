"""What time it is: aware UTC, asked in this one place; inside a unit of work the database's clock decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from core.errors import Invalid

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """The moment on this machine's clock. For logs and files; decisions use `UnitOfWork.now`."""
    return _frozen.get() or datetime.now(UTC)


def frozen_at() -> datetime | None:
    """The moment at which time stands still (trials and imports with an as-of), or None."""
    return _frozen.get()


@contextmanager
def frozen(moment: datetime) -> Iterator[datetime]:
    """Let time stand at `moment` for this thread of work: units of work begun inside see no other time."""
    token = _frozen.set(aware(moment))
    try:
        yield moment
    finally:
        _frozen.reset(token)


def aware(moment: datetime) -> datetime:
    """`moment` in UTC; a naive one is refused, since nobody knows what it means."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("a time needs its zone, for example 2026-11-21T09:00:00+00:00")
    return moment.astimezone(UTC)


def checked_moment(field: str, given: datetime | str) -> datetime:
    """What somebody gave as a moment, written or not, in UTC. Raises Invalid naming `field` for anything else."""
    try:
        return aware(given if isinstance(given, datetime) else datetime.fromisoformat(given))
    except (ValueError, OverflowError):
        raise Invalid(field, "is a moment with its zone, for example 2026-11-21T09:00:00+00:00") from None
