"""Who may use which route: every one, as every role, and nobody else."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from api.app import api, app
from core.permissions import ROLES, Permission, Role
from core.uow import perform
from tests.api.conftest import Client
from tests.api.routes import BOOKING, ROUTES, Route, address
from tests.builders import count
from tests.cast import Cast

CAST = {Role.VIEWER: "viewer", Role.REVIEWER: "reviewer", Role.SENIOR_REVIEWER: "senior", Role.MANAGER: "manager",
        Role.AUDITOR: "auditor", Role.ADMIN: "admin"}  # fmt: skip


def _booking_known(cast: Cast) -> None:
    from core.intake.bookings import receive_bookings
    from core.intake.forms import BookingForm

    perform(cast.manager, receive_bookings, [BookingForm.model_validate(BOOKING | {"external_ref": "b-0"})])


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_each_role_may_use_a_route_or_is_told_what_it_lacks(client: Client, cast: Cast, route: Route) -> None:
    _booking_known(cast)
    wrong = {}
    for role, name in CAST.items():
        who = getattr(cast, name)
        where = address(route, cast, who)
        body = route.body | {"assignee": cast.reviewer.staff_id} if route.name == "assign" else route.body
        if isinstance(body, dict) and "definition" in body:
            body = body | {"name": name}
        if isinstance(body, dict) and "external_ref" in body:
            body = body | {"external_ref": f"{body['external_ref']}-{name}"}
        answer = client(who).request(route.method, where, json=body)
        may = route.needs in ROLES[role] or Permission.OPS_ADMIN in ROLES[role]
        told = answer.status_code, answer.json().get("permission") if answer.status_code == 403 else None
        if told != ((route.status, None) if may else (403, str(route.needs))):
            wrong[role] = (*told, answer.text[:300])
    assert wrong == {}


def test_the_registry_names_every_route_there_is() -> None:
    there = {
        (method.upper(), path.removeprefix("/v1")) for path, calls in api.openapi()["paths"].items() for method in calls
    }
    assert {(route.method, route.path.partition("?")[0]) for route in ROUTES} == there


def test_without_a_live_token_no_route_tells_or_does_anything(cast: Cast) -> None:
    wrong: list[tuple[object, ...]] = []
    for route in ROUTES:
        where = address(route, cast, cast.manager)
        before = count("work_actions"), count("ops_audit_log")
        for headers in ({}, {"Authorization": "Bearer opd_wrong"}, {"Cookie": "opsdesk_session=anything"}):
            answer = TestClient(app).request(route.method, where, json=route.body, headers=headers)
            told = answer.status_code, answer.headers["content-type"], answer.headers.get("www-authenticate")
            if told != (401, "application/problem+json", "Bearer"):
                wrong.append((str(route), told))
        if (count("work_actions"), count("ops_audit_log")) != before:
            wrong.append((str(route), "left something"))
    assert wrong == []


def test_what_there_is_not_is_a_404_on_every_route(client: Client, cast: Cast) -> None:
    script, wrong = client(cast.admin), []
    for route in (route for route in ROUTES if "_id}" in route.path):
        body = route.body | {"assignee": cast.reviewer.staff_id} if route.name == "assign" else route.body
        for number in ("999999", "0", "-1", str(10**30)):
            answer = script.request(route.method, "/api/v1" + re.sub(r"\{\w+_id\}", number, route.path), json=body)
            if (answer.status_code, answer.headers["content-type"]) != (404, "application/problem+json"):
                wrong.append((str(route), number, answer.text))
    assert wrong == []


def test_what_is_not_there_or_not_done_so_is_a_problem_too() -> None:
    wrong = []
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/api/v1/work-items", 405),
        ("PATCH", "/api/v1/alerts/1", 405),
        ("POST", "/healthz", 405),
    ):
        answer = TestClient(app).request(method, path)
        told = answer.status_code, answer.headers["content-type"]
        if told != (status, "application/problem+json"):
            wrong.append((method, path, told))
    assert wrong == []
