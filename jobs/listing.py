"""The jobs as an operator sees them: what each is for, how its last run went, and when it runs next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core import clock, running
from core.permissions import Principal
from core.running import LastRun, span_start
from core.spans import format_span
from core.uow import UnitOfWork
from jobs.timetable import TIMETABLE, Job


@dataclass(frozen=True)
class Line:
    """One job in the list. Moments are UTC; `next_run_at` is None while no runner is there to run it."""

    name: str
    meaning: str
    every_seconds: int
    at: str | None
    last_run_at: datetime | None
    last_outcome: str | None
    last_error: str | None
    next_run_at: datetime | None


def lines(principal: Principal) -> list[Line]:
    """Every job of the timetable."""
    with UnitOfWork(principal) as uow:
        last = running.last_runs(uow, [job.name for job in TIMETABLE])
        missing, now = running.runner_is_missing(uow), uow.now
    return [_line(job, last.get(job.name), None if missing else now) for job in TIMETABLE]


def _line(job: Job, last: LastRun | None, now: datetime | None) -> Line:
    due = now if last is None or now is None else max(now, _after(last, job))
    return Line(
        name=job.name,
        meaning=job.meaning,
        every_seconds=int(job.every / timedelta(seconds=1)),
        at=None if job.at is None else f"{datetime(1970, 1, 1, tzinfo=UTC) + job.at:%H:%M} UTC",
        last_run_at=last.started_at if last else None,
        last_outcome=last.outcome if last else None,
        last_error=last.error if last else None,
        next_run_at=due,
    )


def _after(last: LastRun, job: Job) -> datetime:
    return last.started_at + job.every if job.at is None else span_start(last.started_at, job.every, job.at) + job.every


def table(found: Sequence[Line]) -> str:
    """The lines as text in columns."""
    rows = [("JOB", "EVERY", "LAST RUN", "OUTCOME", "NEXT RUN"), *(_cells(line) for line in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if all(line.next_run_at is None for line in found):
        text.append("No runner has been seen for 90 seconds: start `python -m jobs run`.")
    return "\n".join(text)


def _cells(line: Line) -> tuple[str, ...]:
    every = line.at or format_span(timedelta(seconds=line.every_seconds))
    said = line.last_outcome or "-"
    return (
        line.name,
        every,
        _ago(line.last_run_at),
        f"{said}: {line.last_error}" if line.last_error else said,
        f"{line.next_run_at:%Y-%m-%d %H:%M:%S}Z" if line.next_run_at else "-",
    )


def _ago(moment: datetime | None) -> str:
    return "never" if moment is None else f"{format_span(max(timedelta(0), clock.now() - moment))} ago"
