"""Staff: taking them on, what they may do, their passwords, and switching them off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from core import authenticator, credentials, passwords, sessions, throttling
from core.errors import Conflict, Invalid, NotFound, NotPermitted, NotSignedIn
from core.permissions import ROLES, Permission, Principal, Role, process, requires
from core.text import checked_text
from core.uow import UnitOfWork, perform

_FIRST_LOCK = 0x0D5E


@dataclass(frozen=True)
class Person:
    """A member of staff as colleagues see them in lists."""

    id: int
    username: str
    full_name: str
    role: Role
    is_active: bool


@dataclass(frozen=True)
class NewStaff:
    """Somebody taken on, and the password to hand to them: told this once."""

    id: int
    username: str
    password: str


@requires(Permission.OPS_READ, leaves=None)
def staff(uow: UnitOfWork, *, active_only: bool = True) -> Sequence[Person]:
    """Everybody one may choose from, by full name; `active_only=False` adds those who have left."""
    rows = uow.rows(
        "SELECT id, username, full_name, role, is_active FROM staff WHERE is_active OR :all ORDER BY full_name, id",
        {"all": not active_only},
    )
    return [Person(row.id, row.username, row.full_name, Role(row.role), row.is_active) for row in rows]


@requires(Permission.OPS_ADMIN, leaves="staff.created")
def create_staff(
    uow: UnitOfWork,
    username: str,
    full_name: str,
    role: Role,
    *,
    email: str | None = None,
    password: str | None = None,
    must_change: bool = True,
) -> NewStaff:
    """Take on a member of staff; without a `password` a random one is made.

    Returns the password to hand over, changed at the first sign-in unless `must_change` is False. Raises Invalid
    naming the field, Conflict when the username or e-mail address is somebody's already.
    """
    name = _checked(username, full_name, email)
    if password is not None:
        passwords.refuse_weak(password, name, full_name, email or "")
    chosen = password or passwords.random_password()
    values: dict[str, object] = {
        "username": name,
        "full_name": full_name.strip(),
        "email": email,
        "role": Role(role).value,
        "hash": passwords.hash_password(chosen),
        "must_change": must_change,
    }
    staff_id = _insert(uow, values)
    uow.record("staff.created", "staff", staff_id, username=name, role=values["role"])
    return NewStaff(staff_id, name, chosen)


def first_administrator() -> list[str]:
    """Make the account `admin` where nobody works yet; returns the lines to show, once, or none."""
    made = perform(process("cli", "first start"), _first_administrator)
    if made is None:
        return []
    return [
        f"Sign in as {made.username} with the password {made.password}",
        "It is shown this once, and is changed then.",
    ]


def change_password(principal: Principal, current: str, new: str) -> None:
    """Change one's own password and end one's other sessions; this one goes on.

    Raises Invalid naming the field: the current password is wrong (these attempts count like sign-ins), or the
    new one would be guessed or is the same.
    """
    try:
        proven = credentials.prove(principal.name, current, principal)
    except NotSignedIn:
        raise Invalid("current password", "is not right, or there were too many attempts") from None
    if new == current:
        raise Invalid("password", "is another one than before")
    perform(principal, set_own_password, proven, new)


@requires(leaves="password.changed")
def set_own_password(uow: UnitOfWork, proven: credentials.Proven, new: str) -> None:
    """Store the new password of somebody who has just proven the old one."""
    if proven.staff_id != uow.principal.staff_id:
        raise NotPermitted(Permission.OPS_ADMIN, "That is somebody else's password.")
    person = _locked(uow, proven.staff_id)
    if person.password_hash != proven.password_hash:
        raise Conflict("Your password was changed elsewhere in the meantime.")
    passwords.refuse_weak(new, person.username, person.full_name, person.email or "")
    _store_password(uow, proven.staff_id, new, must_change=False)
    credentials.settle(uow, proven)
    # The sessions of before are of an older epoch; this one goes with the new.
    uow.execute(
        "UPDATE staff_sessions SET epoch = (SELECT session_epoch FROM staff WHERE id = :staff) WHERE id = :session",
        {"staff": proven.staff_id, "session": uow.principal.session_id},
    )
    sessions.end(uow, sessions.OTHERS, [proven.staff_id, uow.principal.session_id or 0], "password changed")
    uow.record("password.changed", "staff", proven.staff_id)


@requires(Permission.OPS_ADMIN, leaves="password.reset")
def reset_password(uow: UnitOfWork, staff_id: int) -> NewStaff:
    """Give somebody a random password, to be changed when they next sign in, and end all their sessions.

    Lifts a block on their name. Raises NotFound.
    """
    person = _locked(uow, staff_id)
    password = passwords.random_password()
    _store_password(uow, staff_id, password, must_change=True)
    sessions.end(uow, "staff_id = :which", staff_id, "password reset")
    throttling.clear(uow, throttling.of_name(person.username))
    uow.record("password.reset", "staff", staff_id)
    return NewStaff(staff_id, person.username, password)


@requires(Permission.OPS_ADMIN, leaves="staff.role_changed")
def set_role(uow: UnitOfWork, staff_id: int, role: Role) -> None:
    """Give somebody another role, at once; who may do less than before is signed out everywhere.

    Raises NotFound, NotPermitted for one's own role, Conflict when nobody would be left to administer.
    """
    before = _another(uow, staff_id)
    loses = not ROLES[Role(before.role)] <= ROLES[role]
    if Role(before.role) is Role.ADMIN and role is not Role.ADMIN:
        _keep_an_administrator(uow, staff_id)
    _update(uow, staff_id, "role = :value", role.value, ends_sessions=loses)
    if loses:
        sessions.end(uow, "staff_id = :which", staff_id, "role changed")
    uow.record("staff.role_changed", "staff", staff_id, before=before.role, after=role.value)


@requires(Permission.OPS_ADMIN, leaves="staff.switched")
def set_active(uow: UnitOfWork, staff_id: int, active: bool) -> None:
    """Let somebody sign in again, or no longer: then their sessions end, and their record stays.

    Raises NotFound, NotPermitted for oneself, Conflict when nobody would be left to administer.
    """
    before = _another(uow, staff_id)
    if not active and Role(before.role) is Role.ADMIN:
        _keep_an_administrator(uow, staff_id)
    _update(uow, staff_id, "is_active = :value", active, ends_sessions=not active)
    if not active:
        sessions.end(uow, "staff_id = :which", staff_id, "switched off")
    uow.record("staff.switched", "staff", staff_id, active=active)


_INSERT = """
INSERT INTO staff (username, full_name, email, role, password_hash, must_change_password)
VALUES (:username, :full_name, :email, :role, :hash, :must_change)
RETURNING id
"""


def _insert(uow: UnitOfWork, values: dict[str, object]) -> int:
    try:
        return int(uow.execute(_INSERT, values).scalar_one())
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
        taken = "e-mail address" if "email" in constraint else "username"
        raise Conflict(f"That {taken} is somebody's already.") from None


def _checked(username: str, full_name: str, email: str | None) -> str:
    name = credentials.normal(username)
    if not authenticator.is_username(name):
        raise Invalid("username", "is up to 20 letters, digits, - and _, or an e-mail address")
    checked_text("full_name", full_name, 100)
    if email is not None and not authenticator.is_email(email):
        raise Invalid("email", "is an e-mail address")
    return name


def _first_administrator(uow: UnitOfWork) -> NewStaff | None:
    uow.execute("SELECT pg_advisory_xact_lock(:key)", {"key": _FIRST_LOCK})  # eight first starts make one
    if uow.execute("SELECT 1 FROM staff LIMIT 1").one_or_none():
        return None
    return create_staff(uow, "admin", "Administrator", Role.ADMIN)


def _another(uow: UnitOfWork, staff_id: int) -> Row[tuple[object, ...]]:
    if staff_id == uow.principal.staff_id:
        raise NotPermitted(Permission.OPS_ADMIN, "Ask another administrator: nobody changes their own standing.")
    # All administrators are held first, and in order, so that two of them cannot remove each other at once.
    uow.execute("SELECT id FROM staff WHERE role = 'admin' ORDER BY id FOR UPDATE ")
    return _locked(uow, staff_id)


def _locked(uow: UnitOfWork, staff_id: int) -> Row[tuple[object, ...]]:
    """The person's row, held until the end of this unit of work."""
    row = uow.execute("SELECT * FROM staff WHERE id = :id FOR UPDATE ", {"id": staff_id}).one_or_none()
    if row is None:
        raise NotFound("member of staff", staff_id)
    return row


def _keep_an_administrator(uow: UnitOfWork, leaving: int) -> None:
    others = "SELECT 1 FROM staff WHERE role = 'admin' AND is_active AND id <> :leaving LIMIT 1"
    if not uow.execute(others, {"leaving": leaving}).one_or_none():
        raise Conflict("That is the last administrator: make another one first.")


def _store_password(uow: UnitOfWork, staff_id: int, password: str, *, must_change: bool) -> None:
    _update(uow, staff_id, "password_hash = :value", passwords.hash_password(password), ends_sessions=True)
    uow.execute("UPDATE staff SET must_change_password = :must WHERE id = :id", {"must": must_change, "id": staff_id})


def _update(uow: UnitOfWork, staff_id: int, change: str, value: object, *, ends_sessions: bool) -> None:
    """Change one thing about somebody; a new epoch makes their sessions worthless wherever they are held."""
    uow.execute(
        f"UPDATE staff SET {change}, session_epoch = session_epoch + :step WHERE id = :id",
        {"value": value, "step": int(ends_sessions), "id": staff_id},
    )
