"""Complaints as they come in, each with its item, which has the deadline that its source has set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.intake.customers import keep_customers
from core.intake.forms import ComplaintForm
from core.intake.keeping import Kept, keep, numbers
from core.permissions import Permission, requires
from core.queue.newcomers import NewItem
from core.queue.opening import open_items
from core.uow import UnitOfWork
from core.words import Status

_COLUMNS = {
    "external_ref",
    "category",
    "subject",
    "description",
    "priority",
    "status",
    "response_due_at",
    "resolution_due_at",
    "responded_at",
    "resolved_at",
    "session_id",
    "created_at",
}


@requires(Permission.OPS_WRITE, leaves="complaints.received")
def receive_complaints(
    uow: UnitOfWork, forms: Sequence[ComplaintForm], *, source: str = "api", overwrite: bool = True
) -> list[Kept]:
    """Keep complaints, each known by its reference, and open an item for each new one.

    The answers stand in the order of `forms`. With `overwrite` False a known complaint is left as it is.
    """
    customers = keep_customers(uow, [form.customer for form in forms], overwrite=overwrite)
    bookings = numbers(uow, "bookings", [form.booking_ref for form in forms if form.booking_ref])
    sessions = _by_session(uow, [form.session_id for form in forms if form.session_id and not form.booking_ref])
    rows = [_row(form, customers, _booking(form, bookings, sessions)) for form in forms]
    kept = keep(uow, "complaints", rows, "complaint.received", overwrite=overwrite)
    fresh = [pair for pair in zip(forms, kept, strict=True) if pair[1].outcome == "new"]
    if fresh:
        open_items(uow, [_item(uow, form, complaint, source) for form, complaint in fresh])
    uow.record("complaints.received", "complaint", None, count=len(forms), new=len(fresh), source=source)
    return kept


def _by_session(uow: UnitOfWork, sessions: Sequence[str]) -> dict[str, int]:
    """The latest booking of each session: what a complaint that names no booking is about."""
    rows = uow.rows(
        "SELECT session_id, max(id) AS id FROM bookings WHERE session_id = ANY(:sessions) GROUP BY session_id",
        {"sessions": list(set(sessions))},
    )
    return {row.session_id: row.id for row in rows}


def _booking(form: ComplaintForm, bookings: Mapping[str, int], sessions: Mapping[str, int]) -> int | None:
    """What it is about: the booking that it names, else that of its session. A complaint may be about none of ours."""
    return bookings.get(form.booking_ref) if form.booking_ref else sessions.get(form.session_id or "")


def _row(form: ComplaintForm, customers: Mapping[str, int], booking: int | None) -> dict[str, Any]:
    return form.model_dump(include=_COLUMNS) | {
        "customer_id": customers[form.customer.external_ref] if form.customer else None,
        "booking_id": booking,
    }


def _item(uow: UnitOfWork, form: ComplaintForm, complaint: Kept, source: str) -> NewItem:
    return NewItem(
        item_type="complaint",
        resource_type="complaint",
        resource_id=complaint.id,
        title=form.subject,
        reason=f"new complaint: {form.category}",
        priority=form.priority,
        context=form.context,
        session_id=form.session_id,
        due_at=form.resolution_due_at,
        open_ended=form.deadline_set_by_source and form.resolution_due_at is None,
        created_at=form.created_at,
        source=source,
        external_ref=form.external_ref,
        status=Status.RESOLVED if form.is_settled else Status.OPEN,
        responded_at=form.responded_at,
        # A settled complaint whose source does not say when counts as settled when it came here.
        resolved_at=(form.resolved_at or uow.now) if form.is_settled else None,
        resolution=(form.resolution or "resolved") if form.is_settled else None,
    )
