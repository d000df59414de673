"""This process's copy of something small in the database that every deed asks for: a few seconds old at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

FRESH_SECONDS = 3.0

T = TypeVar("T")
_all: list[Fresh[object]] = []


class Fresh(Generic[T]):
    """What `read` answered last; it is asked again when that is `FRESH_SECONDS` old, or was dropped."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._value: T | None = None
        self._read_at = float("-inf")
        _all.append(self)  # type: ignore[arg-type]  # it is only ever dropped

    def current(self) -> T:
        """The present answer."""
        if self._value is None or time.monotonic() - self._read_at > FRESH_SECONDS:
            self.put(self._read())
        assert self._value is not None
        return self._value

    def put(self, value: T) -> None:
        """Go by `value` from now on, as after reading it."""
        self._value = value
        self._read_at = time.monotonic()

    def drop(self) -> None:
        """Read anew at the next question."""
        self._read_at = float("-inf")


def drop_all() -> None:
    """Read everything anew, as a process does that has just started."""
    for each in _all:
        each.drop()
