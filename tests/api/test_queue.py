"""The programs' door: a token in, plain shapes and plain refusals out."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import Client
from tests.builders import claimed, count, item, opened
from tests.cast import Cast

JSON = {"Content-Type": "application/json"}
QUEUE = "/api/v1/ops/dashboard/priority-queue"
KEYS = {
    "id",
    "queue",
    "item_type",
    "title",
    "priority",
    "priority_score",
    "score_parts",
    "confidence_score",
    "status",
    "escalation_level",
    "assigned_to",
    "created_at",
    "sla_deadline",
    "sla_state",
    "is_reviewed",
    "version",
    "related",
    "pii_redacted",
}


def test_a_program_puts_an_item_in_and_finds_it_in_the_queue(client: Client, cast: Cast) -> None:
    script = client(cast.reviewer)
    body = {"item_type": "complaint", "reason": "call 9876543210", "priority": "high", "sla_hours": 2}
    made = script.post("/api/v1/work-items", json=body)
    assert (made.status_code, made.json()[0]["outcome"]) == (201, "new")
    page = script.get(QUEUE, params={"intent_type": "complaint", "priority_min": 10}).json()
    assert (page["total"], page["has_more"], page["skip"], page["limit"]) == (1, False, 0, 20)
    assert KEYS | {"intent_type"} <= set(page["items"][0])
    assert page["items"][0]["reason"] == "call ****"
    one = script.get(f"/api/v1/work-items/{made.json()[0]['id']}").json()
    assert [entry["kind"] for entry in one["history"]] == ["OPEN"]


def test_a_program_takes_the_next_item_for_its_owner(client: Client, cast: Cast) -> None:
    number = opened(cast.manager)
    script = client(cast.reviewer)
    assert script.post("/api/v1/work-items/take-next").json()["item"]["id"] == number
    assert item(number).assigned_to == cast.reviewer.staff_id
    assert count("ops_audit_log", "actor_kind = 'token' AND action = 'item.claimed'") == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", QUEUE, None),
        ("GET", "/api/v1/work-items/1", None),
        ("POST", "/api/v1/work-items", {"item_type": "x"}),
        ("POST", "/api/v1/work-items/take-next", {}),
    ],
)
def test_without_a_live_token_nothing_is_told(client: Client, cast: Cast, method: str, path: str, body: object) -> None:
    claimed(cast.reviewer)
    for headers in ({}, {"Authorization": "Bearer opd_wrong"}, {"Cookie": "opsdesk_session=anything"}):
        answer = client(None).request(method, path, json=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_a_token_may_no_more_than_its_scopes(client: Client, cast: Cast) -> None:
    answer = client(cast.reviewer, "ops.read").post("/api/v1/work-items", json={"item_type": "x"})
    assert (answer.status_code, answer.json()["permission"]) == (403, "ops.write")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"sort_by": "title"}, "sort_by"),
        ({"date_from": "2026-01-02T00:00:00"}, "date_from"),
        ({"priority_min": "nan"}, "priority_min"),
        ({"cursor": "forged"}, "cursor"),
    ],
)
def test_a_question_that_means_nothing_is_refused_by_field(
    client: Client, cast: Cast, query: dict[str, str], field: str
) -> None:
    answer = client(cast.reviewer).get(QUEUE, params=query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"item_type": "x", "status": "resolved"},
        {"item_type": "x", "sla_hours": True},
        {"item_type": "x", "priority": "urgent"},
        {"item_type": "x", "title": "\u0000"},
        {"item_type": "x", "title": "\ud800"},
        [1],
        [],
        "x",
    ],
)
def test_a_body_that_does_not_fit_changes_nothing(client: Client, cast: Cast, body: object) -> None:
    raw = json.dumps(body)  # lone surrogates travel as escapes
    assert client(cast.reviewer).post("/api/v1/work-items", content=raw, headers=JSON).status_code == 422
    assert count("work_items") == 0


def test_what_is_not_there_is_a_404_in_the_same_shape(client: Client, cast: Cast) -> None:
    for path in ("/api/v1/work-items/99", f"/api/v1/work-items/{10**30}", "/api/v1/nothing"):
        answer = client(cast.reviewer).get(path)
        assert (answer.status_code, answer.json()["status"]) == (404, 404)
