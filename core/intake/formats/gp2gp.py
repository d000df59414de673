"""Electronic transfers of patient records between practices: one row for a practice and month of 2019."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from core.checking import checked_form
from core.errors import Invalid
from core.intake.drafts import Draft, Format, Line, Problem, row_by_row
from core.intake.forms import WorkForm
from core.intake.values import Columns, decimal, text, whole
from core.words import Priority, Queue

_YEAR = 2019  # the set names the month alone
_COUNTS = ("RegistrationCount", "RequestCount", "IntegratedCount", "SuppressedCount")
_COLUMNS = ("RequestorODS", "Month", *_COUNTS, "SuccessRate")


def _read(line: Line) -> Draft:
    """A month with transfers that failed becomes an item; a month in which all arrived calls for nothing."""
    told = line.columns
    counts = {name: whole(told, name) if text(told, name) is not None else 0 for name in _COUNTS}
    failed = counts["RequestCount"] - counts["IntegratedCount"] - counts["SuppressedCount"]
    problems = tuple(_problems(told, counts, failed))
    ended = _month_end(told)
    if failed <= 0 and not problems:
        return Draft(line.number, None)
    return Draft(line.number, _form(told, counts, failed, ended), problems)


def _form(told: Columns, counts: dict[str, int], failed: int, ended: datetime) -> WorkForm:
    practice, month = text(told, "RequestorODS") or "", f"{_YEAR}-{whole(told, 'Month'):02d}"
    rate = None if text(told, "SuccessRate") is None else float(decimal(told, "SuccessRate"))
    return checked_form(
        WorkForm,
        {
            "external_ref": f"{practice}:{month}",
            "item_type": "record_transfer_failed",
            "resource_type": "practice",
            "resource_id": f"{practice}:{month}",
            "queue": Queue.AUTOMATION,
            "title": f"Practice {practice}, {month}: {max(failed, 0)} of {counts['RequestCount']} transfers failed",
            "reason": "electronic record transfers were requested and never integrated",
            "priority": _priority(counts["RequestCount"], failed),
            "context": {
                "practice": practice,
                "month": month,
                "registrations": counts["RegistrationCount"],
                "requested": counts["RequestCount"],
                "integrated": counts["IntegratedCount"],
                "suppressed": counts["SuppressedCount"],
                "success_rate": rate,
            },
            "created_at": ended,
        },
    )


def _priority(requested: int, failed: int) -> Priority:
    """High where every second transfer failed, medium where every fifth did."""
    share = failed / requested if requested else 0
    return Priority.HIGH if share >= 0.5 else Priority.MEDIUM if share >= 0.2 else Priority.LOW


def _month_end(told: Columns) -> datetime:
    """The counts of a month are known when it is over."""
    month = whole(told, "Month")
    if not 1 <= month <= 12:
        raise Invalid("Month", "is a month from 01 to 12")
    return datetime(_YEAR + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _problems(told: Columns, counts: dict[str, int], failed: int) -> list[Problem]:
    found = []
    if min(counts.values()) < 0:
        found.append(Problem(("counts",), "a count is negative"))
    if failed < 0:
        found.append(Problem(("integrated",), "more was integrated than was requested"))
    rate = text(told, "SuccessRate")
    if rate is not None and not 0 <= decimal(told, "SuccessRate") <= Decimal(1):
        found.append(Problem(("success_rate",), "the rate lies outside 0 to 1"))
    return found


FORMAT = Format("gp2gp", "transfers", _COLUMNS, row_by_row(_read))
