"""The OpenAPI document is true: its examples go well, and whatever is sent by it is answered as it says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlmodel import Session
from starlette.testclient import TestClient

from api.app import app
from api.schemas.examples import EXAMPLES
from core import clock, config, db, rates
from core.alerts.rules import keeping
from core.tables import MealPlan
from core.uow import perform
from tests.api.conftest import V1, Client, bearer
from tests.builders import opened
from tests.cast import Cast

CASES = int(os.environ.get("OPSDESK_TEST_CASES", "5"))
"""How many are made up for each call; thousands are run by hand before a release."""
WHEN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schema = schemathesis.openapi.from_asgi(f"{V1}/openapi.json", app)


@pytest.fixture
def token(cast: Cast) -> Iterator[dict[str, str]]:
    rates.forget()
    perform(cast.admin, config.change, "API_CALLS_PER_MINUTE", "10000000")
    opened(cast.manager, "complaint")
    yield bearer(cast.admin)
    rates.forget()


@schema.parametrize()
@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_is_answered_as_the_document_says(case: Any, token: dict[str, str]) -> None:
    case.call_and_validate(headers=token, checks=CHECKS)


def test_each_example_goes_well(client: Client, cast: Cast) -> None:
    with clock.frozen(WHEN):
        script = client(cast.admin)
        first = EXAMPLES["post", "/v1/work-items"]["one"]
        with Session(db.engine("app")) as session:
            session.add(MealPlan(id=first["resource_id"], title="Plan", pdf_url=first["context"]["pdf_url"]))
            session.commit()
        number = script.post(f"{V1}/work-items", json=first).json()[0]["id"]
        rule = perform(
            cast.manager, keeping.create, "One", EXAMPLES["post", "/v1/alerts/rules"]["many are late"]["definition"]
        )
        named = {"{item_id}": str(number), "{rule_id}": str(rule), "{key}": "MAX_EXPAND_PER_HOUR"}
        wrong = []
        for (method, path), known in EXAMPLES.items():
            where = reduce(lambda so_far, name: so_far.replace(name, named[name]), named, f"/api{path}")
            for name, body in known.items():
                answer = script.request(method, where, json=body)
                if answer.status_code not in {200, 201, 204}:
                    wrong.append((path, name, answer.text))
    assert wrong == []


def test_every_call_with_a_body_has_an_example_in_the_document() -> None:
    paths = TestClient(app).get(f"{V1}/openapi.json").json()["paths"]
    with_body = {
        (method, path) for path, calls in paths.items() for method, said in calls.items() if "requestBody" in said
    }
    assert with_body == set(EXAMPLES)


def test_the_reference_is_a_page_that_runs_no_script_and_loads_nothing_from_elsewhere() -> None:
    page = TestClient(app).get("/api/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "//" not in page.text.replace("https://files.example.com", "")
    for path in ("/api/v1/ops/dashboard/priority-queue", "/api/v1/work-items/{item_id}/actions", "/api/v1/audit"):
        assert path in page.text
