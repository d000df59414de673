"""What an administrator sees and says of each member of staff: which queues they serve, their skills, how much fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.exc import IntegrityError

from core import authenticator, people
from core.errors import Conflict, Invalid, NotFound
from core.people import NewStaff
from core.permissions import Permission, Role, requires
from core.tables.work import OPEN
from core.text import checked_text
from core.uow import UnitOfWork
from core.words import Queue

LARGEST_CAPACITY = 1000
MOST_SKILLS = 20


@dataclass(frozen=True)
class Profile:
    """What may be changed about somebody besides their role. `capacity` in items at once, 0 to 1,000."""

    full_name: str
    email: str | None = None
    queues: tuple[str, ...] = tuple(Queue)
    skills: tuple[str, ...] = ()
    capacity: int = 10
    zone: str = "UTC"


@dataclass(frozen=True)
class Member:
    """A member of staff as administrators and they themselves see them. `sessions` are alive; `in_hand` are open."""

    id: int
    username: str
    role: Role
    is_active: bool
    must_change_password: bool
    profile: Profile
    sessions: int
    in_hand: int
    last_seen_at: datetime | None


@requires(Permission.OPS_ADMIN, leaves=None)
def members(uow: UnitOfWork) -> list[Member]:
    """Everybody, those who have left last."""
    rows = uow.rows(f"{_MEMBERS} ORDER BY NOT s.is_active, s.full_name, s.id", {"now": uow.now})
    return [_member(row) for row in rows]


@requires(leaves=None)
def myself(uow: UnitOfWork) -> Member:
    """The caller's own entry. Raises NotFound for who is no member of staff."""
    row = uow.execute(f"{_MEMBERS} WHERE s.id = :me", {"now": uow.now, "me": uow.principal.staff_id}).one_or_none()
    if row is None:
        raise NotFound("member of staff", uow.principal.name)
    return _member(row)


@requires(Permission.OPS_ADMIN, leaves="staff.created")
def take_on(uow: UnitOfWork, username: str, role: Role, profile: Profile) -> NewStaff:
    """Take somebody on with all that is known of them; returns the password to hand over, told this once.

    Raises Invalid naming the field, Conflict when the username or e-mail address is somebody's already.
    """
    known = _checked(profile)
    made = people.create_staff(uow, username, known.full_name, role, email=known.email)
    _write(uow, made.id, known)
    return made


@requires(Permission.OPS_ADMIN, leaves="staff.changed")
def change_member(uow: UnitOfWork, staff_id: int, before: Profile, becomes: Profile) -> None:
    """Say anew what is known of somebody. `before` is how it stood on the screen.

    Raises Invalid naming the field; NotFound; Conflict when somebody else changed it since.
    """
    known = _checked(becomes)
    row = uow.execute("SELECT * FROM staff WHERE id = :id FOR UPDATE", {"id": staff_id}).one_or_none()
    if row is None:
        raise NotFound("member of staff", staff_id)
    if _profile(row) != before:
        raise Conflict("Somebody else has changed this entry in the meantime: look at it again.")
    _write(uow, staff_id, known)
    was, now = asdict(before), asdict(known)
    uow.record("staff.changed", "staff", staff_id, fields=[name for name in was if was[name] != now[name]])


@requires(leaves="staff.changed")
def set_own_zone(uow: UnitOfWork, zone: str) -> None:
    """Show the caller all times in another zone from now on. Raises Invalid."""
    changed = uow.execute(
        "UPDATE staff SET zone = :zone WHERE id = :me", {"zone": _zone(zone), "me": uow.principal.staff_id}
    )
    if not changed.rowcount:
        raise NotFound("member of staff", uow.principal.name)
    uow.record("staff.changed", "staff", uow.principal.staff_id, fields=["zone"])


_MEMBERS = f"""
SELECT s.*, coalesce(l.sessions, 0) AS sessions, coalesce(h.in_hand, 0) AS in_hand FROM staff s
LEFT JOIN (SELECT staff_id, count(*) AS sessions FROM staff_sessions
    WHERE ended_at IS NULL AND least(idle_until, expires_at) > :now GROUP BY staff_id) l ON l.staff_id = s.id
LEFT JOIN (SELECT assigned_to, count(*) AS in_hand FROM work_items
    WHERE {OPEN} AND assigned_to IS NOT NULL GROUP BY assigned_to) h ON h.assigned_to = s.id"""


def _member(row: Any) -> Member:
    return Member(
        row.id,
        row.username,
        Role(row.role),
        row.is_active,
        row.must_change_password,
        _profile(row),
        row.sessions,
        row.in_hand,
        row.last_seen_at,
    )


def _profile(row: Any) -> Profile:
    return Profile(row.full_name, row.email, tuple(row.queues), tuple(row.skills), row.capacity, row.zone)


def _checked(told: Profile) -> Profile:
    email = (told.email or "").strip() or None
    if email is not None and not authenticator.is_email(email):
        raise Invalid("email", "is an e-mail address")
    if not set(told.queues) <= set(Queue):
        raise Invalid("queues", f"are among {', '.join(Queue)}")
    if isinstance(told.capacity, bool) or not 0 <= told.capacity <= LARGEST_CAPACITY:
        raise Invalid("capacity", f"lies between 0 and {LARGEST_CAPACITY:,}")
    queues = tuple(queue.value for queue in Queue if queue in told.queues)
    name = checked_text("full_name", told.full_name, 100)
    return Profile(name, email, queues, _skills(told.skills), told.capacity, _zone(told.zone))


def _skills(told: Sequence[str]) -> tuple[str, ...]:
    skills = sorted({checked_text("skills", skill, 60) for skill in told if skill.strip()})
    if len(skills) > MOST_SKILLS:
        raise Invalid("skills", f"are at most {MOST_SKILLS}")
    return tuple(skills)


def _zone(told: str) -> str:
    try:
        ZoneInfo(told)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("zone", "is a time zone such as Europe/Berlin") from None
    return told


def _write(uow: UnitOfWork, staff_id: int, known: Profile) -> None:
    values = {**asdict(known), "queues": list(known.queues), "skills": list(known.skills), "id": staff_id}
    try:
        with uow.session.begin_nested():
            uow.execute(
                "UPDATE staff SET full_name = :full_name, email = :email, queues = :queues, skills = :skills, "
                "capacity = :capacity, zone = :zone WHERE id = :id",
                values,
            )
    except IntegrityError:
        raise Conflict("That e-mail address is somebody's already.") from None
