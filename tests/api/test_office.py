"""Alerts, the audit log and settings over the programs' door."""

from __future__ import annotations

import pytest

from core import config
from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.uow import UnitOfWork
from core.words import AlertType, Severity
from tests.api.conftest import V1, Client
from tests.api.routes import ANNOUNCEMENT
from tests.builders import count
from tests.cast import Cast

HEAR = ANNOUNCEMENT


def _raised_for(cast: Cast) -> int:
    with UnitOfWork(cast.admin) as uow:
        audience = Audience(staff_id=cast.reviewer.staff_id)
        new = NewAlert(AlertType.SYSTEM, Severity.WARNING, "Call 9876543210", "now", "test", audience)
        return raise_alerts(uow, [new])[0].id


def test_an_alert_is_read_and_put_away_by_its_owner_alone(client: Client, cast: Cast) -> None:
    number = _raised_for(cast)
    mine, anothers = client(cast.reviewer), client(cast.reviewer2)
    assert mine.get(f"{V1}/alerts/unread/count").json() == {"unread": 1}
    shown = mine.get(f"{V1}/alerts").json()["items"][0]
    assert (shown["id"], shown["title"], shown["is_unread"]) == (number, "Call ****", True)
    for method, path in (("GET", ""), ("PUT", "/read"), ("PUT", "/dismiss")):
        assert anothers.request(method, f"{V1}/alerts/{number}{path}").status_code == 404
    assert mine.put(f"{V1}/alerts/{number}/read").status_code == 204
    assert mine.get(f"{V1}/alerts/unread/count").json() == {"unread": 0}
    assert mine.put(f"{V1}/alerts/{number}/dismiss").status_code == 204
    assert mine.get(f"{V1}/alerts").json()["items"] == []
    assert mine.get(f"{V1}/alerts", params={"past": "true"}).json()["items"][0]["id"] == number
    assert anothers.get(f"{V1}/alerts").json() == {"items": [], "has_more": False, "next_cursor": None}


def test_a_broadcast_reaches_everybody_or_its_audience(client: Client, cast: Cast) -> None:
    script = client(cast.manager)
    number = script.post(f"{V1}/alerts/broadcast", json=HEAR).json()["id"]
    script.post(f"{V1}/alerts/broadcast", json=HEAR | {"role": "auditor", "severity": "critical"})
    assert client(cast.viewer).get(f"{V1}/alerts/{number}").json()["message"] == HEAR["message"]
    assert client(cast.viewer).get(f"{V1}/alerts/unread/count").json() == {"unread": 1}
    assert client(cast.auditor).get(f"{V1}/alerts/unread/count").json() == {"unread": 2}
    assert count("ops_audit_log", "action = 'alert.broadcast'") == 2


@pytest.mark.parametrize(("change", "field"), [
    ({"title": " "}, "title"), ({"message": "x" * 2001}, "message"), ({"severity": "loud"}, "severity"),
    ({"role": "admin", "queue": "customer"}, "body"), ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ({"staff_id": 1}, "staff_id"),
])  # fmt: skip
def test_a_broadcast_that_does_not_fit_is_not_sent(
    client: Client, cast: Cast, change: dict[str, object], field: str
) -> None:
    answer = client(cast.manager).post(f"{V1}/alerts/broadcast", json=HEAR | change)
    assert (answer.status_code, answer.json()["field"], count("alerts")) == (422, field, 0)


def test_an_auditor_pages_through_the_log_without_a_gap(client: Client, cast: Cast) -> None:
    for _ in range(5):
        client(cast.manager).post(f"{V1}/alerts/broadcast", json=HEAR)
    script, asked, seen = client(cast.auditor), {"action": "alert.broadcast", "limit": 2}, []
    page = script.get(f"{V1}/audit", params=asked).json()
    while True:
        seen += [entry["id"] for entry in page["items"]]
        if not page["has_more"]:
            break
        page = script.get(f"{V1}/audit", params=asked | {"cursor": page["next_cursor"]}).json()
    assert (len(seen), seen) == (5, sorted(seen, reverse=True))
    assert script.get(f"{V1}/audit", params={"since": "2026-01-01T00:00:00"}).json()["field"] == "since"


def test_a_setting_is_read_and_changed_by_its_version(client: Client, cast: Cast) -> None:
    script, path = client(cast.admin), f"{V1}/config/MAX_EXPAND_PER_HOUR"
    read = script.get(path)
    assert (read.json()["value"], read.json()["default"], read.headers["ETag"]) == (100, 100, '"0"')
    changed = script.put(path, json={"value": 120}, headers={"If-Match": '"0"'})
    assert (changed.json()["value"], changed.headers["ETag"]) == (120, '"1"')
    assert script.put(path, json={"value": 130}, headers={"If-Match": '"0"'}).status_code == 412
    assert script.put(path, json={"value": 130, "version": 0}).json()["current"]["version"] == 1
    assert script.put(path, json={"value": -1}).json()["field"] == "MAX_EXPAND_PER_HOUR"
    assert script.get(f"{V1}/config/NOTHING").status_code == 404
    assert script.put(f"{V1}/config/NOTHING", json={"value": 1}).status_code == 404
    assert config.number("MAX_EXPAND_PER_HOUR") == 120
    assert script.put(f"{V1}/config/ENABLE_AUTO_ENRICHMENT", json={"value": False}).json()["value"] is False
