"""The scheduled process as the database knows it: who leads, under which fence, and what was run when."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from core.alerts.clearing import clear
from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.errors import Conflict
from core.permissions import Permission, Role, requires
from core.uow import UnitOfWork
from core.words import AlertType, Severity

LEASE = timedelta(seconds=30)
UNSEEN_AFTER = timedelta(seconds=90)
QUARANTINE_AFTER = 5
_LONG = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

P = ParamSpec("P")
R = TypeVar("R")


class Superseded(Conflict):
    """Another runner leads by now: whatever this one was about to write is refused."""

    def __init__(self) -> None:
        super().__init__("Another runner leads now; nothing was changed.")


@dataclass(frozen=True)
class Beat:
    """What a sign of life brought: the fence under which this runner leads (None: another does), and the moment."""

    fence: int | None
    at: datetime


@requires(Permission.OPS_ADMIN, leaves=None)
def beat(uow: UnitOfWork, runner: str, lease: timedelta = LEASE) -> Beat:
    """Show that `runner` lives, and keep or take the lead: it is free when its lease has run out by the database's
    clock. Every taking has a new fence.
    """
    bound = {"runner": runner, "now": uow.now, "until": uow.now + lease}
    with uow.housekeeping():
        uow.execute(_SEEN, bound)
        kept = uow.execute(_KEEP, bound).scalar_one_or_none()
        return Beat(kept if kept is not None else _take(uow, bound), uow.now)


_SEEN = """
INSERT INTO runners (name, started_at, seen_at) VALUES (:runner, :now, :now)
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"""
_KEEP = """
UPDATE leadership SET leased_until = :until
WHERE role = 'jobs' AND runner = :runner AND leased_until > :now RETURNING fence"""
_TAKE = """
INSERT INTO leadership (role, runner, fence, leased_until) VALUES ('jobs', :runner, 1, :until)
ON CONFLICT (role) DO UPDATE SET runner = excluded.runner, fence = leadership.fence + 1,
    leased_until = excluded.leased_until
WHERE leadership.leased_until <= :now RETURNING fence"""


def _take(uow: UnitOfWork, bound: Mapping[str, Any]) -> int | None:
    """Take the lead if it is free; who is just committing under the old fence is waited for."""
    free = uow.execute("SELECT 1 FROM leadership WHERE leased_until > :now", bound).one_or_none() is None
    if not free:
        return None
    uow.execute("SELECT 1 FROM leadership FOR UPDATE ")
    fence: int | None = uow.execute(_TAKE, bound).scalar_one_or_none()
    if fence is not None:
        _abandon(uow, "fence < :fence", fence=fence)
    return fence


@requires(Permission.OPS_ADMIN, leaves=None)
def retire(uow: UnitOfWork, runner: str) -> None:
    """Give the lead back, so that another runner need not wait for the lease to run out."""
    with uow.housekeeping():
        uow.execute(
            "UPDATE leadership SET leased_until = :now WHERE runner = :runner AND leased_until > :now",
            {"now": uow.now, "runner": runner},
        )


def under_fence(
    uow: UnitOfWork, fence: int, verb: Callable[Concatenate[UnitOfWork, P], R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Carry out a verb for the runner that leads under `fence`. Raises Superseded when another leads by now.

    Asked before, to do nothing in vain, and again just before the commit, when the answer is held until it is
    through: a runner that was paused in between writes nothing.
    """
    _stand(uow, fence, "")
    answer = verb(uow, *args, **kwargs)
    _stand(uow, fence, "FOR KEY SHARE")
    return answer


def _stand(uow: UnitOfWork, fence: int, hold: str) -> None:
    query = f"SELECT 1 FROM leadership WHERE role = 'jobs' AND fence = :fence {hold}"
    if uow.execute(query, {"fence": fence}).one_or_none() is None:
        raise Superseded


@requires(Permission.OPS_ADMIN, leaves=None)
def begin_run(
    uow: UnitOfWork,
    job: str,
    runner: str,
    fence: int | None,
    *,
    every: timedelta | None,
    begins: timedelta = timedelta(0),
    at: datetime | None = None,
) -> int | None:
    """Note that a run begins, before any of its work; returns its number, or None when it is not to be.

    It belongs to `at`, else to the span of length `every` that this moment lies in, else to this moment: one run each.
    Spans of a day begin at `begins` after midnight; a run of theirs whose runner was killed is begun again, as the
    next one would be a day away. A job that took its runner down five times in a row is left alone until `run-once`
    brings it to an end.
    """
    due_at = at or (span_start(uow.now, every, begins) if every else uow.now)
    bound = {
        "job": job,
        "due_at": due_at,
        "runner": runner,
        "fence": fence,
        "now": uow.now,
        "most": QUARANTINE_AFTER,
        "is_long": every is not None and every >= _LONG,
    }
    with uow.housekeeping():
        if fence is not None:
            _abandon(uow, "fence = :fence AND job = :job", fence=fence, job=job)
        begun: int | None = uow.execute(_BEGIN, bound).scalar_one_or_none()
    return begun


_BEGIN = """
INSERT INTO job_runs (job, scheduled_for, runner, fence, started_at)
SELECT :job, :due_at, :runner, :fence, :now
WHERE CAST(:fence AS bigint) IS NULL OR (
    SELECT count(*) FILTER (WHERE outcome = 'abandoned') < :most FROM (
        SELECT outcome FROM job_runs WHERE job = :job ORDER BY started_at DESC, id DESC LIMIT :most) AS last_runs)
ON CONFLICT (job, scheduled_for) DO UPDATE SET runner = excluded.runner, fence = excluded.fence,
    started_at = excluded.started_at, outcome = 'running', ended_at = NULL, error = NULL, tries = job_runs.tries + 1
WHERE :is_long AND job_runs.outcome = 'abandoned' AND job_runs.tries < :most RETURNING id"""


def span_start(moment: datetime, every: timedelta, begins: timedelta = timedelta(0)) -> datetime:
    """The beginning of the span of length `every`, counted from `begins` into 1970, that `moment` lies in."""
    return moment - (moment - _EPOCH - begins) % every


@requires(Permission.OPS_ADMIN, leaves=None)
def end_run(uow: UnitOfWork, run_id: int, job: str, counts: Mapping[str, int], error: str | None = None) -> None:
    """Note how a run ended. A failure alerts the administrators, until a run of the job succeeds."""
    outcome = "failed" if error else "done"
    with uow.housekeeping():
        uow.execute(
            "UPDATE job_runs SET ended_at = :now, outcome = :outcome, counts = CAST(:counts AS jsonb), error = :error "
            "WHERE id = :id AND outcome = 'running'",
            {"id": run_id, "now": uow.now, "outcome": outcome, "counts": json.dumps(dict(counts)), "error": error},
        )
    if error:
        raise_alerts(uow, [_trouble(job, "failed")])
    else:
        clear(uow, [_condition(job)])


def _condition(job: str) -> str:
    return f"system|job|{job}"


def _trouble(job: str, what: str) -> NewAlert:
    return NewAlert(
        AlertType.SYSTEM,
        Severity.WARNING,
        f"The job {job} {what}",
        "It is tried again at its next time. The record of its runs says more.",
        _condition(job),
        Audience(role=Role.ADMIN),
        resource=("job", job),
    )


def _abandon(uow: UnitOfWork, which: str, **values: object) -> None:
    """Close the runs that nobody can still be at: their runner was killed or lost the lead."""
    rows = uow.rows(
        "UPDATE job_runs SET outcome = 'abandoned', ended_at = :now, error = 'its runner ended before it did' "
        f"WHERE outcome = 'running' AND {which} RETURNING job",
        {"now": uow.now, **values},
    )
    raise_alerts(uow, [_trouble(row.job, "was cut off") for row in rows])


@requires(Permission.OPS_ADMIN, leaves=None)
def note_clock(uow: UnitOfWork, host: str, skew: timedelta | None) -> None:
    """Alert the administrators that a machine's clock is `skew` off the database's; None: that it no longer is."""
    condition = f"system|clock|{host}"
    if skew is None:
        clear(uow, [condition])
        return
    title = f"The clock of {host} is {abs(skew).total_seconds():,.0f} s away from the database's"
    advice = "Decisions go by the database's clock; set this machine's right."
    new = NewAlert(AlertType.SYSTEM, Severity.WARNING, title, advice, condition, Audience(role=Role.ADMIN))
    raise_alerts(uow, [new])


@dataclass(frozen=True)
class LastRun:
    """A job's last run: when it was for, began and ended (UTC; None while it runs), how, and what it counted."""

    job: str
    scheduled_for: datetime
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    counts: Mapping[str, int]
    error: str | None


@requires(Permission.OPS_ADMIN, leaves=None)
def last_runs(uow: UnitOfWork, jobs: Sequence[str]) -> dict[str, LastRun]:
    """The last run of each of these jobs that has had one, by name."""
    rows = uow.rows(
        "SELECT r.* FROM unnest(CAST(:jobs AS text[])) AS j, LATERAL (SELECT job, scheduled_for, started_at, ended_at, "
        "outcome, counts, error FROM job_runs WHERE job = j ORDER BY started_at DESC, id DESC LIMIT 1) r",
        {"jobs": list(jobs)},
    )
    return {row.job: LastRun(**row._mapping) for row in rows}


@requires(leaves=None)
def runner_seen(uow: UnitOfWork) -> datetime | None:
    """When any job runner last gave a sign of life (UTC), or None when there never was one."""
    seen: datetime | None = uow.execute("SELECT max(seen_at) FROM runners").scalar_one()
    return seen


@requires(leaves=None)
def runner_is_missing(uow: UnitOfWork) -> bool:
    """Whether no job runner has been seen for 90 seconds: nothing is watched, woken or escalated meanwhile."""
    seen = runner_seen(uow)
    return seen is None or uow.now - seen > UNSEEN_AFTER


@requires(Permission.OPS_ADMIN, leaves="jobs.tidied")
def tidy(uow: UnitOfWork, limit: int = 5000) -> int:
    """Forget runs of more than 30 days ago and runners gone for a day: one batch. Returns how many runs.

    A run by hand that has not ended within a day was cut off.
    """
    bound = {"month": uow.now - timedelta(days=30), "day": uow.now - timedelta(days=1), "limit": limit}
    _abandon(uow, "fence IS NULL AND started_at < :day", day=bound["day"])
    gone = uow.execute(
        "DELETE FROM job_runs WHERE id IN (SELECT id FROM job_runs WHERE started_at < :month LIMIT :limit)", bound
    ).rowcount
    uow.execute("DELETE FROM runners WHERE seen_at < :day", bound)
    uow.record("jobs.tidied", "job_run", None, runs=gone)
    return gone
