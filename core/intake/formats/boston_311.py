"""Boston's 311 cases: complaints with the city's own deadlines, written in local time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from core.checking import checked_form
from core.intake.drafts import Draft, Format, Line, Problem, row_by_row
from core.intake.forms import ComplaintForm
from core.intake.values import Columns, moment, text
from core.words import ComplaintStatus

_ZONE = ZoneInfo("America/New_York")
_WRITTEN = "%m/%d/%Y %I:%M:%S %p"
_STATUS = {"Open": ComplaintStatus.OPEN, "Closed": ComplaintStatus.CLOSED}
_CONTEXT = {
    "request_type": "TYPE",
    "city_queue": "QUEUE",
    "department": "Department",
    "neighborhood": "neighborhood",
    "zip": "LOCATION_ZIPCODE",
    "property_type": "Property_Type",
    "told_through": "Source",
    "on_time": "OnTime_Status",
}
_COLUMNS = (
    "CASE_ENQUIRY_ID",
    "OPEN_DT",
    "TARGET_DT",
    "CLOSED_DT",
    "CASE_STATUS",
    "CLOSURE_REASON",
    "CASE_TITLE",
    "SUBJECT",
    "REASON",
    *_CONTEXT.values(),
)


def _read(line: Line) -> Draft:
    told = line.columns
    opened, due, closed = (moment(told, name, _WRITTEN, _ZONE) for name in ("OPEN_DT", "TARGET_DT", "CLOSED_DT"))
    status = text(told, "CASE_STATUS") or ""
    form = checked_form(
        ComplaintForm,
        {
            "external_ref": f"boston-311:{told['CASE_ENQUIRY_ID']}",
            "category": text(told, "REASON") or "other",
            "subject": text(told, "CASE_TITLE") or text(told, "TYPE") or "other",
            "status": _STATUS.get(status, status),
            "resolution_due_at": due,
            "deadline_set_by_source": True,
            "resolved_at": closed,
            "resolution": text(told, "CLOSURE_REASON"),
            "created_at": opened,
            "context": _context(told),
        },
    )
    return Draft(line.number, form, tuple(_problems(form, opened, due, closed)))


def _context(told: Columns) -> dict[str, str]:
    """What else the city says; the ZIP codes passed through a float and lost what stands before the first digit."""
    found = {name: said for name, column in _CONTEXT.items() if (said := text(told, column))}
    if "zip" in found:
        found["zip"] = found["zip"].removesuffix(".0").zfill(5)
    return found | {"subject_area": text(told, "SUBJECT") or ""}


def _problems(
    form: ComplaintForm, opened: datetime | None, due: datetime | None, closed: datetime | None
) -> list[Problem]:
    found = []
    if opened and closed and closed < opened:
        found.append(Problem(("resolved_at", "created_at"), "closed before it was opened"))
    if opened and due and due < opened:
        found.append(Problem(("resolution_due_at", "created_at"), "due before it was opened"))
    if form.is_settled != (closed is not None):
        found.append(Problem(("status", "resolved_at"), "closed without a time, or open with one"))
    return found


FORMAT = Format("boston-311", "complaints", _COLUMNS, row_by_row(_read))
