"""Signing in and out: who stands behind a cookie, until when, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from core import clock, db, people, sessions
from core.errors import Invalid, NotPermitted, NotSignedIn, Unavailable
from core.permissions import ROLES, Role
from core.uow import perform
from tests.cast import NOON, Cast
from tests.people.conftest import PASSWORD, signed_in, trail, value


def test_whoever_knows_the_password_is_who_they_say(staffed: Cast) -> None:
    session = signed_in(" Reviewer ")
    principal = sessions.principal_for(session.token)
    assert principal is not None
    assert (principal.name, principal.permissions) == ("reviewer", ROLES[Role.REVIEWER])
    assert (principal.ip, principal.user_agent) == ("10.0.0.1", "test")
    assert value("SELECT actor_name FROM ops_audit_log WHERE action = 'session.started'") == "reviewer"


def test_every_failure_says_the_same_and_is_on_record(staffed: Cast) -> None:
    perform(staffed.admin, people.set_active, staffed.viewer.staff_id or 0, False)
    said = set()
    tries = (("reviewer", "wrong"), ("nobody-here", PASSWORD), ("viewer", PASSWORD), ("re\0viewer\ud800", "\ud800"))
    for name, password in tries:
        with pytest.raises(NotSignedIn) as refusal:
            sessions.sign_in(name, password, ip="10.0.0.1")
        said.add(refusal.value.sentence)
    assert len(said) == 1
    assert trail("sign_in.failed") == 4


def test_an_unknown_name_is_never_written_down(staffed: Cast) -> None:
    with pytest.raises(NotSignedIn):
        sessions.sign_in("my-secret-password", "x", ip="10.0.0.1")
    everything = "SELECT count(*) FROM {0} AS t WHERE t::text LIKE '%secret%'"
    assert value(everything.format("ops_audit_log")) == value(everything.format("sign_in_throttles")) == 0


def test_the_cookies_value_is_not_in_the_database(staffed: Cast) -> None:
    session = signed_in("reviewer")
    assert value("SELECT count(*) FROM staff_sessions AS s WHERE s::text LIKE :it", it=f"%{session.token}%") == 0


@pytest.mark.parametrize("cookie", [None, "", "x", "a" * 43, "a" * 10_000, "é" * 43, "eyJhbGciOiJub25lIn0.e30.", "\0"])
def test_forged_and_damaged_cookies_are_nobody(staffed: Cast, cookie: str | None) -> None:
    assert sessions.principal_for(cookie) is None


def test_a_cookie_we_never_gave_out_is_one_row_of_the_record_for_each_address(staffed: Cast) -> None:
    ended = signed_in("reviewer")
    perform(ended.principal, sessions.sign_out)
    for cookie in ("a" * 43, "x", "eyJhbGciOiJub25lIn0.e30.", ended.token):
        sessions.report_unknown(cookie, ip="10.0.0.9")
    sessions.report_unknown("b" * 43, ip="10.0.0.10")
    assert trail("session.unknown") == 2


def test_a_session_ends_when_it_is_idle_and_when_its_day_is_over(staffed: Cast) -> None:
    with clock.frozen(NOON):
        session = signed_in("reviewer")
    _at(session.token, hours=7, active=False)  # looking by itself does not keep it alive
    assert not _lives(session.token, hours=8)
    with clock.frozen(NOON):
        session = signed_in("reviewer")
    for hours in (7, 14, 21):
        assert _at(session.token, hours=hours)
    assert not _lives(session.token, hours=24)


def test_renewing_happens_at_most_once_a_minute(staffed: Cast) -> None:
    with clock.frozen(NOON):
        session = signed_in("reviewer")
    used = "SELECT last_used_at FROM staff_sessions"
    with clock.frozen(NOON + timedelta(seconds=59)):
        sessions.principal_for(session.token)
        assert value(used) == NOON
    with clock.frozen(NOON + timedelta(seconds=60)):
        sessions.principal_for(session.token)
        assert value(used) == value("SELECT last_seen_at FROM staff WHERE username = 'reviewer'") != NOON


def test_a_new_sign_in_gets_a_new_cookie_and_ends_the_one_it_replaces(staffed: Cast) -> None:
    old = signed_in("reviewer")
    new = sessions.sign_in("senior", PASSWORD, ip="10.0.0.1", replaces=old.token)
    assert new.token != old.token
    assert sessions.principal_for(old.token) is None


def test_signing_out_ends_this_session_alone(staffed: Cast) -> None:
    here, there = signed_in("reviewer"), signed_in("reviewer")
    perform(here.principal, sessions.sign_out)
    assert sessions.principal_for(here.token) is None
    assert sessions.principal_for(there.token) is not None
    with pytest.raises(NotSignedIn):
        perform(here.principal, sessions.sign_out)
    assert trail("session.ended") == 1


def test_demotion_reset_and_switching_off_end_every_session(staffed: Cast) -> None:
    manager, senior, viewer = signed_in("manager"), signed_in("senior"), signed_in("viewer")
    perform(staffed.admin, people.set_role, staffed.manager.staff_id or 0, Role.REVIEWER)
    perform(staffed.admin, people.reset_password, staffed.senior.staff_id or 0)
    perform(staffed.admin, people.set_active, staffed.viewer.staff_id or 0, False)
    for session in (manager, senior, viewer):
        assert sessions.principal_for(session.token) is None
    perform(staffed.admin, people.set_active, staffed.viewer.staff_id or 0, True)
    assert sessions.principal_for(viewer.token) is None


def test_promotion_is_felt_at_once_and_ends_nothing(staffed: Cast) -> None:
    session = signed_in("reviewer")
    perform(staffed.admin, people.set_role, staffed.reviewer.staff_id or 0, Role.MANAGER)
    now = sessions.principal_for(session.token)
    assert now is not None
    assert now.role is Role.MANAGER


def test_changing_the_password_ends_the_other_sessions_and_not_this_one(staffed: Cast) -> None:
    here, there = signed_in("reviewer"), signed_in("reviewer")
    people.change_password(here.principal, PASSWORD, "a quite different one")
    assert sessions.principal_for(here.token) is not None
    assert sessions.principal_for(there.token) is None
    with pytest.raises(NotSignedIn):
        signed_in("reviewer")


def test_a_wrong_current_password_changes_nothing(staffed: Cast) -> None:
    session = signed_in("reviewer")
    with pytest.raises(Invalid, match="current password"):
        people.change_password(session.principal, "wrong", "a quite different one")
    assert signed_in("reviewer")


def test_only_an_administrator_ends_other_peoples_sessions(staffed: Cast) -> None:
    session = signed_in("reviewer")
    with pytest.raises(NotPermitted):
        perform(staffed.manager, sessions.end_sessions, staffed.reviewer.staff_id or 0)
    assert perform(staffed.admin, sessions.end_sessions, staffed.reviewer.staff_id or 0) == 1
    assert perform(staffed.admin, sessions.end_sessions, staffed.reviewer.staff_id or 0) == 0
    assert sessions.principal_for(session.token) is None


def test_whoever_must_change_their_password_may_do_nothing_else(staffed: Cast) -> None:
    made = perform(staffed.admin, people.reset_password, staffed.admin.staff_id or 0)
    session = sessions.sign_in("admin", made.password, ip="10.0.0.1")
    assert session.principal.must_change_password
    assert session.principal.permissions == frozenset()
    people.change_password(session.principal, made.password, "a quite different one")
    after = sessions.principal_for(session.token)
    assert after is not None
    assert after.permissions == ROLES[Role.ADMIN]


def test_the_question_behind_every_click_uses_indexes_alone(staffed: Cast) -> None:
    fill = """INSERT INTO staff_sessions (token_hash, staff_id, epoch, created_at, last_used_at, idle_until, expires_at)
    SELECT sha256(n::text::bytea), (SELECT min(id) FROM staff), 0, now(), now(), now(), now()
    FROM generate_series(1, 20000) AS n"""
    with db.engine("app").begin() as connection:
        connection.execute(text(fill))
    with db.engine("owner").connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE staff_sessions"))
        explained = text(f"EXPLAIN {sessions._LIVE.text}")
        plan = connection.execute(explained, {"token_hash": b"x", "frozen": None}).scalars().all()
    assert not [line for line in plan if "Seq Scan on staff_sessions" in line], plan


def test_a_database_that_does_not_answer_is_said_so(staffed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import create_engine

    nowhere = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1})
    monkeypatch.setattr(db, "engine", lambda _part="app": nowhere)
    with pytest.raises(Unavailable):
        sessions.principal_for("a" * 43)


def _at(token: str, *, hours: int, active: bool = True) -> bool:
    with clock.frozen(NOON + timedelta(hours=hours)):
        return sessions.principal_for(token, active=active) is not None


_lives = _at
