"""Keeps the Procfile's processes running while whoever asked for them lives, and ends them all after."""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen
from threading import Lock, Thread
from types import FrameType

import psutil
from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer
from honcho.process import Popen as Command

from core import clock

BEGIN = b"begin\n"
_PAUSES_SECONDS = (1, 2, 5, 15, 60)
_LIFELINE = 0  # standard input: whoever asked holds the other end, and the kernel lets go of it for them
_printer = Printer(sys.stdout, width=8)
_printing = Lock()


@dataclass
class Kept:
    """One process of the Procfile; started again when it ends, after pauses that grow if it keeps ending."""

    name: str
    command: str
    colour: str
    process: Popen[bytes] | None = None
    started: float = 0.0
    ended_early: int = 0
    due: float = 0.0

    def tend(self, now: float) -> None:
        """Start it when due, notice when it has ended; `now` in seconds of a monotonic clock."""
        if self.process is None and now >= self.due:
            self._start(now)
        elif self.process is not None and self.process.poll() is not None:
            self._plan_again(now, self.process.returncode)

    def _start(self, now: float) -> None:
        self.process = Command(self.command, stdin=DEVNULL, start_new_session=False)
        self.started = now
        Thread(target=self._repeat_output, args=(self.process,), daemon=True).start()

    def _repeat_output(self, process: Popen[bytes]) -> None:
        for line in iter(process.stdout.readline, b"") if process.stdout else ():
            _say(self.name, line, self.colour)

    def _plan_again(self, now: float, code: int) -> None:
        steady = now - self.started > _PAUSES_SECONDS[-1]
        self.ended_early = 0 if steady else self.ended_early
        pause = _PAUSES_SECONDS[min(self.ended_early, len(_PAUSES_SECONDS) - 1)]
        _say(self.name, f"ended with {code}; it starts again in {pause} s", self.colour)
        self.process, self.due, self.ended_early = None, now + pause, self.ended_early + 1


def keep(processes: list[Kept]) -> None:
    """Wait for the word to begin, then tend the processes until the lifeline is cut."""
    begun = False
    while (heard := _listen()) != b"":
        begun = begun or heard == BEGIN
        for process in processes if begun else ():
            process.tend(time.monotonic())


def _listen() -> bytes | None:
    """What the lifeline says within a moment: None for nothing, empty when it is cut."""
    ready, _, _ = select.select([_LIFELINE], [], [], 0.2)
    return os.read(_LIFELINE, len(BEGIN)) if ready else None


def end_group(group: int) -> None:
    """End every process of the group but this one: asked politely, and after ten seconds no longer."""
    _signal(_members(group), signal.SIGTERM)
    for _ in range(100):
        if not _members(group):
            return
        time.sleep(0.1)
    _signal(_members(group), signal.SIGKILL)


def _members(group: int) -> list[int]:
    return [pid for pid in psutil.pids() if pid != os.getpid() and _group(pid) == group and not _is_dead(pid)]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _is_dead(pid: int) -> bool:
    """A dead process may keep its entry until its parent asks for it."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _say(name: str, words: str | bytes, colour: str | None) -> None:
    # The terminal may be gone with whoever asked; the processes must still be ended.
    with _printing, suppress(OSError, ValueError):
        _printer.write(Message("line", words, clock.now().astimezone(), name, colour))


@contextmanager
def _ended_after(data_dir: Path | None) -> Iterator[None]:
    """Whatever happens inside, nothing of ours is left running after."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_group(os.getpgid(0))
        if data_dir is not None:
            from core import embedded  # late: the keeper is small while it waits

            embedded.stop(data_dir)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """`python -m jobs.keeper PROCFILE NAME…`, with a pipe as standard input; ends when the pipe is closed."""
    reading = argparse.ArgumentParser(description=main.__doc__)
    reading.add_argument("procfile", type=Path)
    reading.add_argument("names", nargs="+")
    reading.add_argument("--stop-postgres", type=Path, metavar="DATA_DIR")
    asked = reading.parse_args()
    commands = parse_procfile(asked.procfile.read_text()).processes
    with _ended_after(asked.stop_postgres):
        keep([Kept(name, commands[name], colour) for name, colour in zip(asked.names, get_colours(), strict=False)])


if __name__ == "__main__":
    main()
