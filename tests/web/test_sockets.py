"""The WebSocket: who gets a connection, whose screen it shows, and when it stops showing anything."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from core import people, sessions
from core.permissions import Role
from core.uow import perform
from tests.cast import Cast
from tests.people.conftest import PASSWORD, trail
from tests.web.console import COOKIE, Console, filled

FORGED = ["a" * 43, "x", "eyJhbGciOiJub25lIn0.e30.", "a" * 4000, "\u00e9" * 43, '"', "a=b; c"]


def _refused(console: Console, cookie: str | None, **options: Any) -> bool:
    try:
        console.socket(cookie, **options).close()
    except InvalidStatus as refusal:
        return bool(refusal.response.status_code == 403)
    return False


def test_nobody_gets_a_connection_without_a_live_session(console: Console, staffed: Cast) -> None:
    assert _refused(console, None)
    for forged in FORGED:
        assert _refused(console, forged), forged
    assert trail("session.unknown") == 1


def test_a_screen_cannot_be_taken_over_by_naming_it(console: Console, staffed: Cast) -> None:
    victim = console.socket(console.sign_in("manager"))
    assert "draft of manager" in victim.rerun()
    thief = console.socket(console.sign_in("viewer"), resume=victim.session_id)
    stolen = thief.rerun()
    assert "seen by viewer" in stolen
    assert "manager" not in stolen
    assert thief.session_id != victim.session_id
    assert _refused(console, None, resume=victim.session_id)
    assert "draft of manager" in victim.rerun()


def test_not_even_a_screen_that_was_left_a_moment_ago(console: Console, staffed: Cast) -> None:
    victim = console.socket(console.sign_in("manager"))
    victim.rerun()
    victim.close()
    thief = console.socket(console.sign_in("viewer"), resume=victim.session_id)
    assert "manager" not in thief.rerun()


def test_the_same_sign_in_gets_its_screen_back(console: Console, staffed: Cast) -> None:
    cookie = console.sign_in("manager")
    before = console.socket(cookie)
    before.rerun()
    before.close()
    after = console.socket(cookie, resume=before.session_id)
    after.rerun()
    assert after.session_id == before.session_id


def test_a_new_sign_in_of_the_same_person_starts_afresh(console: Console, staffed: Cast) -> None:
    before = console.socket(console.sign_in("manager"))
    before.rerun()
    after = console.socket(console.sign_in("manager"), resume=before.session_id)
    after.rerun()
    assert after.session_id != before.session_id


def test_saying_who_one_is_in_a_header_is_not_believed(console: Console, staffed: Cast) -> None:
    victim = console.socket(console.sign_in("manager"))
    victim.rerun()
    theirs = sessions.principal_for(console.sign_in("manager"))
    assert theirs is not None
    mine = console.sign_in("viewer")
    for name in ("X-Opsdesk-Session", "x-opsdesk-session", "X_Opsdesk_Session"):
        for session in range(1, 1 + (theirs.session_id or 0)):
            claim = {"Cookie": f"{COOKIE}={mine}", name: str(session)}
            thief = console.socket(resume=victim.session_id, additional_headers=claim)
            assert "manager" not in thief.rerun()
            thief.close()


def test_another_sites_page_gets_no_connection_and_a_program_with_a_session_does(
    console: Console, staffed: Cast
) -> None:
    cookie = console.sign_in("viewer")
    for origin in ("https://evil.example", "null", "", "file://", "http://127.0.0.1:1", f"{console.url}.evil.example"):
        assert _refused(console, cookie, origin=origin), origin
    assert "seen by viewer" in console.socket(cookie, origin=console.url).rerun()
    assert "seen by viewer" in console.socket(cookie).rerun()


@pytest.mark.parametrize("what", ["sign out", "demotion", "switching off", "password elsewhere", "reset", "ended"])
def test_what_ends_a_session_is_felt_at_the_next_rerun_and_the_next_connection(
    console: Console, staffed: Cast, what: str
) -> None:
    cookie = console.sign_in("manager")
    screen = console.socket(cookie)
    assert "seen by manager" in screen.rerun()
    _end(console, staffed, what, cookie)
    after = screen.rerun()
    assert "signed out" in after
    assert "manager" not in after
    assert _refused(console, cookie)
    assert _refused(console, cookie, resume=screen.session_id)


def test_a_promotion_shows_at_the_next_rerun(console: Console, staffed: Cast) -> None:
    screen = console.socket(console.sign_in("viewer"))
    screen.rerun()
    perform(staffed.admin, people.set_role, staffed.viewer.staff_id or 0, Role.MANAGER)
    assert "as manager" in screen.rerun()


def test_whoever_must_change_their_password_gets_no_screen(console: Console, staffed: Cast) -> None:
    made = perform(staffed.admin, people.reset_password, staffed.viewer.staff_id or 0)
    assert _refused(console, console.sign_in("viewer", made.password))


def test_a_fault_shows_a_reference_and_logs_no_values(console: Console, staffed: Cast) -> None:
    drawn = console.socket(console.sign_in("viewer")).rerun("fault=1")
    assert "quote the reference" in drawn
    said = console.log.read_text()
    assert '"event": "fault"' in said
    assert "ValueError" in said
    assert "jane@example.com" not in drawn + said
    assert "Traceback" not in said


def _end(console: Console, staffed: Cast, what: str, cookie: str) -> None:
    manager = staffed.manager.staff_id or 0
    if what == "sign out":
        with console.visitor() as browser:
            browser.cookies.set(COOKIE, cookie, "127.0.0.1")
            assert browser.post("/logout", data=filled(browser, "/logout")).status_code == 303
    elif what == "demotion":
        perform(staffed.admin, people.set_role, manager, Role.SENIOR_REVIEWER)
    elif what == "switching off":
        perform(staffed.admin, people.set_active, manager, False)
    elif what == "password elsewhere":
        people.change_password(staffed.manager, PASSWORD, "a quite different one")
    elif what == "reset":
        perform(staffed.admin, people.reset_password, manager)
    else:
        perform(staffed.admin, sessions.end_sessions, manager)
