"""Looking Opsdesk over: each check says what is so, and what to do where it is not well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from core import clock, findable, migrating, running
from core.errors import OpsError
from core.metrics import proving
from core.permissions import Principal
from core.settings import settings
from core.spans import format_span
from core.tables import APPEND_ONLY
from core.uow import UnitOfWork

_OLDEST_SERVER = 15
_SKEW = timedelta(seconds=5)
_SEAL_LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Check:
    """One thing looked at: whether it is well, and what was found."""

    name: str
    ok: bool
    said: str


def examine(principal: Principal) -> list[Check]:
    """Every check in order; one that cannot be made is not well."""
    return [_made(name, check, principal) for name, check in _CHECKS.items()]


def _made(name: str, check: Callable[[Principal], tuple[bool, str]], principal: Principal) -> Check:
    try:
        return Check(name, *check(principal))
    except OpsError as error:
        return Check(name, False, error.sentence)
    except DBAPIError as error:
        return Check(name, False, f"the database does not answer: {str(error.orig).strip().splitlines()[0]}")


def _settings(_: Principal) -> tuple[bool, str]:
    given = settings()
    where = "the server that DATABASE_URL names" if given.database_url else f"the one embedded in {given.data_dir}"
    return True, f"valid; the database is {where}; people come to {given.address}"


def _server(principal: Principal) -> tuple[bool, str]:
    with UnitOfWork(principal) as uow:
        number = int(uow.execute("SHOW server_version_num").scalar_one()) // 10_000
    return number >= _OLDEST_SERVER, f"PostgreSQL {number}; {_OLDEST_SERVER} or newer is needed"


def _schema(_: Principal) -> tuple[bool, str]:
    migrating.require_current()
    return True, f"at {migrating.version()}, which this program needs"


def _roles(principal: Principal) -> tuple[bool, str]:
    asked = ", ".join(f"has_table_privilege('{table}', 'UPDATE, DELETE, TRUNCATE')" for table in APPEND_ONLY)
    with UnitOfWork(principal) as uow:
        found = uow.execute(f"SELECT current_user, {asked}").one()
    role, may_change = str(found[0]), dict(zip(APPEND_ONLY, tuple(found)[1:], strict=True))
    open_to = [table for table in APPEND_ONLY if may_change[table]]
    if open_to:
        return False, f"the application's role {role} may change {', '.join(open_to)}: give it a role of its own"
    return True, f"the application's role {role} may only add to what is append-only"


def _clocks(principal: Principal) -> tuple[bool, str]:
    with UnitOfWork(principal) as uow:
        skew = clock.now() - uow.now
    return abs(skew) <= _SKEW, f"this machine is {abs(skew).total_seconds():.1f} s off the database"


def _runner(principal: Principal) -> tuple[bool, str]:
    with UnitOfWork(principal) as uow:
        seen, missing, now = running.runner_seen(uow), running.runner_is_missing(uow), uow.now
    if seen is None:
        return False, "no job runner was ever seen: start `python -m jobs run`"
    said = f"a job runner was seen {format_span(max(timedelta(0), now - seen))} ago"
    return not missing, said + (": start `python -m jobs run`" if missing else "")


def _jobs(principal: Principal) -> tuple[bool, str]:
    from jobs.timetable import TIMETABLE

    with UnitOfWork(principal) as uow:
        last = running.last_runs(uow, [job.name for job in TIMETABLE])
    bad = [run.job for run in last.values() if run.outcome in {"failed", "abandoned"}]
    return not bad, f"did not end well when they last ran: {', '.join(bad)}" if bad else "each job's last run is well"


def _seals(principal: Principal) -> tuple[bool, str]:
    with UnitOfWork(principal) as uow:
        oldest = uow.execute(
            "SELECT min(at) FROM ops_audit_log WHERE id > (SELECT coalesce(max(last_id), 0) FROM audit_seals)"
        ).scalar_one()
        age = uow.now - oldest if oldest else timedelta(0)
    return age <= _SEAL_LATE, f"the oldest row of the audit log without a seal is {format_span(age)} old"


def _search(principal: Principal) -> tuple[bool, str]:
    with UnitOfWork(principal) as uow:
        stands = findable.standing(uow)
    if stands.other_key:
        return False, "the search key was changed: run `python -m jobs remark-customers`, until then nobody is found"
    if stands.unmarked:
        return True, "customers are still being made ready for the search, by the job mark_customers"
    return True, "every customer can be found by address and number"


def _metrics(principal: Principal) -> tuple[bool, str]:
    with UnitOfWork(principal) as uow:
        found = proving.differences(uow)
    if found:
        told = ", ".join(f"{name} in {places:,} places" for name, places in sorted(found.items()))
        return False, f"the sums differ from the records: {told}; run `python -m jobs doctor --rebuild-metrics`"
    return True, "the sums are what the records come to"


_CHECKS = {
    "settings": _settings,
    "server": _server,
    "schema": _schema,
    "roles": _roles,
    "clocks": _clocks,
    "runner": _runner,
    "jobs": _jobs,
    "audit seals": _seals,
    "metrics": _metrics,
    "search": _search,
}
