"""Reports are kept: made once for a day that is over, anew while it goes on, and read by whoever sees the queue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from core.errors import Invalid, NotFound
from core.looking import looked
from core.permissions import MANAGES, Permission, requires
from core.pii import Lens, scrub
from core.reports.figures import QueueReport, end_of, measured
from core.reports.wording import Names
from core.uow import UnitOfWork

KIND = "queue"
EARLIEST = date(2000, 1, 1)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIGURES = TypeAdapter(QueueReport)


@dataclass(frozen=True)
class Shown:
    """A kept report as one reader may see it: its figures, what the staff in it are called, when and by whom it was
    made (None: by the daily job, or an operator). `in_clear` where addresses of staff are among the names."""

    report: QueueReport
    names: Names
    made_at: datetime
    made_by: str | None
    in_clear: bool


@dataclass(frozen=True)
class Kept:
    """One line of the archive."""

    day: date
    pending: int
    made_at: datetime
    is_final: bool


@dataclass(frozen=True)
class Archive:
    """A page of the archive, the latest day first; `older` asks for the days before, None at the end."""

    lines: tuple[Kept, ...]
    older: str | None


def day_of(text: str) -> date:
    """The day that somebody wrote. Raises Invalid."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid("date", "is a day such as 2026-03-10")


@requires(MANAGES, leaves="report.produced")
def produce(uow: UnitOfWork, day: date | None = None) -> Shown:
    """Make the report of a day (today's, by default) and keep it.

    A day that is over has one report for good: asked for again, it is the kept one. While the day goes on, each
    replaces the one before. Raises Invalid for a day that has not begun.
    """
    wanted = _checked(uow, day or uow.now.astimezone(UTC).date())
    if not _is_there_for_good(uow, wanted):
        uow.execute(_KEEP, _row(uow, measured(uow, wanted)))
    made = shown(uow, wanted)
    uow.record("report.produced", "report", wanted, kind=KIND, pii=made.in_clear, new=made.made_at == uow.now)
    return made


def _checked(uow: UnitOfWork, day: date) -> date:
    today = uow.now.astimezone(UTC).date()
    if not EARLIEST <= day <= today:
        raise Invalid("date", f"lies between {EARLIEST} and today, {today} (UTC)")
    return day


def _is_there_for_good(uow: UnitOfWork, day: date) -> bool:
    made_after = "SELECT EXISTS (SELECT FROM reports WHERE kind = :kind AND for_date = :day AND made_at >= :ends)"
    return bool(uow.execute(made_after, {"kind": KIND, "day": day, "ends": end_of(day)}).scalar_one())


def _row(uow: UnitOfWork, report: QueueReport) -> dict[str, Any]:
    return {
        "kind": KIND,
        "day": report.day,
        "figures": _FIGURES.dump_json(report).decode(),
        "now": uow.now,
        "me": uow.principal.staff_id,
        "ends": end_of(report.day),
    }


_KEEP = """
INSERT INTO reports (kind, for_date, figures, made_at, made_by)
VALUES (:kind, :day, CAST(:figures AS jsonb), :now, :me)
ON CONFLICT (kind, for_date) DO UPDATE SET figures = excluded.figures, made_at = excluded.made_at,
    made_by = excluded.made_by
WHERE reports.made_at < LEAST(excluded.made_at, :ends)"""


def shown(uow: UnitOfWork, day: date) -> Shown:
    """The kept report of a day as the caller may see it, for the verb that shows it. Raises NotFound."""
    found = uow.execute(
        "SELECT r.figures, r.made_at, s.username AS made_by FROM reports r LEFT JOIN staff s ON s.id = r.made_by "
        "WHERE r.kind = :kind AND r.for_date = :day",
        {"kind": KIND, "day": day},
    ).one_or_none()
    if found is None:
        raise NotFound("report of", day)
    report, lens = _FIGURES.validate_python(found.figures), uow.principal.lens
    called = names(uow, report, lens)
    return Shown(report, called, found.made_at, found.made_by, in_clear=lens.clear and bool(called))


def names(uow: UnitOfWork, report: QueueReport, lens: Lens) -> dict[int, str]:
    """What the staff in a report are called through a lens: by their e-mail in clear, else by their username."""
    rows = uow.rows(
        "SELECT id, username, email FROM staff WHERE id = ANY(:ids)",
        {"ids": [each.staff_id for each in report.resolvers]},
    )
    return {row.id: (row.email or row.username) if lens.clear else scrub(row.username) for row in rows}


@requires(Permission.OPS_READ, leaves="report.read")
def read(uow: UnitOfWork, day: date) -> Shown:
    """The kept report of a day. Raises NotFound."""
    found = shown(uow, day)
    looked(uow, "report.read", "report", day, pii=found.in_clear, kind=KIND)
    return found


@requires(Permission.OPS_READ, leaves="report.listed")
def archive(uow: UnitOfWork, older_than: str | None = None, limit: int = 20) -> Archive:
    """A page of at most `limit` (1 to 100) kept reports, the latest day first. Raises Invalid."""
    if not 1 <= limit <= 100:
        raise Invalid("limit", "is between 1 and 100")
    before = day_of(older_than) if older_than else date.max - timedelta(days=1)
    rows = uow.rows(
        "SELECT for_date, made_at, figures -> 'pending' AS pending "
        "FROM reports WHERE kind = :kind AND for_date < :before ORDER BY for_date DESC LIMIT :more",
        {"kind": KIND, "before": before, "more": limit + 1},
    )
    looked(uow, "report.listed", "report", None, kind=KIND)
    lines = tuple(_lines(rows[:limit]))
    return Archive(lines, lines[-1].day.isoformat() if len(rows) > limit else None)


def _lines(rows: Iterable[Any]) -> Iterable[Kept]:
    return (Kept(row.for_date, row.pending, row.made_at, row.made_at >= end_of(row.for_date)) for row in rows)
