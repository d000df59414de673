"""The demo: an invented operation for an empty database, and the accounts to try it with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from core.demonstration.playing import play
from core.errors import Conflict
from core.filelock import held
from core.people import create_staff
from core.permissions import ROLES, Principal, Role, process
from core.settings import settings
from core.uow import UnitOfWork, perform

ITEMS = 3000
CAPACITY = 25
LOADER = process("cli", "demo")
_LOCK = 0x0DE0


@dataclass(frozen=True)
class Account:
    """One account of the demo."""

    username: str
    full_name: str
    role: Role
    queues: tuple[str, ...]


_ALL = ("customer", "automation", "provider_data")
ACCOUNTS = (
    Account("viewer", "Vera Lindqvist", Role.VIEWER, _ALL),
    Account("reviewer", "Rui Tavares", Role.REVIEWER, ("customer", "automation")),
    Account("reviewer2", "Rosa Okafor", Role.REVIEWER, ("automation", "provider_data", "customer")),
    Account("senior", "Selma Brandt", Role.SENIOR_REVIEWER, _ALL),
    Account("manager", "Mateo Ferri", Role.MANAGER, _ALL),
    Account("auditor", "Aude Marchand", Role.AUDITOR, ()),
    Account("admin", "Ada Nakamura", Role.ADMIN, _ALL),
)
_NAMES = {"names": [account.username for account in ACCOUNTS]}


@dataclass(frozen=True)
class _Kept:
    """What the data folder remembers of the demo: its "now", whether all is loaded, each password and its hash."""

    base: str
    loaded: bool
    passwords: Mapping[str, str]
    hashes: Mapping[str, str]


def load_if_empty() -> list[str]:
    """Fill an empty database with the demo, or go on with a loading that was interrupted.

    Returns the lines with the demo's names and passwords, at every start; none where the database is somebody's
    own, and none for an account whose password has been changed since.
    """
    with held(settings().data_dir / "demo.lock"):
        kept = perform(LOADER, _found_or_begun)
        if kept is not None and not kept.loaded:
            load(datetime.fromisoformat(kept.base), ITEMS)
            _keep(replace(kept, loaded=True))
        return perform(LOADER, _sign_in_lines, kept) if kept else []


def load(base: datetime, items: int = ITEMS) -> int:
    """Play `items` stories of the 90 days before `base` into the database; returns how many items there are.

    Safe to run again with the same `base`: what is there stays as it is. Raises Conflict when the demo's accounts
    are missing.
    """
    people = perform(LOADER, _people)
    if len(people) < len(ACCOUNTS):
        raise Conflict("The demo needs its accounts: start with an empty database.")
    return play(LOADER, people, base, items)


def _found_or_begun(uow: UnitOfWork) -> _Kept | None:
    """What the file tells of this very database; the accounts made now where nobody works yet; else None."""
    uow.execute("SELECT pg_advisory_xact_lock(:key)", {"key": _LOCK})
    kept = _read()
    if kept is not None and _unchanged(uow, kept):
        return kept
    return None if uow.execute("SELECT EXISTS (SELECT FROM staff)").scalar_one() else _begin(uow)


def _begin(uow: UnitOfWork) -> _Kept:
    """Make the accounts. The file is written before the commit: an account nobody can enter would be of no use."""
    made = {account.username: _take_on(uow, account) for account in ACCOUNTS}
    return _keep(_Kept(uow.now.isoformat(), False, made, _hashes(uow)))


def _take_on(uow: UnitOfWork, account: Account) -> str:
    made = create_staff(
        uow,
        account.username,
        account.full_name,
        account.role,
        email=f"{account.username}@opsdesk.example",
        must_change=False,
    )
    uow.execute(
        "UPDATE staff SET capacity = :capacity, queues = CAST(:queues AS text[]) WHERE id = :id",
        {"capacity": CAPACITY, "queues": list(account.queues), "id": made.id},
    )
    return made.password


def _people(uow: UnitOfWork) -> dict[str, Principal]:
    rows = uow.rows("SELECT id, username, full_name, role FROM staff WHERE username = ANY(:names)", _NAMES)
    return {
        row.username: Principal("staff", row.username, ROLES[Role(row.role)], row.id, row.full_name, Role(row.role))
        for row in rows
    }


def _hashes(uow: UnitOfWork) -> dict[str, str]:
    known = uow.rows("SELECT username, password_hash FROM staff WHERE is_active AND username = ANY(:names)", _NAMES)
    return {row.username: row.password_hash for row in known}


def _unchanged(uow: UnitOfWork, kept: _Kept) -> list[str]:
    """The accounts that can still be entered with the password in the file."""
    hashes = _hashes(uow)
    return [name for name in kept.passwords if hashes.get(name) == kept.hashes.get(name, "")]


def _sign_in_lines(uow: UnitOfWork, kept: _Kept) -> list[str]:
    width = max(map(len, kept.passwords))
    lines = [f"  {name:<{width}}  /  {kept.passwords[name]}" for name in _unchanged(uow, kept)]
    return ["Sign in to the demo as", *lines] if lines else []


def _file() -> Path:
    return settings().data_dir / "demo-accounts.json"


def _read() -> _Kept | None:
    try:
        return _Kept(**json.loads(_file().read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _keep(kept: _Kept) -> _Kept:
    """Write the file anew, whole or not at all, readable by its owner alone."""
    path = _file()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(kept), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return kept
