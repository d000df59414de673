"""The scheduled process: leads or stands by, runs what is due, and ends in good order."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import FrameType

import schedule

from core import running
from core.permissions import process
from core.sla.watching import due_notice
from core.uow import perform
from jobs.leading import Lead
from jobs.telling import in_a_line, tell
from jobs.timetable import TIMETABLE, Job
from jobs.turns import Turn, Work, carry_out

_LONGEST_SLEEP = 1.0
_GRACE_SECONDS = 7.0
_STEADY_RUN = timedelta(minutes=1)


class Runner:
    """Runs the timetable while it leads. Timed jobs share one thread; each steady job has its own."""

    def __init__(self, jobs: Sequence[Job] = TIMETABLE, lease: timedelta = running.LEASE) -> None:
        self._jobs = jobs
        self._lead = Lead(lease)
        self._stopping = threading.Event()
        self._watcher = process("job", "deadline_watch")

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; then finish what is going, give the lead back, and return 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        tell("starts", runner=self._lead.runner, jobs=[job.name for job in self._jobs])
        self._lead.start()
        threads = [threading.Thread(target=self._keep_time, name="timetable", daemon=True)]
        threads += [
            threading.Thread(target=self._keep_steady, args=(job,), name=job.name, daemon=True)
            for job in self._jobs
            if job.steady
        ]
        for thread in threads:
            thread.start()
        self._stopping.wait()
        self._end(threads)
        return 0

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _end(self, threads: Sequence[threading.Thread]) -> None:
        """Whoever is not done in time is cut off with the process: what it had not committed is undone."""
        patience = time.monotonic() + _GRACE_SECONDS
        for thread in threads:
            thread.join(timeout=max(0.0, patience - time.monotonic()))
        self._lead.retire()
        tell("ends", runner=self._lead.runner, cut_off=[thread.name for thread in threads if thread.is_alive()])

    def _keep_time(self) -> None:
        """Run the timed jobs as they fall due while this runner leads, and all of them when it begins to."""
        fence: int | None = None
        table = schedule.Scheduler()
        while not self._stopping.is_set():
            if self._lead.fence != fence or _is_astray(table):
                fence = self._lead.fence
                table = self._table()
                if fence is not None:
                    table.run_all()
            elif fence is not None:
                table.run_pending()
            self._stopping.wait(_LONGEST_SLEEP if fence is None else _sleep(table))

    def _table(self) -> schedule.Scheduler:
        table = schedule.Scheduler()
        table.every(1).seconds.do(self._watch_deadlines)
        for job in self._jobs:
            if not job.steady:
                table.every(int(job.asked_every.total_seconds())).seconds.do(self._run, job)
        return table

    def _run(self, job: Job, at: datetime | None = None) -> None:
        turn = self._turn(job)
        if turn.fence is not None and not self._stopping.is_set():
            carry_out(turn, job.work, every=job.every, begins=job.begins, at=at)

    def _turn(self, job: Job) -> Turn:
        return Turn(job.name, self._lead.runner, self._lead.fence, self._stopping)

    def _watch_deadlines(self) -> None:
        """Tell at the moment a deadline falls, and not only at the next round."""
        try:
            moment = perform(self._watcher, due_notice)
        except Exception as error:  # the next second asks again
            tell("no_watch", error=in_a_line(error))
            return
        for job in self._jobs:
            if moment is not None and job.name == "check_sla":
                self._run(job, moment)

    def _keep_steady(self, job: Job) -> None:
        """Run one steady job while this runner leads: a run on record for each minute, of many passes."""
        while not self._stopping.is_set():
            turn = self._turn(job)
            failed = turn.fence is not None and carry_out(turn, self._passes(job)).how == "failed"
            self._stopping.wait((_STEADY_RUN if failed else job.every).total_seconds())

    def _passes(self, job: Job) -> Work:
        """The job's work, again and again until a minute is over, another leads or this process is to stop."""

        def work(turn: Turn) -> Mapping[str, int]:
            total = Counter[str]()
            until = time.monotonic() + _STEADY_RUN.total_seconds()
            while not self._stopping.is_set() and self._lead.fence == turn.fence and time.monotonic() < until:
                total.update(job.work(turn))
                self._stopping.wait(job.every.total_seconds())
            return total

        return work


def _is_astray(table: schedule.Scheduler) -> bool:
    """Whether this machine's clock went back: then everything would wait until it has caught up."""
    idle = table.idle_seconds
    return idle is not None and idle > 2 * _LONGEST_SLEEP


def _sleep(table: schedule.Scheduler) -> float:
    return min(_LONGEST_SLEEP, max(0.05, table.idle_seconds or 0.0))
