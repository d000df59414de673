"""How often one may try: exact, shared, equal in time, and no way to lock somebody else out."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core import clock, credentials, passwords, people, sessions, throttling
from core.errors import NotSignedIn
from core.uow import UnitOfWork, perform
from tests.cast import NOON, Cast
from tests.people.conftest import PASSWORD, signed_in, trail, value

LIMIT = 10


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are compared without the quarter of a second: what is tried here is the counting."""
    monkeypatch.setattr(passwords, "matches", lambda password, stored: bool(stored) and password == PASSWORD)


def _fails(name: str, *, ip: str = "10.0.0.66", password: str = "wrong") -> bool:
    try:
        sessions.sign_in(name, password, ip=ip)
    except NotSignedIn:
        return True
    return False


def test_after_ten_failures_the_right_password_is_refused_too_until_the_time_is_over(
    staffed: Cast, quick: None
) -> None:
    with clock.frozen(NOON):
        for n in range(LIMIT):
            assert _fails("reviewer", ip=f"10.0.1.{n}")
        assert _fails("reviewer", ip="10.0.2.1", password=PASSWORD)
        assert not _fails("senior", ip="10.0.2.1", password=PASSWORD)
    assert trail("sign_in.blocked") == 1
    assert value("SELECT locked_until FROM staff WHERE username = 'reviewer'") == NOON + throttling.WINDOW
    with clock.frozen(NOON + throttling.WINDOW):
        assert not _fails("reviewer", ip="10.0.2.1", password=PASSWORD)
    assert value("SELECT failed_logins FROM staff WHERE username = 'reviewer'") == 0


def test_unknown_names_are_blocked_like_known_ones(staffed: Cast, quick: None) -> None:
    for n in range(LIMIT + 1):
        assert _fails("no-such-person", ip=f"10.0.1.{n}")
    assert trail("sign_in.blocked") == 1


def test_an_address_that_tries_many_names_is_blocked_and_others_are_not(staffed: Cast, quick: None) -> None:
    for n in range(LIMIT * throttling.ADDRESS_SHARE):
        assert _fails(f"guess-{n}")
    assert _fails("reviewer", password=PASSWORD)
    assert not _fails("reviewer", password=PASSWORD, ip="10.0.0.1")


def test_a_stranger_cannot_lock_out_somebody_where_they_usually_sign_in(staffed: Cast, quick: None) -> None:
    signed_in("reviewer", ip="10.0.0.1")
    for n in range(LIMIT + 1):
        assert _fails("reviewer", ip=f"10.0.1.{n}")
    assert _fails("reviewer", ip="10.0.2.1", password=PASSWORD)
    assert not _fails("reviewer", ip="10.0.0.1", password=PASSWORD)


def test_a_good_sign_in_takes_back_its_attempt_at_the_address(staffed: Cast, quick: None) -> None:
    for _ in range(LIMIT * throttling.ADDRESS_SHARE + 5):
        assert not _fails("reviewer", ip="10.0.0.1", password=PASSWORD)


def test_being_blocked_ends_no_live_session(staffed: Cast, quick: None) -> None:
    session = signed_in("reviewer")
    for n in range(LIMIT + 1):
        _fails("reviewer", ip=f"10.0.1.{n}")
    assert sessions.principal_for(session.token) is not None


def test_thirty_two_hands_at_once_get_exactly_the_limit(staffed: Cast) -> None:
    who = credentials.visitor("10.0.0.1", None)
    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda _: perform(who, throttling.take, "name:x"), range(64)))
    assert sum(granted) == LIMIT


def test_old_failures_are_forgotten(staffed: Cast, quick: None) -> None:
    for day in range(3):
        with clock.frozen(NOON + timedelta(minutes=20 * day)):
            for n in range(LIMIT - 1):
                assert _fails("reviewer", ip=f"10.0.1.{n}")
    assert not _fails("reviewer", password=PASSWORD)


def test_an_administrator_lifts_the_block_with_a_new_password(staffed: Cast) -> None:
    with UnitOfWork(staffed.admin) as uow:
        for _ in range(LIMIT):
            throttling.take(uow, throttling.of_name("reviewer"))
    made = perform(staffed.admin, people.reset_password, staffed.reviewer.staff_id or 0)
    assert sessions.sign_in("reviewer", made.password, ip="10.0.0.1")


def test_known_unknown_and_blocked_names_take_the_same_time(staffed: Cast) -> None:
    with UnitOfWork(staffed.admin) as uow:
        for _ in range(LIMIT):
            throttling.take(uow, throttling.of_name("senior"))
    taken: dict[str, list[float]] = {"reviewer": [], "no-such-person": [], "senior": []}
    for n in range(3):
        for name, times in taken.items():
            began = time.thread_time()
            assert _fails(name, ip=f"10.0.3.{n}")
            times.append(time.thread_time() - began)
    typical = [statistics.median(times) for times in taken.values()]
    assert max(typical) < 1.15 * min(typical), typical
