"""What is said of staff is checked, on record, and never lost to another administrator's screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core import sessions, staffing
from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.permissions import Role
from core.staffing import Profile
from core.uow import perform
from tests.builders import rows
from tests.cast import Cast


def _known(cast: Cast) -> Profile:
    return next(each.profile for each in perform(cast.admin, staffing.members) if each.username == "reviewer")


def _change(cast: Cast, before: Profile, becomes: Profile) -> None:
    perform(cast.admin, staffing.change_member, cast.reviewer.staff_id or 0, before, becomes)


def test_a_change_names_its_fields_and_no_values(cast: Cast) -> None:
    before = _known(cast)
    becomes = replace(before, email="rita@example.com", capacity=3, queues=("customer",))
    _change(cast, before, becomes)
    assert _known(cast) == becomes
    (row,) = rows("SELECT metadata FROM ops_audit_log WHERE action = 'staff.changed'")
    assert row.metadata == {"fields": ["email", "queues", "capacity"]}


def test_who_comes_second_is_refused(cast: Cast) -> None:
    before = _known(cast)
    _change(cast, before, replace(before, capacity=3))
    with pytest.raises(Conflict, match="Somebody else"):
        _change(cast, before, replace(before, capacity=4))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", " "),
        ("full_name", "a\x00b"),
        ("email", "no address"),
        ("queues", ("everything",)),
        ("capacity", -1),
        ("capacity", 1001),
        ("capacity", True),
        ("skills", tuple(map(str, range(21)))),
        ("skills", ("x" * 61,)),
        ("zone", "../../etc/passwd"),
        ("zone", "Europe/Nowhere"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(cast: Cast, field: str, value: Any) -> None:
    before = _known(cast)
    becomes = Profile(**{**vars(before), field: value})
    with pytest.raises(Invalid) as refusal:
        _change(cast, before, becomes)
    assert refusal.value.field == field


def test_an_address_is_one_persons_alone(cast: Cast) -> None:
    perform(cast.admin, staffing.take_on, "nina", Role.VIEWER, Profile("Nina", "nina@example.com"))
    before = _known(cast)
    with pytest.raises(Conflict, match="somebody's already"):
        _change(cast, before, replace(before, email="NINA@example.com"))


def test_only_administrators_see_and_change_everybody(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        perform(cast.manager, staffing.members)
    with pytest.raises(NotPermitted):
        perform(cast.manager, staffing.take_on, "nina", Role.VIEWER, Profile("Nina"))
    assert perform(cast.viewer, staffing.myself).username == "viewer"
    with pytest.raises(NotFound):
        perform(cast.admin, staffing.change_member, 10**6, Profile("x"), Profile("y"))


def test_ending_the_others_where_there_are_none_is_on_record_too(cast: Cast) -> None:
    assert perform(cast.viewer, sessions.end_others) == 0
