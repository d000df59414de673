"""Being interrupted at a terminal: at once while waiting for an answer, and after it while a deed is being done."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody pressed Ctrl-C, closed the terminal or ended the process; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interrupts:
    """Turns the first signal into `Interrupted`, never in the middle of a deed; more of them change nothing."""

    def __init__(self) -> None:
        self._busy = False
        self._over = False
        self._pending: int | None = None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Signals inside the block are ours; what comes after its end is as before."""
        before = {number: signal.signal(number, self._arrived) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held_off(self) -> Iterator[None]:
        """Finish the block first: a deed that the database has done is then known to be done."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._pending is not None:
            self._interrupt(self._pending)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if self._busy:
            self._pending = number
        else:
            self._interrupt(number)

    def _interrupt(self, number: int) -> None:
        if not self._over:
            self._over = True
            raise Interrupted(number)
