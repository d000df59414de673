"""Records for items to be about, and every record there is, exactly as it stands."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text

from core import db
from core.marking import as_json, with_marks
from core.permissions import Principal
from core.queue import deciding
from core.queue.deciding import Decision
from core.queue.lifecycle import Moved
from core.uow import perform
from tests.builders import claimed, rows

TABLES = (
    "customers",
    "bookings",
    "payments",
    "complaints",
    "meal_plans",
    "quiz_responses",
    "blacklist_entries",
    "retention_holds",
    "individual_providers",
    "distinct_provider_pairs",
)
NPI, OTHER_NPI = "1234567893", "1245319599"


def put(table: str, **values: Any) -> int:
    """A new row; its number."""
    names = ", ".join(values)
    statement = (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM "
        f"jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb)) RETURNING id"
    )
    with db.engine("owner").begin() as connection:
        return int(connection.execute(text(statement), {"row": json.dumps(values, default=as_json)}).scalar_one())


def change(table: str, key: int, **values: Any) -> None:
    """What another system has written to a row meanwhile."""
    sets = ", ".join(f"{name} = :{name}" for name in values)
    with db.engine("owner").begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {sets} WHERE id = :key"), {"key": key, **values})


def row(table: str, key: int) -> dict[str, Any]:
    """One row as it stands."""
    found: dict[str, Any] = rows(f"SELECT to_jsonb(t) FROM {table} t WHERE id = :id", id=key)[0][0]
    return found


def everything() -> dict[str, list[str]]:
    """Every record of every kind, in the database's own spelling, but for what it sums up of other records."""
    told = "(to_jsonb(t) - 'paid_amount' - 'returned_amount')::text"
    return {table: [found[0] for found in rows(f"SELECT {told} FROM {table} t ORDER BY 1")] for table in TABLES}


def customer(**values: Any) -> int:
    known = {"name": "Jane Smith", "email": "jane@example.com", "mobile": "9876543210"} | values
    return put("customers", **with_marks("customers", [known])[0])


def booking(**values: Any) -> int:
    usual = {"service": "Cleaning", "status": "pending", "payment_status": "unpaid", "amount": "120.50"}
    return put("bookings", **usual | {"currency": "EUR"} | values)


def paid_booking(**values: Any) -> int:
    key = booking(**{"payment_status": "paid", "status": "confirmed"} | values)
    put("payments", booking_id=key, status="paid", amount="120.50", currency="EUR")
    return key


def complaint(**values: Any) -> int:
    usual = {"category": "quality", "subject": "Late", "description": "Nobody came.", "priority": "high"}
    return put("complaints", **usual | {"status": "open"} | values)


def meal_plan(**values: Any) -> int:
    usual = {"title": "March", "pdf_url": "https://store.test/a.pdf", "pdf_generated_at": "2026-03-01T00:00:00Z"}
    return put("meal_plans", **usual | values)


def quiz_response(**values: Any) -> int:
    return put("quiz_responses", **{"answers": {"weight": 71.50}, "created_at": "2026-03-01T00:00:00Z"} | values)


def blacklist_entry(**values: Any) -> int:
    usual = {"email": "jane@example.com", "reason": "chargeback", "appeal": "It was my bank.", "active": True}
    return put("blacklist_entries", **usual | values)


def hold(kind: str, key: int, **values: Any) -> int:
    usual = {"resource_type": kind, "resource_id": str(key), "reason": "court case"}
    return put("retention_holds", **usual | {"hold_until": "2026-03-01T00:00:00Z"} | values)


def provider(**values: Any) -> int:
    usual = {"first_name": "Ann", "last_name": "Lee", "npi": NPI, "phone": "+12025550143", "is_active": True}
    return put("individual_providers", **usual | {"unobtainable": [], "details": {"rating": 4.50}} | values)


def decided(who: Principal, item_id: int, option: str, **parameters: Any) -> Moved:
    """The item after a decision."""
    return perform(who, deciding.decide, item_id, Decision(option, "because it is so", parameters))


def held(who: Principal, item_type: str, about: tuple[str, int] | None = None, **context: Any) -> int:
    """A new item in the hands of `who`, about a record."""
    known = {"resource_type": about[0], "resource_id": about[1]} if about else {}
    return claimed(who, item_type, context=context, **known)


def put_pair(one: int, other: int) -> None:
    """Two providers that were found to be different before."""
    with db.engine("owner").begin() as connection:
        connection.execute(
            text("INSERT INTO distinct_provider_pairs VALUES (least(:a, :b), greatest(:a, :b), NULL, now())"),
            {"a": one, "b": other},
        )
