"""Bodies that no program should send: each refused, with the place named, before anything is done."""

from __future__ import annotations

from collections.abc import Iterator

from api.reading import LARGEST_BODY
from tests.api.conftest import V1, Client
from tests.builders import count
from tests.cast import Cast

JSON = {"Content-Type": "application/json"}
DEEP = b'{"item_type": "x", "context": ' + b'{"a":' * 30 + b"1" + b"}" * 31


BODIES: tuple[tuple[bytes, int, str | None], ...] = (
    (b"{", 400, None),
    (b"\xff", 400, None),
    (b"[" * 100_000, 400, None),
    (b'{"item_type": "x", "title": "\n"}', 400, None),
    (b'{"item_type": "x", "item_type": "y"}', 422, "item_type"),
    (b'{"item_type": "x", "context": {"a": {"b": 1, "b": 1}}}', 422, "context.a.b"),
    (b'{"item_type": "x", "sla_hours": NaN}', 422, "sla_hours"),
    (b'{"item_type": "x", "sla_hours": -Infinity}', 422, "sla_hours"),
    (b'{"item_type": "x", "sla_hours": 1e400}', 422, "sla_hours"),
    (b'{"item_type": "x", "context": {"a": [1, 1e999]}}', 422, "context.a.1"),
    (b'{"item_type": "x", "context": {"n": ' + b"9" * 5000 + b"}}", 422, "context.n"),
    (b'{"item_type": "x", "title": "\\u0000"}', 422, "title"),
    (b'{"item_type": "x", "reason": "\\ud800"}', 422, "reason"),
    (b'{"item_type": "x", "context": {"\\ud800": 1}}', 422, "context"),
    (b'[{"item_type": "x"}, {"item_type": "x", "title": "\\udfff"}]', 422, "1.title"),
    (DEEP, 422, "context" + ".a" * 19),
    (b'{"item_type": "x", "resource_id": true}', 422, "resource_id.str"),
    (b'{"item_type": "x", "created_at": "2020-01-01T00:00:00Z"}', 422, "created_at"),
)


def test_a_body_that_leaves_doubt_is_refused(client: Client, cast: Cast) -> None:
    script, wrong = client(cast.reviewer), []
    for body, status, field in BODIES:
        answer = script.post(f"{V1}/work-items", content=body, headers=JSON)
        told = answer.status_code, answer.json().get("field"), answer.headers["content-type"]
        if told != (status, field, "application/problem+json"):
            wrong.append((body[:80], told))
    assert wrong == []
    assert count("work_items") == 0


def test_a_body_is_read_no_further_than_it_may_be_long(client: Client, cast: Cast) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(10 * LARGEST_BODY // 65_536):
            sent += 65_536
            yield b" " * 65_536

    answer = client(cast.reviewer).post(f"{V1}/work-items", content=endless(), headers=JSON)
    assert answer.status_code == 413


def test_a_body_that_is_not_called_json_is_not_taken_for_it(client: Client, cast: Cast) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/problem+json"):
        answer = client(cast.reviewer).post(
            f"{V1}/work-items", content=b'{"item_type": "x"}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 415
    assert count("work_items") == 0


QUERIES = (
    "item_type=%00",
    "text=%00",
    "cursor=%00",
    "unheard=1",
    "status=a&status=b",
    "priority=urgent",
    "skip=-1",
    "limit=101",
    "limit=9999999999999999999999",
    "date_from=5",
    "date_from=0000-01-01T00:00:00Z",
    "sort_by=title;drop",
    "fields=title",
    "priority_max=1e400",
)


def test_a_question_that_leaves_doubt_is_refused(client: Client, cast: Cast) -> None:
    script, wrong = client(cast.reviewer), []
    for query in QUERIES:
        answer = script.get(f"{V1}/ops/dashboard/priority-queue?{query}")
        if answer.status_code != 422 or answer.json()["field"] not in query:
            wrong.append((query, answer.text[:200]))
    assert wrong == []
