"""The audit page: who may ask, what each question finds, one entry in full, and whether the record is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core import anchors, clock, db, keys
from core.permissions import Principal
from core.settings import PROJECT
from core.uow import UnitOfWork
from tests.audit.logs import anchored, sealed
from tests.cast import Cast
from tests.people.conftest import trail, value
from tests.ui.conftest import Open, shown, sign_out_everywhere, signed_in
from ui import gate
from ui.audit import questions

HOSTILE = "<script>alert(1)</script> ![x](http://evil.test/x.png)"


@pytest.fixture(autouse=True)
def _no_keys_left_over() -> Iterator[None]:
    yield
    shutil.rmtree(anchors.path().parent, ignore_errors=True)
    shutil.rmtree(keys.key_file("audit").parent, ignore_errors=True)


def _told(who: Principal, action: str, item: int, *, days_ago: int = 0, pii: bool = False, **metadata: object) -> None:
    with clock.frozen(clock.now() - timedelta(days=days_ago)), UnitOfWork(who) as uow:
        uow.record(action, "work_item", item, pii=pii, **metadata)


@pytest.fixture
def past(cast: Cast) -> Cast:
    """Deeds of some days ago, the newest first in the list: claimed 9, viewed 8, viewed 7, resolved 7."""
    _told(cast.senior, "item.resolved", 7, days_ago=60)
    _told(cast.senior, "item.viewed", 7, days_ago=20, pii=True)
    _told(cast.viewer, "item.viewed", 8, days_ago=3, note=HOSTILE, count=2, fields=["name", "mobile"])
    _told(cast.reviewer, "item.claimed", 9, days_ago=2)
    return cast


def _items(screen: AppTest) -> list[str]:
    """What the list says of work items."""
    if not screen.dataframe:
        return []
    said = zip(screen.dataframe[0].value["action"], screen.dataframe[0].value["about"], strict=True)
    return [f"{action} {about}" for action, about in said if about.startswith("Work item")]


def _number(action: str) -> str:
    return str(value("SELECT max(id) FROM ops_audit_log WHERE action = :action", action=action))


@pytest.mark.parametrize("name", ["viewer", "reviewer", "senior", "manager"])
def test_most_roles_have_no_audit_page(open_page: Open, past: Cast, name: str) -> None:
    with pytest.raises(ValueError, match="audit"):
        open_page(getattr(past, name), "audit")


def test_its_file_alone_refuses_too_and_names_the_permission(past: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "session_token", lambda: signed_in(past.manager))
    screen = AppTest.from_file(PROJECT / "pages" / "audit.py", default_timeout=30).run()
    assert "audit.read" in shown(screen)
    assert not screen.dataframe


@pytest.mark.parametrize("name", ["auditor", "admin"])
def test_the_last_week_is_what_one_sees_first(open_page: Open, past: Cast, name: str) -> None:
    screen = open_page(getattr(past, name), "audit")
    assert not screen.exception
    assert _items(screen) == ["item.claimed Work item 9", "item.viewed Work item 8"]


def test_reading_the_log_is_on_record(open_page: Open, past: Cast) -> None:
    open_page(past.auditor, "audit")
    assert trail("audit.read") == 1


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ({"period": "Today"}, []),
        ({"period": "30 days"}, ["claimed 9", "viewed 8", "viewed 7"]),
        ({"period": "Any time"}, ["claimed 9", "viewed 8", "viewed 7", "resolved 7"]),
        ({"person": "viewer"}, ["viewed 8"]),
        ({"period": "Any time", "action": "item.viewed"}, ["viewed 8", "viewed 7"]),
        ({"period": "Any time", "resource": "Work item", "number": "7"}, ["viewed 7", "resolved 7"]),
        ({"period": "Any time", "pii": "Shown in clear"}, ["viewed 7"]),
        ({"period": "Any time", "person": "senior", "pii": "Not shown"}, ["resolved 7"]),
        ({"person": "nobody-ever", "resource": "\x00", "period": "9" * 50}, ["claimed 9", "viewed 8"]),
        ({"number": "7"}, ["claimed 9", "viewed 8"]),
    ],
)
def test_questions_stand_in_the_address(open_page: Open, past: Cast, address: dict[str, str], found: list[str]) -> None:
    screen = open_page(past.auditor, "audit", address)
    assert not screen.exception
    assert _items(screen) == [f"item.{said}".replace(" ", " Work item ") for said in found]


def test_a_period_of_ones_own_is_whole_days_of_ones_zone(open_page: Open, past: Cast) -> None:
    day = (clock.now() - timedelta(days=20)).date()
    screen = open_page(past.auditor, "audit", {"period": "Custom", "from": f"{day}", "to": f"{day}"})
    assert _items(screen) == ["item.viewed Work item 7"]


def test_a_period_that_ends_before_it_begins_is_named(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit", {"period": "Custom", "from": "2026-03-09", "to": "2026-03-02"})
    assert not screen.exception
    assert "must be later than since" in shown(screen)


def test_an_entry_is_shown_in_full_and_as_text(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit", {"entry": _number("item.viewed")})
    assert not screen.exception
    assert HOSTILE in screen.code[0].value
    assert "note <script>" in screen.dataframe[0].value["details"].str.cat()
    assert "count 2" in screen.dataframe[0].value["details"].str.cat()


def test_an_entry_beyond_the_page_is_fetched_by_its_number(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit", {"entry": _number("item.resolved")})
    assert "item\\.resolved" in shown(screen)
    assert trail("audit.read") == 2


def test_a_number_that_no_entry_has_opens_nothing(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit", {"entry": "999999"})
    assert not screen.exception
    assert not screen.code


def test_one_click_tells_who_saw_the_same_thing(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit", {"entry": _number("item.resolved")})
    screen.button("ask_about").click().run()
    assert not screen.exception
    assert _items(screen) == ["item.viewed Work item 7", "item.resolved Work item 7"]
    assert "entry" not in screen.query_params
    screen.button("reset_audit").click().run()
    assert len(_items(screen)) == 4


def test_one_click_tells_all_that_somebody_did(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit", {"entry": _number("item.resolved")})
    screen.button("ask_person").click().run()
    assert _items(screen) == ["item.viewed Work item 7", "item.resolved Work item 7"]


def test_other_pages_can_link_to_who_saw_an_item(open_page: Open, past: Cast) -> None:
    path, _, asked = questions.address("work_item", 7).partition("?")
    address = dict(pair.replace("+", " ").split("=") for pair in asked.split("&"))
    assert (path, address["number"]) == ("/audit", "7")
    assert _items(open_page(past.auditor, "audit", address)) == ["item.viewed Work item 7", "item.resolved Work item 7"]


def test_j_and_k_walk_and_escape_closes(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit", {"person": "viewer", "entry": _number("item.viewed")})
    screen.button("next").click().run()
    assert screen.query_params["entry"] == _number("item.viewed")
    screen.button("close").click().run()
    assert "entry" not in screen.query_params


def test_the_next_page_goes_on_where_the_first_ended(open_page: Open, cast: Cast) -> None:
    for item in range(27):
        _told(cast.senior, "item.viewed", item)
    screen = open_page(cast.auditor, "audit", {"person": "senior"})
    screen.button("entry_more").click().run()
    assert _items(screen) == ["item.viewed Work item 1", "item.viewed Work item 0"]
    screen.selectbox("resource").select("work_item").run()
    screen.text_input("number").set_value("7").run()
    assert _items(screen) == ["item.viewed Work item 7"]


def test_an_auditor_is_not_led_to_items(open_page: Open, past: Cast) -> None:
    def ways(who: Principal) -> set[str | None]:
        return {each.key for each in open_page(who, "audit", {"entry": _number("item.viewed")}).button}

    assert "open_item" not in ways(past.auditor)
    assert "open_item" in ways(past.admin)


def test_a_whole_record_is_called_whole(open_page: Open, past: Cast) -> None:
    sealed()
    anchored()
    screen = open_page(past.auditor, "audit")
    screen.button("verify").click().run()
    assert not screen.exception
    assert "Nothing was altered, removed or cut off" in shown(screen)
    assert "not sealed yet" in shown(screen)
    screen.button("verify").click().run()
    assert trail("audit.verify") == 2


def test_an_altered_record_is_called_altered_and_where(open_page: Open, past: Cast) -> None:
    sealed()
    anchored()
    with db.engine("owner").begin() as connection:
        connection.execute(text("ALTER TABLE ops_audit_log DISABLE TRIGGER ops_audit_log_append_only"))
        connection.execute(text("UPDATE ops_audit_log SET actor_name = 'admin' WHERE action = 'item.resolved'"))
        connection.execute(text("ALTER TABLE ops_audit_log ENABLE TRIGGER ops_audit_log_append_only"))
    screen = open_page(past.auditor, "audit")
    screen.button("verify").click().run()
    assert "1 place not as written" in shown(screen)
    assert "altered" in screen.dataframe[0].value["What"][0]
    assert "rows 1–4 (seal 1)" in screen.dataframe[0].value["Where"][0]


def test_a_check_after_signing_out_elsewhere_does_nothing(open_page: Open, past: Cast) -> None:
    screen = open_page(past.auditor, "audit")
    sign_out_everywhere(past.auditor)
    screen.button("verify").click().run()
    assert not screen.dataframe
    assert trail("audit.verify") == 0
