"""Who may do what: permissions, roles, principals, and the check at the door of every verb."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, TypeVar

from core.errors import NotPermitted, NotSignedIn, Unaudited
from core.pii import Lens

if TYPE_CHECKING:
    from core.uow import UnitOfWork


class Permission(StrEnum):
    """One thing that a principal may be allowed to do."""

    OPS_READ = "ops.read"
    OPS_FULL_ACCESS = "ops.full_access"
    OPS_WRITE = "ops.write"
    OPS_ADMIN = "ops.admin"
    METRICS_REVENUE = "metrics.revenue"
    ALERTS_READ = "alerts.read"
    ALERTS_MANAGE = "alerts.manage"
    ALERTS_BROADCAST = "alerts.broadcast"
    AUDIT_READ = "audit.read"


class Role(StrEnum):
    """A named set of permissions that staff have."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    SENIOR_REVIEWER = "senior_reviewer"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMIN = "admin"


_VIEWER = frozenset({Permission.OPS_READ, Permission.ALERTS_READ})
_REVIEWER = _VIEWER | {Permission.OPS_WRITE}
_SENIOR = _REVIEWER | {Permission.OPS_FULL_ACCESS}
_MANAGER = _SENIOR | {Permission.METRICS_REVENUE, Permission.ALERTS_MANAGE, Permission.ALERTS_BROADCAST}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.REVIEWER: _REVIEWER,
    Role.SENIOR_REVIEWER: _SENIOR,
    Role.MANAGER: _MANAGER,
    Role.AUDITOR: frozenset({Permission.AUDIT_READ, Permission.ALERTS_READ}),
    Role.ADMIN: frozenset(Permission),
}
MANAGES = Permission.ALERTS_MANAGE
"""What tells a manager from a senior reviewer where SPEC says "manager": assign, take over, reopen."""


@dataclass(frozen=True)
class Principal:
    """The signed-in person, API token or named process on whose behalf a call runs."""

    kind: Literal["staff", "token", "job", "cli", "nobody"]
    name: str
    permissions: frozenset[Permission]
    staff_id: int | None = None
    full_name: str = ""
    role: Role | None = None
    session_id: int | None = None
    zone: str = "UTC"
    must_change_password: bool = False
    ip: str | None = None
    user_agent: str | None = None
    token_id: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this principal has `permission`; ops.admin implies every one."""
        return permission in self.permissions or Permission.OPS_ADMIN in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted naming the missing permission."""
        if not self.may(permission):
            raise NotPermitted(permission)

    @property
    def lens(self) -> Lens:
        """How this principal sees personal data."""
        return Lens(clear=self.may(Permission.OPS_FULL_ACCESS))


NOBODY = Principal("nobody", "nobody", frozenset())


def process(kind: Literal["job", "cli"], name: str) -> Principal:
    """The named principal as which a job or an operator's command acts, with every permission."""
    return Principal(kind, name, frozenset(Permission))


P = ParamSpec("P")
R = TypeVar("R")
Verb = Callable[Concatenate["UnitOfWork", P], R]


@dataclass(frozen=True)
class Declared:
    """What a verb promises: where it lives, who may call it, and which audit action it leaves."""

    name: str
    any_of: tuple[Permission, ...]
    leaves: str | None


VERBS: dict[str, Declared] = {}


def requires(*any_of: Permission, leaves: str | None) -> Callable[[Verb[P, R]], Verb[P, R]]:
    """Guard a verb: the principal needs one of `any_of`, and a call must leave the audit action `leaves`.

    `leaves=None` is for questions that show nothing worth a row (counts of one's own alerts); an empty
    `any_of` means any signed-in principal. A refusal is audited in a transaction of its own.
    """

    def decorate(verb: Verb[P, R]) -> Verb[P, R]:
        name = f"{verb.__module__}.{verb.__name__}"
        VERBS[name] = Declared(name, any_of, leaves)

        @functools.wraps(verb)
        def guarded(uow: UnitOfWork, *args: P.args, **kwargs: P.kwargs) -> R:
            _admit(uow, any_of, name)
            before = uow.recorded(leaves) if leaves else 0
            answer = verb(uow, *args, **kwargs)
            if leaves and uow.recorded(leaves) == before:
                raise Unaudited(f"{name} left no '{leaves}' in the audit log")
            return answer

        guarded.__declared__ = VERBS[name]  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]  # mypy takes the name of the first parameter for a difference

    return decorate


def _admit(uow: UnitOfWork, any_of: tuple[Permission, ...], verb: str) -> None:
    principal = uow.principal
    if principal.kind == "nobody":
        uow.refused(verb, "sign-in")
        raise NotSignedIn
    if any_of and not any(principal.may(permission) for permission in any_of):
        uow.refused(verb, any_of[0])
        raise NotPermitted(any_of[0])
