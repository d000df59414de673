"""Figures for those who watch over the installation: true, nobody's, and not for everybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api import monitoring
from api.app import app
from core import running
from core.outbox import posting
from core.permissions import process
from core.queue import inbox
from core.settings import PROJECT, settings
from core.uow import UnitOfWork, perform
from tests.api.conftest import V1, Client
from tests.builders import claimed, opened
from tests.cast import Cast

TOKEN = "0123456789abcdef-ghijklmnopqrstuvw"
_NAME = re.compile(r"opsdesk_[a-z_]+")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    monitoring.forget()
    yield
    monitoring.forget()


def _asked(host: str = "127.0.0.1", **headers: str):  # type: ignore[no-untyped-def]
    return TestClient(app, client=(host, 5000)).get("/metrics", headers=headers)


def _everything_happens(client: Client, cast: Cast) -> None:
    opened(cast.manager, "complaint", priority="high")
    claimed(cast.reviewer, "complaint", sla_hours=0.0001)
    job = process("job", "check_sla")
    run = perform(job, running.begin_run, "check_sla", "one", None, every=None)
    perform(job, running.end_run, run or 0, "check_sla", {}, "it broke")
    perform(job, running.beat, "one")
    with UnitOfWork(cast.admin) as uow:
        posting.post(uow, "mail", {}, "key-1")
    client(cast.viewer).get(f"{V1}/alerts")


def test_the_figures_are_those_of_queue_outbox_and_jobs(client: Client, cast: Cast) -> None:
    _everything_happens(client, cast)
    told = _asked().text
    for line in (
        'opsdesk_queue_items{priority="high",queue="customer",status="open"} 1.0',
        "opsdesk_database_up 1.0",
        'opsdesk_job_last_failed{job="check_sla"} 1.0',
        'opsdesk_outbox_entries{kind="mail",state="waiting"} 1.0',
        'opsdesk_api_request_seconds_count{method="GET",route="/v1/alerts",status="200"}',
    ):
        assert line in told
    assert "opsdesk_runner_seen_timestamp_seconds" in told


def test_every_metric_of_the_dashboard_and_the_alert_rules_exists(client: Client, cast: Cast) -> None:
    _everything_happens(client, cast)
    known = set(_NAME.findall(_asked().text))
    for name in ("alerts.yml", "dashboard.json"):
        page = (PROJECT / "docs/monitoring" / name).read_text()
        used = set(_NAME.findall(page))
        assert used
        assert used - known == set(), name
    panels = json.loads((PROJECT / "docs/monitoring/dashboard.json").read_text())["panels"]
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def test_only_this_machine_itself_is_told_where_there_is_no_token(cast: Cast) -> None:
    assert (_asked().status_code, _asked("::1").status_code) == (200, 200)
    assert _asked("10.0.0.5").status_code == 404
    assert _asked("testclient").status_code == 404
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert _asked(**{header: "203.0.113.9"}).status_code == 404


def test_with_a_token_only_whoever_has_it_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSDESK_METRICS_TOKEN", TOKEN)
    settings.cache_clear()
    try:
        assert _asked("10.0.0.5", Authorization=f"Bearer {TOKEN}").status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            refused = _asked(**headers)
            assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_fault_of_ours_is_a_reference_for_the_caller_and_a_line_without_its_words_for_the_log(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Jane Smith 9876543210")

    monkeypatch.setattr(inbox, "page", broken)
    answer = client(cast.reviewer).get(
        f"{V1}/ops/dashboard/priority-queue", headers={"X-Request-ID": "job-7"}, params={"text": "Smith"}
    )
    said = capsys.readouterr().err
    lines = {line["event"]: line for line in map(json.loads, said.splitlines())}
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert lines["fault"]["reference"] in answer.json()["detail"]
    assert lines["request"]["request_id"] == lines["fault"]["request_id"] == answer.headers["X-Request-ID"] == "job-7"
    assert (lines["request"]["status"], lines["request"]["route"]) == (500, "/v1/ops/dashboard/priority-queue")
    for word in ("Smith", "9876543210", "Traceback"):
        assert word not in said + answer.text


def test_a_request_number_that_could_be_anything_is_not_taken_over(client: Client, cast: Cast) -> None:
    answer = client(cast.reviewer).get(f"{V1}/alerts", headers={"X-Request-ID": "a b\tc"})
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
