"""Staff: who may take on, promote, switch off, and that somebody is always left to administer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import people, sessions
from core.credentials import Proven
from core.errors import Conflict, Invalid, NotFound, NotPermitted, OpsError
from core.permissions import Role, process
from core.uow import perform
from tests.cast import Cast
from tests.people.conftest import PASSWORD, password_hash, trail, value


def test_somebody_taken_on_signs_in_with_the_password_handed_over(cast: Cast) -> None:
    made = perform(cast.admin, people.create_staff, " Nora ", "Nora New", Role.REVIEWER, email="nora@opsdesk.test")
    session = sessions.sign_in("nora", made.password)
    assert session.principal.must_change_password
    assert trail("staff.created") == 1
    assert value("SELECT count(*) FROM ops_audit_log AS a WHERE a::text LIKE :it", it=f"%{made.password}%") == 0


@pytest.mark.parametrize(
    ("username", "full_name", "email", "field"),
    [
        ("", "Nora New", None, "username"),
        ("nora new", "Nora New", None, "username"),
        ("x" * 21, "Nora New", None, "username"),
        ("nora\0", "Nora New", None, "username"),
        ("nora", " ", None, "full_name"),
        ("nora", "N" * 101, None, "full_name"),
        ("nora", "\ud800", None, "full_name"),
        ("nora", "Nora New", "nora", "email"),
        ("nora", "Nora New", "nora@opsdesk.test\n", "email"),
    ],
)
def test_a_bad_field_is_named(cast: Cast, username: str, full_name: str, email: str | None, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        perform(cast.admin, people.create_staff, username, full_name, Role.VIEWER, email=email)
    assert refusal.value.field == field


def test_names_and_addresses_are_one_persons(cast: Cast) -> None:
    with pytest.raises(Conflict, match="username"):
        perform(cast.admin, people.create_staff, "Reviewer", "Somebody Else", Role.VIEWER)
    with pytest.raises(Conflict, match="e-mail"):
        perform(cast.admin, people.create_staff, "other", "Some", Role.VIEWER, email="Reviewer@opsdesk.test")


def test_only_administrators_manage_staff(cast: Cast) -> None:
    target = cast.reviewer.staff_id or 0
    for who in (cast.manager, cast.auditor, cast.stranger):
        with pytest.raises(NotPermitted):
            perform(who, people.create_staff, "nora", "Nora New", Role.ADMIN)
        with pytest.raises(NotPermitted):
            perform(who, people.set_role, target, Role.ADMIN)
        with pytest.raises(NotPermitted):
            perform(who, people.set_active, target, False)
        with pytest.raises(NotPermitted):
            perform(who, people.reset_password, target)


def test_nobody_changes_their_own_standing(cast: Cast) -> None:
    me = cast.admin.staff_id or 0
    with pytest.raises(NotPermitted, match="own standing"):
        perform(cast.admin, people.set_role, me, Role.VIEWER)
    with pytest.raises(NotPermitted, match="own standing"):
        perform(cast.admin, people.set_active, me, False)


def test_the_last_administrator_stays(cast: Cast) -> None:
    operator = process("cli", "operator")
    with pytest.raises(Conflict, match="last administrator"):
        perform(operator, people.set_role, cast.admin.staff_id or 0, Role.VIEWER)
    with pytest.raises(Conflict, match="last administrator"):
        perform(operator, people.set_active, cast.admin.staff_id or 0, False)


def test_two_administrators_cannot_remove_each_other_at_the_same_moment(cast: Cast) -> None:
    perform(cast.admin, people.set_role, cast.manager.staff_id or 0, Role.ADMIN)
    operators = [process("cli", "one"), process("cli", "two")]
    gate = threading.Barrier(2)

    def remove(pair: tuple[int, int]) -> bool:
        gate.wait()
        try:
            perform(operators[pair[0]], people.set_active, pair[1], False)
        except OpsError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        removed = list(pool.map(remove, [(0, cast.admin.staff_id or 0), (1, cast.manager.staff_id or 0)]))
    assert sum(removed) == 1
    assert value("SELECT count(*) FROM staff WHERE role = 'admin' AND is_active") == 1


def test_every_change_is_on_record(cast: Cast) -> None:
    perform(cast.admin, people.set_role, cast.reviewer.staff_id or 0, Role.VIEWER)
    perform(cast.admin, people.set_active, cast.reviewer.staff_id or 0, False)
    perform(cast.admin, people.reset_password, cast.viewer.staff_id or 0)
    assert [trail(action) for action in ("staff.role_changed", "staff.switched", "password.reset")] == [1, 1, 1]


def test_nobody_stores_a_password_for_somebody_else(staffed: Cast) -> None:
    proven = Proven("senior", staffed.senior.staff_id or 0, password_hash(), ("address:x", "name:x"))
    with pytest.raises(NotPermitted):
        perform(staffed.reviewer, people.set_own_password, proven, "a quite different one")


@pytest.mark.parametrize("new", ["short", PASSWORD, "reviewer-lantern-42", "password-2026"])
def test_a_new_password_must_be_new_and_hard_to_guess(staffed: Cast, new: str) -> None:
    with pytest.raises(Invalid, match="password"):
        people.change_password(staffed.reviewer, PASSWORD, new)
    assert value("SELECT password_hash FROM staff WHERE username = 'reviewer'") == password_hash()


def test_unknown_people_are_not_found(cast: Cast) -> None:
    with pytest.raises(NotFound):
        perform(cast.admin, people.set_role, 999_999, Role.VIEWER)


def test_colleagues_are_listed_by_name_and_those_who_left_on_request(cast: Cast) -> None:
    perform(cast.admin, people.set_active, cast.senior.staff_id or 0, False)
    present = [person.username for person in perform(cast.viewer, people.staff)]
    assert present == ["admin", "auditor", "manager", "reviewer", "reviewer2", "viewer"]
    assert len(perform(cast.viewer, people.staff, active_only=False)) == len(present) + 1
    with pytest.raises(NotPermitted):
        perform(cast.auditor, people.staff)


def test_the_first_administrator_is_made_once_by_however_many_first_starts(database: None) -> None:
    with ThreadPoolExecutor(4) as pool:
        told = [lines for lines in pool.map(lambda _: people.first_administrator(), range(4)) if lines]
    assert len(told) == 1
    password = told[0][0].rsplit(" ", 1)[1]
    assert sessions.sign_in("admin", password).principal.must_change_password
    assert people.first_administrator() == []
