"""A real pseudo-terminal with a command on it: what it shows is read, and what a person types is typed."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.settings import PROJECT

CTRL_C, CTRL_D = "\x03", "\x04"
PATIENCE_SECONDS = 30.0


class Terminal:
    """One command on one terminal."""

    def __init__(self, pid: int, end: int) -> None:
        self.pid = pid
        self.seen = ""
        self._end = end
        self._unread = ""

    def until(self, said: str) -> str:
        """What is shown up to and with `said`, from where the last look ended."""
        while said not in self._unread:
            assert self._read(), f"waited for {said!r} and saw {self._unread!r}"
        before, _, self._unread = self._unread.partition(said)
        return before + said

    def types(self, text: str, *, enter: bool = True) -> None:
        """A person types."""
        os.write(self._end, (text + ("\n" if enter else "")).encode())

    def ends(self) -> int:
        """The exit code, once it has ended."""
        while self._read():
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Hang up."""
        os.close(self._end)
        if self.pid:
            os.waitpid(self.pid, 0)

    def _read(self) -> bool:
        """Read a little; False at the end. Fails when nothing is shown for too long."""
        limit = time.monotonic() + PATIENCE_SECONDS
        if not select.select([self._end], [], [], max(0.0, limit - time.monotonic()))[0]:
            raise AssertionError(f"nothing more came after {self._unread!r}")
        try:
            told = os.read(self._end, 65_536).decode(errors="replace")
        except OSError:  # how Linux says that the other side is closed
            return False
        self._unread += told
        self.seen += told
        return bool(told)


@contextmanager
def terminal(*words: str, env: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """`python -m jobs` with `words`, on a terminal of its own."""
    pid, end = pty.fork()
    if pid == 0:  # the child does nothing but become the command
        os.chdir(PROJECT)
        os.execve(sys.executable, [sys.executable, "-m", "jobs", *words], {**os.environ, **(env or {})})
    opened = Terminal(pid, end)
    try:
        yield opened
    finally:
        opened.close()
