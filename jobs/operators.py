"""Whoever sits at the machine, and as whom they work."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from core.errors import NotFound
from core.permissions import ROLES, Principal, process

if TYPE_CHECKING:
    from core.people import Person


def operator() -> Principal:
    """The principal as which a command acts: what they do is on record under the system's name for them."""
    try:
        return process("cli", getpass.getuser())
    except (KeyError, OSError):
        return process("cli", "operator")


def member(username: str) -> Person:
    """The active member of staff of that name. Raises NotFound."""
    from core import people
    from core.uow import perform

    called = username.strip().lower()
    person = next((known for known in perform(operator(), people.staff) if known.username == called), None)
    if person is None:
        raise NotFound("active member of staff", username)
    return person


def acting_as(username: str | None = None) -> Principal:
    """The member of staff as whom the operator works, with that person's permissions and no more.

    Without a name it is the one called like the operator. Raises NotFound when nobody active is called so.
    """
    me = operator()
    person = member(username or me.name)
    return Principal(
        "cli",
        person.username,
        ROLES[person.role],
        person.id,
        person.full_name,
        person.role,
        user_agent=f"terminal of {me.name}",
    )
