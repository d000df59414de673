"""The administration page: each tab does what its verbs do, and says beside the field what was wrong."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core import config, db
from core.permissions import Role
from core.resolutions.declaring import registry
from core.settings import PROJECT
from core.uow import perform
from tests.builders import count, rows
from tests.cast import Cast
from tests.ui.conftest import Open, shown
from ui.administration import settings, staff, types


def _tab(open_page: Open, cast: Cast, tab: str, **address: int | None) -> AppTest:
    return open_page(cast.admin, "administration", {"tab": tab, **{name: str(at) for name, at in address.items()}})


@pytest.mark.parametrize("who", ["viewer", "reviewer", "manager", "auditor"])
def test_it_is_the_administrators_alone(open_page: Open, cast: Cast, who: str) -> None:
    open_page(getattr(cast, who))
    screen = AppTest.from_file(str(PROJECT / "pages/administration.py"), default_timeout=30).run()
    assert "ops.admin" in shown(screen)
    assert not screen.dataframe


@pytest.mark.parametrize("tab", ["types", "outgoing", "staff", "settings", "jobs"])
def test_every_tab_draws(open_page: Open, cast: Cast, tab: str) -> None:
    screen = _tab(open_page, cast, tab)
    assert not screen.exception
    assert not screen.error


def test_only_the_open_tab_reads(open_page: Open, cast: Cast) -> None:
    _tab(open_page, cast, "settings")
    assert count("ops_audit_log", "action = 'outbox.read'") == 0
    _tab(open_page, cast, "outgoing")
    assert count("ops_audit_log", "action = 'outbox.read'") == 1


def test_a_shipped_type_is_there_to_read(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "types", type=types._number("complaint"))
    assert "Read the whole message" in shown(screen)
    assert not [button for button in screen.button if button.key == "type_save"]


def test_a_type_is_made_changed_and_retired(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "types")
    screen.button("type_new").click().run()
    screen.text_input("type_label").set_value("Parcel lost")
    screen.text_input("type_name").set_value("parcel_lost")
    screen.button("type_create").click().run()
    assert not screen.exception
    assert [option.name for option in registry()["parcel_lost"].options] == ["resolve", "reject"]
    screen.text_input("type_label").set_value("Parcel gone")
    screen.button("type_save").click().run()
    assert registry()["parcel_lost"].label == "Parcel gone"
    screen.button("type_retire").click().run()
    assert registry()["parcel_lost"].is_retired


def test_what_is_wrong_with_a_type_is_said_beside_its_field(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "types")
    screen.button("type_new").click().run()
    screen.text_input("type_name").set_value("Not a name")
    screen.text_input("type_label").set_value("Parcel lost")
    screen.button("type_create").click().run()
    assert any("Name string should match" in caption.value for caption in screen.caption)
    assert screen.text_input("type_label").value == "Parcel lost"
    assert count("item_types") == 0


def test_what_is_parked_is_told_and_sent_again(open_page: Open, cast: Cast) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(
            text(
                "INSERT INTO outbox (kind, idempotency_key, payload, state, attempts, last_error, created_at, due_at, "
                "done_at) SELECT 'mail', 'k' || n, '{}', 'parked', 8, 'The server answered 550.', now(), now(), now() "
                "FROM generate_series(1, 2) n"
            )
        )
    number = rows("SELECT max(id) FROM outbox")[0][0]
    screen = _tab(open_page, cast, "outgoing", outgoing=number)
    assert "The server answered 550" in shown(screen)
    screen.button("outgoing_again").click().run()
    assert count("outbox", "state = 'waiting'") == 1
    left = rows("SELECT id FROM outbox WHERE state = 'parked'")[0].id
    _tab(open_page, cast, "outgoing", outgoing=left).button("outgoing_all").click().run()
    assert count("outbox", "state = 'waiting'") == 2


def test_somebody_is_taken_on_and_the_password_shown_once(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "staff")
    screen.button("staff_new").click().run()
    screen.text_input("staff_username").set_value("nina")
    screen.text_input("staff_new_full_name").set_value("Nina New")
    screen.number_input("staff_new_capacity").set_value(4)
    screen.text_input("staff_new_skills").set_value("refunds, French")
    screen.button("staff_take_on").click().run()
    assert not screen.exception
    (made,) = rows("SELECT * FROM staff WHERE username = 'nina'")
    assert (made.capacity, made.skills, made.must_change_password) == (4, ["French", "refunds"], True)
    assert screen.code[0].value
    screen.button("staff_new").click().run()
    assert not screen.code


def test_what_is_wrong_with_somebody_is_said_beside_the_field(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "staff", person=cast.reviewer.staff_id)
    screen.text_input(f"staff_{cast.reviewer.staff_id}_email").set_value("no address")
    screen.button("staff_save").click().run()
    assert any("Email is an e" in caption.value for caption in screen.caption)


def test_a_role_is_changed_and_somebody_switched_off(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "staff", person=cast.reviewer.staff_id)
    screen.selectbox(f"staff_role_{cast.reviewer.staff_id}_reviewer").set_value(Role.VIEWER)
    screen.button("staff_change_role").click().run()
    screen.button("staff_switch").click().run()
    (found,) = rows("SELECT role, is_active FROM staff WHERE id = :id", id=cast.reviewer.staff_id)
    assert (found.role, found.is_active) == ("viewer", False)


def test_nobody_changes_their_own_standing(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "staff", person=cast.admin.staff_id)
    assert not [button for button in screen.button if button.key == "staff_switch"]
    assert staff.STAFF.name == "person"


def test_a_setting_is_changed_with_a_reason_and_out_of_bounds_is_refused_beside_it(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "settings", setting=settings._number("UNDO_SECONDS"))
    screen.text_input("setting_UNDO_SECONDS_0").set_value("301")
    screen.button("setting_change").click().run()
    assert any("lies between 0 and 300" in caption.value for caption in screen.caption)
    screen.text_input("setting_UNDO_SECONDS_0").set_value("20")
    screen.text_input("setting_why").set_value("People asked for it.")
    screen.button("setting_change").click().run()
    assert config.number("UNDO_SECONDS") == 20
    (change,) = perform(cast.admin, config.history, "UNDO_SECONDS")
    assert (change.told["after"], change.told["reason"]) == ("20", "People asked for it.")


def test_two_administrators_do_not_overwrite_each_other(open_page: Open, cast: Cast) -> None:
    screen = _tab(open_page, cast, "settings", setting=settings._number("UNDO_SECONDS"))
    screen.text_input("setting_UNDO_SECONDS_0").set_value("20")
    perform(cast.admin, config.change, "UNDO_SECONDS", "30")
    screen.button("setting_change").click().run()
    assert "changed by somebody else" in shown(screen)
    assert config.number("UNDO_SECONDS") == 30
