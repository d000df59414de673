"""Records that programs send: kept once, whoever sends them, with the items that they cause."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.api.conftest import V1, Client, Program
from tests.api.routes import BOOKING
from tests.builders import count, rows
from tests.cast import Cast

CUSTOMER = {"external_ref": "cu-1", "name": "Jane Smith", "email": "jane@example.com", "mobile": "9876543210"}
COMPLAINT = {"external_ref": "c-1", "category": "late", "subject": "Late", "customer": CUSTOMER}


def test_what_comes_in_becomes_records_and_items_at_once(client: Client, cast: Cast) -> None:
    script = client(cast.reviewer)
    sent = {
        "bookings": BOOKING | {"customer": CUSTOMER, "request": "refund"},
        "complaints": COMPLAINT,
        "payments": {"external_ref": "p-1", "booking_ref": "b-1", "status": "failed", "amount": 120},
        "providers": {"external_ref": "n-1", "organisation": "Clinic", "npi": "1234567893"},
    }
    for noun, body in sent.items():
        answer = script.post(f"{V1}/{noun}", json=body)
        assert (answer.status_code, answer.json()[0]["outcome"]) == (201, "new"), answer.text
    assert {row.item_type for row in rows("SELECT item_type FROM work_items")} == {"refund", "complaint", "booking"}
    changed = script.post(f"{V1}/bookings", json=BOOKING | {"status": "confirmed"})
    assert (changed.status_code, changed.json()[0]["outcome"]) == (200, "changed")
    page = script.get(f"{V1}/ops/dashboard/priority-queue", params={"intent_type": "complaint"}).json()
    assert page["items"][0]["related"]["customer_mobile"] == "98****3210"


def test_two_producers_of_one_record_get_one_number(program: Program, cast: Cast) -> None:
    scripts = [program(cast.reviewer), program(cast.senior)]

    def call(place: int) -> tuple[int, int]:
        answer = scripts[place % 2].post(f"{V1}/complaints", json=COMPLAINT)
        return answer.status_code, answer.json()[0]["id"]

    with ThreadPoolExecutor(32) as crowd:
        answers = list(crowd.map(call, range(32)))
    assert {status for status, _ in answers} <= {200, 201}
    assert len({number for _, number in answers}) == 1
    assert (count("complaints"), count("work_items"), count("customers")) == (1, 1, 1)


def test_a_bad_record_among_many_is_refused_alone(client: Client, cast: Cast) -> None:
    script = client(cast.reviewer)
    script.post(f"{V1}/bookings", json=BOOKING)
    payment = {"booking_ref": "b-1", "status": "paid", "amount": 5}
    body = [payment | {"external_ref": f"p-{place}"} for place in range(9)]
    body[4]["booking_ref"] = "unheard of"
    told = script.post(f"{V1}/payments", json=body).json()
    assert [each["outcome"] for each in told] == ["new"] * 4 + ["refused"] + ["new"] * 4
    alone = script.post(f"{V1}/payments", json=body[4])
    assert (alone.status_code, alone.json()["field"]) == (422, "booking_ref")
    assert count("payments") == 8


CHANGES: tuple[tuple[dict[str, object], str], ...] = (
    ({"id": 7}, "id"),
    ({"customer_id": 7}, "customer_id"),
    ({"assigned_to": 1}, "assigned_to"),
    ({"status": "lost"}, "status"),
    ({"amount": "NaN"}, "amount"),
    ({"amount": "1e400"}, "amount"),
    ({"amount": True}, "amount"),
    ({"service": ""}, "service"),
    ({"service": "x" * 501}, "service"),
    ({"created_at": "2026-01-02T00:00:00"}, "created_at"),
    ({"created_at": "99999-01-01T00:00:00Z"}, "created_at"),
    ({"created_at": 1_700_000_000}, "created_at"),
    ({"customer": {"external_ref": "x", "vip": True}}, "customer.vip"),
)


def test_what_does_not_fit_is_refused_by_field_and_keeps_nothing(client: Client, cast: Cast) -> None:
    script, wrong = client(cast.reviewer), []
    for change, field in CHANGES:
        for body, place in ((BOOKING | change, field), ([BOOKING, BOOKING | change], f"1.{field}")):
            answer = script.post(f"{V1}/bookings", json=body)
            if answer.status_code != 422 or answer.json()["field"] != place:
                wrong.append((change, place, answer.text[:200]))
    assert wrong == []
    assert count("bookings") == 0
