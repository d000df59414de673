"""One run of one job: under which fence it acts, on record before it begins, and however it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Concatenate, Literal, ParamSpec, TypeVar

from core import running
from core.permissions import Principal, process
from core.running import Superseded, under_fence
from core.uow import UnitOfWork, perform
from jobs.telling import in_a_line, tell

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Turn:
    """A job's turn to run: which job, by which runner, under which fence (None: at an operator's word)."""

    job: str
    runner: str
    fence: int | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def principal(self) -> Principal:
        """As whom it acts."""
        return process("job", self.job)

    def do(self, verb: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Carry out one verb in a unit of work of its own. Raises Superseded when another runner leads by now."""
        if self.fence is None:
            return perform(self.principal, verb, *args, **kwargs)
        return perform(self.principal, under_fence, self.fence, verb, *args, **kwargs)


Work = Callable[[Turn], Mapping[str, int]]


@dataclass(frozen=True)
class Outcome:
    """How a run ended. It is skipped when another had it or its job is quarantined; superseded when another leads."""

    how: Literal["done", "failed", "skipped", "superseded"]
    run: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None


def carry_out(
    turn: Turn,
    work: Work,
    *,
    every: timedelta | None = None,
    begins: timedelta = timedelta(0),
    at: datetime | None = None,
) -> Outcome:
    """Do the job's work once: for the span of `every` that it is now, for the moment `at`, or just for now.

    Never raises: what went wrong is on record, in the log and in the answer.
    """
    began = time.monotonic()
    outcome = _carry_out(turn, work, every, begins, at)
    if outcome.error or any(outcome.counts.values()):
        tell(
            "run",
            job=turn.job,
            run=outcome.run,
            outcome=outcome.how,
            counts=outcome.counts,
            error=outcome.error,
            seconds=round(time.monotonic() - began, 3),
        )
    return outcome


def _carry_out(turn: Turn, work: Work, every: timedelta | None, begins: timedelta, at: datetime | None) -> Outcome:
    run: int | None = None
    try:
        run = turn.do(running.begin_run, turn.job, turn.runner, turn.fence, every=every, begins=begins, at=at)
        if run is None:
            return Outcome("skipped")
        counts = work(turn)
        turn.do(running.end_run, run, turn.job, counts)
    except Superseded as error:
        return Outcome("superseded", run, error=error.sentence)
    except Exception as error:  # one failing job stops no other
        return _failed(turn, run, in_a_line(error))
    return Outcome("done", run, counts)


def _failed(turn: Turn, run: int | None, why: str) -> Outcome:
    try:
        if run is not None:
            turn.do(running.end_run, run, turn.job, {}, why)
    except Exception as error:  # then the log alone says it
        tell("unrecorded", job=turn.job, run=run, error=in_a_line(error))
    return Outcome("failed", run, error=why)
