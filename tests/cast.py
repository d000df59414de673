"""The named people of the tests, and NOON, when every story begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from core import clock, db
from core.permissions import ROLES, Principal, Role
from core.tables import Staff

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # a Wednesday


@dataclass(frozen=True)
class Cast:
    """One principal for each role, two reviewers, and a stranger who has no permission at all."""

    viewer: Principal
    reviewer: Principal
    reviewer2: Principal
    senior: Principal
    manager: Principal
    auditor: Principal
    admin: Principal
    stranger: Principal


PEOPLE = (
    ("viewer", "Vera Viewer", Role.VIEWER),
    ("reviewer", "Rita Reviewer", Role.REVIEWER),
    ("reviewer2", "Rolf Reviewer", Role.REVIEWER),
    ("senior", "Sena Senior", Role.SENIOR_REVIEWER),
    ("manager", "Mona Manager", Role.MANAGER),
    ("auditor", "Aldo Auditor", Role.AUDITOR),
    ("admin", "Ada Admin", Role.ADMIN),
)


@pytest.fixture
def cast(database: None) -> Cast:
    """Everybody, as rows of staff and as principals."""
    with Session(db.engine("app"), expire_on_commit=False) as session:
        rows = {
            name: Staff(username=name, full_name=full, role=role, email=f"{name}@opsdesk.test")
            for name, full, role in PEOPLE
        }
        session.add_all(rows.values())
        session.commit()
    people = {name: principal(row) for name, row in rows.items()}
    stranger = Principal("staff", "stranger", frozenset(), staff_id=None, full_name="Sam Stranger")
    return Cast(**people, stranger=stranger)


def principal(row: Staff) -> Principal:
    """The principal of a signed-in member of staff."""
    role = Role(row.role)
    return Principal("staff", row.username, ROLES[role], row.id, row.full_name, role)


@pytest.fixture
def noon() -> Iterator[datetime]:
    """Time stands still at NOON."""
    with clock.frozen(NOON):
        yield NOON
