"""A runner with a short lease and one job that is long at work: `python -m tests.jobs.slow_runner LEASE WORK`."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from core.uow import UnitOfWork
from jobs.runner import Runner
from jobs.telling import tell
from jobs.timetable import Job, once

LEASE, WORK = (float(word) for word in sys.argv[1:3])


def write_slowly(uow: UnitOfWork) -> int:
    """One row, written at the beginning of a unit of work that takes WORK seconds."""
    uow.execute(
        "INSERT INTO sign_in_throttles (subject, window_started_at) VALUES (:key, :now)",
        {"key": f"{uow.principal.name} {uow.now.isoformat()}", "now": uow.now},
    )
    uow.record("tried", "trial")
    tell("writing")
    time.sleep(WORK)
    return 1


if __name__ == "__main__":
    job = Job("slow", timedelta(seconds=1), "Write one row, slowly.", once(write_slowly, "rows"))
    raise SystemExit(Runner([job], lease=timedelta(seconds=LEASE)).run())
