"""The summary of the related record that each row of the queue carries, made from the record as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import config
from core.tables.work import OPEN
from core.uow import UnitOfWork

_CUSTOMER = "'customer_name', c.name, 'customer_email', c.email, 'customer_mobile', c.mobile, 'tier', c.tier"
_BY_CUSTOMER = "LEFT JOIN customers c ON c.id = r.customer_id"


@dataclass(frozen=True)
class Source:
    """Where the record of one kind of resource stands, what hangs on it, and the fields its summary shows."""

    table: str
    joins: str
    shown: str

    @property
    def statement(self) -> str:
        """The one statement that makes the summaries of :ids whose resource type is :kind."""
        customer = "c.id" if " c ON" in self.joins else "NULL::bigint"
        return (
            "UPDATE work_items w SET summary = found.summary, customer_id = coalesce(w.customer_id, found.customer) "
            "FROM (SELECT i.id, CASE WHEN r.id IS NULL THEN '{}' "
            f"ELSE jsonb_strip_nulls(jsonb_build_object({self.shown})) END AS summary, "
            f"{customer} AS customer FROM work_items i LEFT JOIN {self.table} r ON r.id = "
            "CASE WHEN i.resource_id ~ '^[0-9]{1,18}$' THEN i.resource_id::bigint END "
            f"{self.joins} WHERE i.resource_type = :kind AND i.id = ANY(:ids)) found WHERE w.id = found.id"
        )


SOURCES = {
    "complaint": Source(
        "complaints",
        f"{_BY_CUSTOMER} LEFT JOIN bookings b ON b.id = r.booking_id",
        f"{_CUSTOMER}, 'category', r.category, 'subject', r.subject, 'description', left(r.description, 400), "
        "'service', b.service, 'amount', b.amount, 'currency', b.currency",
    ),
    "booking": Source(
        "bookings",
        _BY_CUSTOMER,
        f"{_CUSTOMER}, 'service', r.service, 'booking_status', r.status, 'payment_status', r.payment_status, "
        "'amount', r.amount, 'currency', r.currency, 'scheduled_at', r.scheduled_at",
    ),
    "provider": Source(
        "individual_providers",
        "",
        "'organisation', r.organisation, 'name', nullif(concat_ws(' ', r.first_name, r.last_name), ''), 'npi', r.npi, "
        "'taxonomy', r.taxonomy, 'city', r.city, 'state', r.state, 'phone', r.phone, 'postal_code', r.postal_code",
    ),
    "meal_plan": Source(
        "meal_plans",
        _BY_CUSTOMER,
        f"{_CUSTOMER}, 'plan', r.title, 'pdf_generated_at', r.pdf_generated_at, 'pdf_deleted_at', r.pdf_deleted_at",
    ),
    "quiz_response": Source(
        "quiz_responses",
        "LEFT JOIN customers c ON c.id = r.user_id",
        f"{_CUSTOMER}, 'meal_plan_id', r.meal_plan_id, 'answered_at', r.created_at",
    ),
    "blacklist_entry": Source(
        "blacklist_entries",
        "",
        "'email', r.email, 'blacklist_reason', r.reason, 'appeal_message', r.appeal, 'active', r.active",
    ),
    "retention_hold": Source(
        "retention_holds",
        "",
        "'held', r.resource_type, 'held_id', r.resource_id, 'hold_reason', r.reason, 'hold_until', r.hold_until, "
        "'released_at', r.released_at",
    ),
}


def summarise(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Make the summaries of these items from their records as they are now. Part of what brought them."""
    if ids and config.flag("ENABLE_AUTO_ENRICHMENT"):
        refresh(uow, ids)


def refresh(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Make the summaries of these items, whatever the setting: someone is looking, or the record has changed."""
    kinds = uow.rows("SELECT DISTINCT resource_type AS kind FROM work_items WHERE id = ANY(:ids)", {"ids": list(ids)})
    with uow.housekeeping():
        for row in kinds:
            if row.kind in SOURCES:
                uow.execute(SOURCES[row.kind].statement, {"ids": list(ids), "kind": row.kind})


def follow(uow: UnitOfWork, item_id: int, journal: Iterable[Mapping[str, Any]]) -> None:
    """Make the summaries of an item that was decided, and of all that show one of the records which that changed."""
    kinds = {source.table: kind for kind, source in SOURCES.items()} | {"customers": "customer"}
    changed = [
        (kinds[note["table"]], str(key)) for note in journal if note.get("table") in kinds for key in note["keys"]
    ]
    found = uow.rows(_SHOWING, {"kinds": [kind for kind, _ in changed], "keys": [key for _, key in changed]})
    refresh(uow, sorted({item_id, *(row.id for row in found)}))


_SHOWING = (
    "WITH changed AS (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS r(kind, key)) "
    "SELECT i.id FROM changed JOIN work_items i ON i.resource_id = key AND i.resource_type = kind "
    "UNION SELECT i.id FROM changed JOIN work_items i ON kind = 'customer' AND i.customer_id = key::bigint "
    f"WHERE i.{OPEN}"
)
