"""The daily report by mail: who gets it, what it says, and that no crash, runner or mail server repeats or loses it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from core import clock, config, db
from core.permissions import process
from core.queue import deciding
from core.queue.deciding import Decision
from core.reports import daily
from core.uow import perform
from tests.builders import claimed, count, rows
from tests.cast import NOON, Cast
from tests.outbox.postbox import Postbox
from tests.outbox.test_delivering import deliver, entry
from tests.outbox.test_kills import run

JOB = process("job", "report_metrics")


def report(at: datetime = NOON) -> int:
    with clock.frozen(at):
        return perform(JOB, daily.report_metrics)


def recipients(postbox: Postbox) -> list[str]:
    return sorted(str(message["To"]) for message in postbox.got)


def altered(statement: str, **values: object) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(text(statement), values)


def test_managers_and_administrators_get_the_report_as_text_and_html(postbox: Postbox, cast: Cast) -> None:
    with clock.frozen(NOON - timedelta(days=2)):
        number = claimed(cast.reviewer)
        perform(cast.reviewer, deciding.decide, number, Decision("resolve", "so", {}))
    assert report() == 2
    assert deliver(NOON) == {"done": 2}
    assert recipients(postbox) == ["admin@opsdesk.test", "manager@opsdesk.test"]
    message = postbox.got[0]
    assert message["Subject"] == "Daily Queue Report - 2026-03-10"
    plain, html = (part.get_content() for part in message.iter_parts())
    assert "Items resolved                      1" in plain
    assert "/reports?report=20260310" in plain
    assert "Daily Queue Report - 2026-03-10</h1>" in html
    for part in (plain, html):
        assert "reviewer" in part
        assert "@opsdesk" not in part


def test_one_day_is_one_message_for_each_however_often_and_by_whom_it_is_made(postbox: Postbox, cast: Cast) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: report(), range(8))) == 2
    assert report(NOON + timedelta(hours=5)) == 0
    assert deliver(NOON + timedelta(hours=5)) == {"done": 2}
    assert report(NOON + timedelta(days=1)) == 2
    assert deliver(NOON + timedelta(days=1)) == {"done": 2}
    assert len(set(postbox.keys())) == len(postbox.keys()) == 4


@pytest.mark.parametrize("point", ["leased", "sent", "closing"])
def test_a_crash_loses_no_message_and_a_repeat_is_known_as_one(postbox: Postbox, cast: Cast, point: str) -> None:
    altered("UPDATE staff SET email = NULL WHERE username = 'admin'")
    assert perform(JOB, daily.report_metrics) == 1
    assert run(point) == -9
    assert run("none") == 0
    assert count("outbox", "state = 'done'") == 1
    assert len(postbox.got) == (1 if point == "leased" else 2)
    assert len(set(postbox.keys())) == 1


def test_a_crash_before_the_report_is_kept_leaves_nothing_behind(
    postbox: Postbox, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lights_out(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(daily, "mail_report", lights_out)
        with pytest.raises(KeyboardInterrupt):
            report()
    assert (count("reports"), count("outbox")) == (0, 0)
    assert report() == 2


def test_a_refusal_is_parked_and_holds_up_nobody(postbox: Postbox, cast: Cast) -> None:
    altered("UPDATE staff SET email = '550@opsdesk.test' WHERE username = 'admin'")
    report()
    assert deliver(NOON) == {"done": 1, "parked": 1}
    assert recipients(postbox) == ["manager@opsdesk.test"]
    assert "answered 550" in rows("SELECT last_error FROM outbox WHERE state = 'parked'")[0].last_error


def test_greylisting_is_waited_out(postbox: Postbox, cast: Cast) -> None:
    altered("UPDATE staff SET email = '451@opsdesk.test' WHERE username = 'admin'")
    report()
    assert deliver(NOON) == {"done": 1, "again": 1}
    altered("UPDATE staff SET email = 'ada@opsdesk.test' WHERE username = 'admin'")
    assert deliver(rows("SELECT due_at FROM outbox WHERE state = 'waiting'")[0].due_at) == {"done": 1}
    assert recipients(postbox) == ["ada@opsdesk.test", "manager@opsdesk.test"]


def test_a_setting_names_who_gets_it_and_each_may_switch_it_off(postbox: Postbox, cast: Cast) -> None:
    perform(cast.admin, config.change, "REPORT_RECIPIENTS", "Manager, reviewer")
    assert report() == 1
    altered(
        "INSERT INTO alert_subscriptions (staff_id, alert_type, enabled) VALUES (:id, 'daily_summary', false)",
        id=cast.manager.staff_id,
    )
    assert report(NOON + timedelta(days=1)) == 0
    deliver(NOON + timedelta(days=1))
    assert recipients(postbox) == ["manager@opsdesk.test"]
    assert entry().payload.keys() == {"to"}


def test_who_left_gets_nothing(postbox: Postbox, cast: Cast) -> None:
    altered("UPDATE staff SET is_active = false WHERE username = 'manager'")
    assert report() == 1


def test_without_a_mail_server_the_report_is_kept_and_nothing_is_posted(cast: Cast) -> None:
    assert report() == 0
    assert (count("reports"), count("outbox")) == (1, 0)
    assert count("ops_audit_log", "action = 'report.mailed'") == 1
