"""The alerts page: what is live and past, read and put away by each for themselves, and where it leads."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.alerts.answering import dismiss
from core.alerts.clearing import clear
from core.alerts.inbox import AlertFilter, alert, alerts, unread_count
from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.permissions import Principal, process
from core.queue.newcomers import NewItem
from core.queue.opening import open_item
from core.settings import PROJECT
from core.uow import perform
from core.words import AlertType, Severity
from tests.cast import Cast
from tests.ui.conftest import Open, shown, sign_out_everywhere

JOB = process("job", "trial")
HOSTILE = "<img src=x onerror=alert(1)> [here](http://evil.test) :red[loud] **bold**"


def _raised(
    title: str,
    severity: Severity = Severity.WARNING,
    kind: AlertType = AlertType.SYSTEM,
    audience: Audience = Audience(),  # noqa: B008 - frozen
    item: int | None = None,
) -> int:
    new = NewAlert(
        kind, severity, title, f"About {title}.", title, audience, resource=("work_item", item) if item else None
    )
    return perform(JOB, raise_alerts, [new])[0].id


@pytest.fixture
def three(cast: Cast) -> list[int]:
    """Three alerts for everybody, the last one the newest."""
    return [
        _raised("Disk", Severity.CRITICAL),
        _raised("Late", Severity.WARNING, AlertType.SLA_BREACH),
        _raised("News", Severity.INFO, AlertType.BROADCAST),
    ]


def _titles(screen: AppTest) -> list[str]:
    return list(screen.dataframe[0].value["title"]) if screen.dataframe else []


def _dots(screen: AppTest) -> list[str]:
    return list(screen.dataframe[0].value["unread"])


def _at(open_page: Open, who: Principal, number: int) -> AppTest:
    return open_page(who, "alerts", {"alert": str(number)})


def _unread(person: Principal) -> int:
    return perform(person, unread_count)


def test_nobody_sees_alerts_without_signing_in(open_page: Open, three: list[int]) -> None:
    screen = open_page(None, "alerts")
    assert not screen.dataframe
    assert "/login" in shown(screen)


def test_every_role_may_read_its_alerts_and_a_stranger_may_not(
    open_page: Open, cast: Cast, three: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (cast.viewer, cast.auditor):
        assert _titles(open_page(person, "alerts")) == ["News", "Late", "Disk"]
    monkeypatch.setattr("ui.gate.sessions.principal_for", lambda *args, **kwargs: cast.stranger)
    screen = AppTest.from_file(PROJECT / "pages" / "alerts.py", default_timeout=30).run()
    assert "alerts.read" in shown(screen)
    assert not screen.dataframe


def test_opening_one_reads_it_for_oneself_alone(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = _at(open_page, cast.viewer, three[1])
    assert not screen.exception
    assert screen.query_params["alert"] == str(three[1])
    assert _dots(screen) == ["●", "", "●"]
    assert "About Late" in shown(screen)
    assert (_unread(cast.viewer), _unread(cast.reviewer)) == (2, 3)


def test_the_address_opens_one_and_reads_it_once(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = _at(open_page, cast.viewer, three[0])
    assert "About Disk" in shown(screen)
    assert _unread(cast.viewer) == 2
    perform(JOB, clear, ["Disk"])
    _raised("Disk")
    screen.run()
    assert _unread(cast.viewer) == 3, "nobody looked at it when it came back"


def test_anothers_alert_is_not_there(open_page: Open, cast: Cast) -> None:
    private = _raised("Private", audience=Audience(staff_id=cast.senior.staff_id))
    screen = _at(open_page, cast.viewer, private)
    assert "no alert" in shown(screen)
    assert "About Private" not in shown(screen)
    assert "Nothing needs your attention" in shown(screen)


def test_j_and_k_walk_and_stop_at_the_ends(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = open_page(cast.viewer, "alerts")
    walked = []
    for key in ("next", "next", "next", "next", "previous"):
        screen.button(key).click().run()
        walked.append(int(screen.query_params["alert"]))
    assert walked == [three[2], three[1], three[0], three[0], three[1]]
    assert _unread(cast.viewer) == 0


def test_dismissing_puts_it_away_for_one_and_opens_what_takes_its_place(
    open_page: Open, cast: Cast, three: list[int]
) -> None:
    screen = _at(open_page, cast.viewer, three[2])
    screen.button("dismiss").click().run()
    assert not screen.exception
    assert (_titles(screen), screen.query_params["alert"]) == (["Late", "Disk"], str(three[1]))
    assert _titles(open_page(cast.reviewer, "alerts")) == ["News", "Late", "Disk"]
    assert _titles(open_page(cast.viewer, "alerts", {"show": "Past"})) == ["News"]


def test_the_last_one_dismissed_leaves_a_kind_word(open_page: Open, cast: Cast) -> None:
    screen = _at(open_page, cast.viewer, _raised("Only"))
    screen.button("dismiss").click().run()
    assert "Nothing needs your attention" in shown(screen)
    assert "alert" not in screen.query_params


def test_one_that_came_back_can_be_dismissed_again(open_page: Open, cast: Cast) -> None:
    number = _raised("Disk")
    screen = _at(open_page, cast.viewer, number)
    screen.button("dismiss").click().run()
    perform(JOB, clear, ["Disk"])
    _raised("Disk")
    screen.run()
    screen.button("next").click().run()
    screen.button("dismiss").click().run()
    assert perform(cast.viewer, alert, number).dismissed_at is not None


def test_all_are_marked_read_at_once(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = open_page(cast.viewer, "alerts")
    screen.button("mark_all_read").click().run()
    assert "3 alerts are read now" in shown(screen)
    assert _dots(screen) == ["", "", ""]
    assert screen.button("mark_all_read").disabled
    assert (_unread(cast.viewer), _unread(cast.reviewer)) == (0, 3)


@pytest.mark.parametrize(
    ("address", "titles"),
    [
        ({"severity": "Critical"}, ["Disk"]),
        ({"kind": "Deadline missed"}, ["Late"]),
        ({"show": "Unread"}, ["News", "Disk"]),
        ({"show": "Past"}, ["Old"]),
        ({"severity": "Critical", "kind": "Announcement"}, []),
        ({"severity": "nonsense", "kind": "\x00", "show": "9" * 50}, ["News", "Late", "Disk"]),
    ],
)
def test_filters_stand_in_the_address(
    open_page: Open, cast: Cast, three: list[int], address: dict[str, str], titles: list[str]
) -> None:
    _raised("Old")
    perform(JOB, clear, ["Old"])
    _at(open_page, cast.viewer, three[1])
    screen = open_page(cast.viewer, "alerts", address)
    assert not screen.exception
    assert _titles(screen) == titles


def test_an_empty_answer_offers_to_take_the_filters_away(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = open_page(cast.viewer, "alerts", {"severity": "Critical", "kind": "Announcement"})
    screen.button("reset_from_empty").click().run()
    assert _titles(screen) == ["News", "Late", "Disk"]


def test_administrators_see_everybodys_and_may_ask_for_their_own(open_page: Open, cast: Cast) -> None:
    _raised("Hers", audience=Audience(staff_id=cast.senior.staff_id))
    _raised("Mine", audience=Audience(staff_id=cast.admin.staff_id))
    screen = open_page(cast.admin, "alerts")
    assert _titles(screen) == ["Mine", "Hers"]
    screen.toggle("mine").set_value(True).run()
    assert _titles(screen) == ["Mine"]


def test_the_next_page_goes_on_where_the_first_ended(open_page: Open, cast: Cast) -> None:
    for number in range(27):
        _raised(f"No. {number:02}")
    screen = open_page(cast.viewer, "alerts")
    screen.button("alert_more").click().run()
    assert _titles(screen) == ["No. 01", "No. 00"]
    screen.button("alert_back").click().run()
    assert _titles(screen)[0] == "No. 26"


def test_it_leads_to_the_item_for_those_who_may_see_it(open_page: Open, cast: Cast) -> None:
    item = perform(cast.admin, open_item, NewItem("complaint", "complaint", 1, title="Cold soup")).id
    number = _raised("Soup", item=item)
    screen = _at(open_page, cast.viewer, number)
    screen.button("open_item").click().run()
    assert not screen.exception
    assert screen.query_params["item"] == str(item)
    assert "Cold soup" in shown(screen)
    assert "open_item" not in {each.key for each in _at(open_page, cast.auditor, number).button}


def test_what_is_over_shows_when_and_cannot_be_dismissed(open_page: Open, cast: Cast) -> None:
    number = _raised("Disk")
    perform(JOB, clear, ["Disk"])
    screen = open_page(cast.viewer, "alerts", {"alert": str(number), "show": "Past"})
    assert list(screen.dataframe[0].value["ended"]) == [["Over"]]
    assert "dismiss" not in {each.key for each in screen.button}


def test_text_stays_text(open_page: Open, cast: Cast) -> None:
    number = _raised(HOSTILE)
    screen = _at(open_page, cast.viewer, number)
    assert not screen.exception
    assert _titles(screen) == [HOSTILE]
    assert r"\<img src\=x onerror\=alert\(1\)\>" in shown(screen)


def test_a_dismissal_after_signing_out_elsewhere_does_nothing(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = _at(open_page, cast.viewer, three[2])
    sign_out_everywhere(cast.viewer)
    screen.button("dismiss").click().run()
    assert not screen.dataframe
    assert len(perform(cast.viewer, alerts, AlertFilter()).items) == 3


def test_one_dismissed_elsewhere_meanwhile_is_put_away_without_a_fuss(
    open_page: Open, cast: Cast, three: list[int]
) -> None:
    screen = _at(open_page, cast.viewer, three[2])
    perform(cast.viewer, dismiss, three[2])
    screen.button("dismiss").click().run()
    assert not screen.exception
    assert _titles(screen) == ["Late", "Disk"]


def test_a_snoozed_one_leaves_the_list_and_can_be_woken(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = _at(open_page, cast.viewer, three[1])
    screen.button("snooze").click().run()
    assert not screen.exception
    assert _titles(screen) == ["News", "Disk"]
    screen = open_page(cast.viewer, "alerts", {"show": "Snoozed", "alert": str(three[1])})
    assert _titles(screen) == ["Late"]
    screen.button("wake").click().run()
    assert "Nothing is put off" in shown(screen)
    assert _titles(open_page(cast.viewer, "alerts")) == ["News", "Late", "Disk"]


def test_an_acknowledged_one_says_until_when_it_is_quiet(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = _at(open_page, cast.viewer, three[0])
    screen.button("acknowledge").click().run()
    assert not screen.exception
    assert "quiet until" in shown(screen)
    until = perform(cast.viewer, alert, three[0]).acknowledged_until
    assert until is not None


def test_several_are_put_away_at_once(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = open_page(cast.viewer, "alerts")
    screen.toggle("several").set_value(True).run()
    assert screen.button("several_D").disabled
    screen.session_state["alert_grid_several"] = {"selection": {"rows": [0, 2], "columns": [], "cells": []}}
    screen.run()
    screen.button("several_D").click().run()
    assert not screen.exception
    assert "2 alerts are put away" in shown(screen)
    assert _titles(screen) == ["Late"]


def test_marking_all_read_keeps_to_what_is_filtered(open_page: Open, cast: Cast, three: list[int]) -> None:
    screen = open_page(cast.viewer, "alerts", {"severity": "Critical"})
    screen.button("mark_all_read").click().run()
    assert "1 alert is read now" in shown(screen)
    assert _unread(cast.viewer) == 2


def test_a_manager_broadcasts_and_sees_who_has_read_it(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.manager, "alerts")
    screen.text_input("broadcast_title").set_value("Lunch")
    screen.text_area("broadcast_message").set_value("Soup **today**.")
    screen.selectbox("broadcast_for").set_value("Role: Reviewer")
    next(each for each in screen.button if each.label == "Broadcast").click().run()
    assert not screen.exception
    assert "It is told" in shown(screen)
    assert (_titles(open_page(cast.reviewer, "alerts")), _titles(open_page(cast.viewer, "alerts"))) == (["Lunch"], [])
    assert "broadcast_title" not in {each.key for each in open_page(cast.senior, "alerts").text_input}


def test_a_manager_plans_maintenance_and_ends_it(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.manager, "alerts")
    screen.text_input("maintenance_reason").set_value("Disks")
    next(each for each in screen.button if each.label == "Plan it").click().run()
    assert not screen.exception
    assert "Disks" in shown(open_page(cast.viewer, "alerts")), "everybody sees why it is quiet"
    open_page(cast.manager, "alerts").button("end_maintenance_1").click().run()
    assert "Disks" not in shown(open_page(cast.viewer, "alerts"))


def test_a_critical_one_is_announced_once_wherever_one_is(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.viewer, "queue")
    _raised("Disk", Severity.CRITICAL)
    _raised("Late", Severity.WARNING)
    screen.run()
    assert [toast.value for toast in screen.toast] == ["Disk"]
    screen.run()
    assert not screen.toast
