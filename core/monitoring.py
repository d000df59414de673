"""How the installation stands, in figures for those who watch over it: nothing of anybody, and nothing on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.permissions import Permission, requires
from core.tables.work import OPEN
from core.uow import UnitOfWork


@dataclass(frozen=True)
class Depth:
    """How many open items of one queue, priority and status there are, how many are late, and since when the oldest."""

    queue: str
    priority: str
    status: str
    items: int
    late: int
    oldest_at: datetime


@dataclass(frozen=True)
class Waiting:
    """Outgoing effects of one kind in one state (waiting, leased, parked), and since when the first of them is due."""

    kind: str
    state: str
    entries: int
    due_since: datetime


@dataclass(frozen=True)
class LastRun:
    """How a job's last run that has ended went, when it ended, and how many seconds after its time it began."""

    job: str
    outcome: str
    ended_at: datetime
    seconds: float
    late_seconds: float


@dataclass(frozen=True)
class Standing:
    """All of it, at one moment. `runner_seen_at` is None when no job runner was ever seen."""

    at: datetime
    depths: Sequence[Depth]
    outbox: Sequence[Waiting]
    runs: Sequence[LastRun]
    runner_seen_at: datetime | None


@requires(Permission.OPS_ADMIN, leaves=None)
def standing(uow: UnitOfWork) -> Standing:
    """How queue, outbox and jobs stand now."""
    seen: datetime | None = uow.execute("SELECT max(seen_at) FROM runners").scalar_one()
    return Standing(
        uow.now,
        _read(uow, Depth, _DEPTHS),
        _read(uow, Waiting, _OUTBOX),
        _read(uow, LastRun, _RUNS),
        seen,
    )


def _read(uow: UnitOfWork, kind: type[Any], statement: str) -> list[Any]:
    return [kind(**row._mapping) for row in uow.rows(statement, {"now": uow.now})]


_DEPTHS = f"""
SELECT queue, priority, status, count(*) AS items, count(*) FILTER (WHERE sla_deadline <= :now) AS late,
    min(created_at) AS oldest_at
FROM work_items WHERE {OPEN} GROUP BY queue, priority, status"""
_OUTBOX = """
SELECT kind, state, count(*) AS entries, min(due_at) AS due_since FROM outbox
WHERE state IN ('waiting', 'leased', 'parked') GROUP BY kind, state"""
_JOBS = """
WITH RECURSIVE jobs (job) AS ((SELECT min(job) FROM job_runs)
    UNION ALL (SELECT (SELECT min(job) FROM job_runs WHERE job > jobs.job) FROM jobs WHERE jobs.job IS NOT NULL))"""
_RUNS = f"""{_JOBS}
SELECT jobs.job, outcome, ended_at, extract(epoch FROM ended_at - started_at)::float AS seconds,
    greatest(0, extract(epoch FROM started_at - scheduled_for))::float AS late_seconds
FROM jobs, LATERAL (SELECT * FROM job_runs r WHERE r.job = jobs.job AND ended_at IS NOT NULL
    ORDER BY started_at DESC LIMIT 1) AS last"""
