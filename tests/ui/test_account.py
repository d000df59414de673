"""My account: one's own sessions, tokens and zone, and nobody else's."""

from __future__ import annotations

from tests.builders import count, rows
from tests.cast import Cast
from tests.ui.conftest import Open, shown, signed_in


def test_the_other_sessions_are_ended_and_this_one_goes_on(open_page: Open, cast: Cast) -> None:
    signed_in(cast.viewer)
    signed_in(cast.reviewer)
    screen = open_page(cast.viewer, "account")
    screen.button("account_end").click().run()
    assert not screen.exception
    assert count("staff_sessions", "ended_at IS NULL AND staff_id = :id", id=cast.viewer.staff_id) == 1
    assert count("staff_sessions", "ended_at IS NULL AND staff_id = :id", id=cast.reviewer.staff_id) == 1
    assert "My account" not in shown(screen) or screen.button("account_end").disabled


def test_a_token_is_made_with_less_than_one_may_shown_once_and_revoked(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.reviewer, "account")
    screen.text_input("token_label").set_value("intake")
    screen.session_state["token_scopes"] = ["ops.read"]
    screen.button("token_make").click().run()
    assert not screen.exception
    (made,) = rows("SELECT id, scopes, expires_at FROM api_tokens")
    assert made.scopes == ["ops.read"]
    assert made.expires_at is not None
    assert screen.code[0].value.startswith("opd_")
    screen.button("token_seen").click().run()
    assert not screen.code
    screen.button(f"token_revoke_{made.id}").click().run()
    assert count("api_tokens", "revoked_at IS NULL") == 0


def test_a_token_that_may_nothing_is_refused_beside_the_form(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.reviewer, "account")
    screen.text_input("token_label").set_value("intake")
    screen.button("token_make").click().run()
    assert any("Scope is at least one permission" in caption.value for caption in screen.caption)
    assert count("api_tokens") == 0


def test_times_are_shown_in_the_zone_that_one_chooses(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.viewer, "account")
    screen.selectbox("account_zone").set_value("Asia/Tokyo").run()
    assert rows("SELECT zone FROM staff WHERE id = :id", id=cast.viewer.staff_id)[0].zone == "Asia/Tokyo"
