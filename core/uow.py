"""The unit of work: one action, one transaction, one moment, one actor, one trail."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import CursorResult, Executable, Row, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from core import audit, clock, db
from core.errors import Unaudited, Unavailable
from core.permissions import Principal

P = ParamSpec("P")
R = TypeVar("R")
TRIES = 3
BUSY = "The database is busy or unavailable just now. Nothing was changed; try again in a moment."


class UnitOfWork:
    """The only way to get a session. Commits when the block ends, rolls back when it raises.

    Refuses to commit (`Unaudited`) when rows changed and nothing was recorded. `read=True` marks a
    question that may go to a replica and never decides anything.
    """

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._entries: list[audit.Entry] = []
        self._recorded: Counter[str] = Counter()
        self._now: datetime | None = None
        self._after: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        self.session = Session(db.engine("app"), autoflush=False, expire_on_commit=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._commit()
            else:
                self.session.rollback()
        finally:
            self.session.close()
        if error is None:
            for deed in self._after:
                deed()

    def _commit(self) -> None:
        self.session.flush()
        if self._connection_info().get("wrote", False) and not self._recorded:
            self.session.rollback()
            raise Unaudited("rows changed and nothing was recorded")
        if self._entries:
            audit.write(self.session, self.principal, self.now, self._entries)
        self.session.commit()

    def _connection_info(self) -> dict[Any, Any]:
        return self.session.connection().info if self.session.in_transaction() else {}

    @property
    def now(self) -> datetime:
        """The moment of this unit of work: the database's clock, read once (or the frozen one)."""
        if self._now is None:
            self._now = clock.frozen_at() or self.session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return self._now

    def execute(
        self,
        statement: Executable | str,
        values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run one statement (a Core construct or SQL with :names) and return its result."""
        prepared = text(statement) if isinstance(statement, str) else statement
        return self.session.execute(prepared, values)  # type: ignore[return-value]

    def rows(self, statement: Executable | str, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """All rows of one statement."""
        return self.execute(statement, values).all()

    def record(
        self,
        action: str,
        resource_type: str,
        resource_id: object = None,
        *,
        pii: bool = False,
        **metadata: Any,
    ) -> None:
        """Put one row into the trail of this unit of work; it is written with the commit.

        `metadata` names fields, filters, counts and identifiers: never personal values.
        """
        self._entries.append(audit.Entry(action, resource_type, _key(resource_id), pii, metadata))
        self._recorded[action] += 1

    def wrote_trail(self, action: str, count: int) -> None:
        """Say that a statement of this unit wrote `count` audit rows of `action` itself, in SQL."""
        self._recorded[action] += count

    def recorded(self, action: str) -> int:
        """How many rows of `action` this unit has put into the trail so far."""
        return self._recorded[action]

    def refused(self, verb: str, permission: str) -> None:
        """Record a refused attempt in a transaction of its own, since this one will not commit."""
        audit.write_apart(self.principal, audit.Entry("refused", "verb", verb, False, {"missing": permission}))

    @contextmanager
    def housekeeping(self) -> Iterator[None]:
        """A change that is no action of anybody's (a lease or session renewed): it needs no trail."""
        info = self.session.connection().info
        before = info.get("wrote", False)
        yield
        self.session.flush()
        info["wrote"] = before

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Do what the block does and take it all back, trail included: to see what would come of it."""
        kept = list(self._entries), Counter(self._recorded), list(self._after)
        savepoint = self.session.begin_nested()
        try:
            with self.housekeeping():
                yield
        finally:
            savepoint.rollback()
            self._entries, self._recorded, self._after = kept

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Do what the block does whole or not at all: when it raises, it alone is taken back, trail included."""
        kept = list(self._entries), Counter(self._recorded), list(self._after)
        wrote = self.session.connection().info.get("wrote", False)
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            self._entries, self._recorded, self._after = kept
            self._connection_info()["wrote"] = wrote
            raise

    def afterwards(self, deed: Callable[[], None]) -> None:
        """Do `deed` once this unit has committed (drop a cache, wake a screen)."""
        self._after.append(deed)


def _key(resource_id: object) -> str | None:
    return None if resource_id is None else str(resource_id)


def perform(
    principal: Principal,
    verb: Callable[Concatenate[UnitOfWork, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Carry out one verb in a unit of work of its own: the call every door makes.

    Passing troubles (deadlock, lost connection, fail-over) are tried again up to three times with jitter;
    raises Unavailable after that.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with UnitOfWork(principal) as uow:
                return verb(uow, *args, **kwargs)
        except PoolTimeout:
            raise Unavailable(BUSY) from None
        except OperationalError as error:
            _consider_retry(error, attempt)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            _consider_retry(OperationalError(error.statement, error.params, error.orig), attempt)  # type: ignore[arg-type]
    raise AssertionError("unreachable")


def _consider_retry(error: OperationalError, attempt: int) -> None:
    if not db.is_passing(error):
        raise error
    if getattr(error.orig, "pgcode", None) == "25006" or error.connection_invalidated:
        db.engine("app").dispose()
    if attempt == TRIES:
        raise Unavailable(BUSY) from None
    time.sleep(random.uniform(0.02, 0.15) * attempt)  # noqa: S311 - jitter, not a secret
