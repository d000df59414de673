"""Full records: opened by the page, counted exactly, on record, and no clearer than their reader may see."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import config
from core.errors import LimitReached
from core.queue import revealing
from core.uow import perform
from tests.api.conftest import V1, Client, Program
from tests.api.routes import BOOKING
from tests.api.test_records import COMPLAINT, CUSTOMER
from tests.builders import count, opened
from tests.cast import Cast

QUEUE = f"{V1}/ops/dashboard/priority-queue"


@pytest.fixture
def complaint(client: Client, cast: Cast) -> None:
    client(cast.reviewer).post(f"{V1}/complaints", json=COMPLAINT | {"description": "Call 9876543210 at once"})


def _first(client: Client, who: object, **asked: object) -> dict[str, object]:
    answer = client(who).get(QUEUE, params={"expand": "true", **asked})
    assert answer.status_code == 200, answer.text
    related: dict[str, object] = answer.json()["items"][0]["related"]
    return related


def test_the_whole_record_is_shown_as_its_reader_may_see_it(client: Client, cast: Cast, complaint: None) -> None:
    clear, masked = _first(client, cast.senior), _first(client, cast.reviewer)
    assert clear["customer"]["email"] == CUSTOMER["email"]  # type: ignore[index]
    assert masked["customer"]["email"] == "j***@example.com"  # type: ignore[index]
    assert (clear["description"], masked["description"]) == ("Call 9876543210 at once", "Call **** at once")
    assert set(clear) == set(masked) >= {"category", "status", "external_ref", "resolution_due_at"}
    assert count("ops_audit_log", "action = 'item.revealed' AND pii_accessed AND metadata ? 'reason'") == 1
    assert count("ops_audit_log", "action = 'item.revealed' AND NOT pii_accessed") == 1


def test_only_the_fields_asked_for_are_shown_and_unknown_ones_refused(
    client: Client, cast: Cast, complaint: None
) -> None:
    assert set(_first(client, cast.senior, fields="subject, category")) == {"subject", "category"}
    for fields in ("password_hash", "late_told_for", "subject;drop", ""):
        answer = client(cast.senior).get(QUEUE, params={"expand": "true", "fields": fields})
        assert (answer.status_code, answer.json()["field"]) == (422, "fields")


def test_an_item_is_linked_to_its_booking_by_their_session(client: Client, cast: Cast) -> None:
    script = client(cast.reviewer)
    script.post(f"{V1}/bookings", json=BOOKING | {"session_id": "s-1"})
    script.post(f"{V1}/work-items", json={"item_type": "odd_thing", "session_id": "s-1"})
    assert _first(client, cast.reviewer)["service"] == "Massage"


def test_what_has_no_record_costs_nothing(client: Client, cast: Cast) -> None:
    opened(cast.manager)
    assert _first(client, cast.reviewer) == {}
    assert count("allowances") == 0


def test_past_the_allowance_nothing_is_shown_and_the_time_is_told(client: Client, cast: Cast, complaint: None) -> None:
    perform(cast.admin, config.change, "MAX_EXPAND_PER_HOUR", "1")
    _first(client, cast.senior)
    answer = client(cast.senior).get(QUEUE, params={"expand": "true"})
    assert (answer.status_code, "items" in answer.json()) == (429, False)
    assert 3590 <= int(answer.headers["Retry-After"]) <= 3601
    assert client(cast.senior).get(QUEUE).status_code == 200


def test_of_thirty_two_programs_and_screens_a_hundred_are_granted_exactly(program: Program, cast: Cast) -> None:
    script = program(cast.senior)
    script.post(f"{V1}/complaints", json=COMPLAINT)

    def on_screen() -> bool:
        try:
            return bool(perform(cast.senior, revealing.reveal, [1], "on screen"))
        except LimitReached:
            return False

    def call(place: int) -> Counter[bool]:
        asked = {"expand": "true", "fields": "subject"}
        return Counter(
            script.get(QUEUE, params=asked).status_code == 200 if (place + turn) % 2 else on_screen()
            for turn in range(40)
        )

    with ThreadPoolExecutor(32) as crowd:
        granted = sum(crowd.map(call, range(32)), Counter[bool]())
    assert granted == {True: 100, False: 1180}
    assert count("ops_audit_log", "action = 'item.revealed'") == 100
