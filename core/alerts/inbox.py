"""The alerts that one principal may see: their own, their role's, their queues', everybody's; administrators' all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from core import cursors
from core.errors import Invalid, NotFound
from core.looking import looked
from core.permissions import Permission, requires
from core.uow import UnitOfWork
from core.words import AlertType, Severity

COUNTED = 1000
LARGEST_PAGE = 100
_LISTED = "alerts"

_QUEUES = "ARRAY(SELECT unnest(queues) FROM staff WHERE id = :me)"
_FOR_ALL = "a.staff_id IS NULL AND a.for_role IS NULL AND a.for_queue IS NULL"
_FOR_QUEUE = f"a.staff_id IS NULL AND a.for_role IS NULL AND a.for_queue = ANY({_QUEUES})"
_FOR_ONE = "a.staff_id = :me OR a.staff_id IS NULL AND a.for_role = :role"

LIVE = "a.resolved_at IS NULL AND (a.expires_at IS NULL OR a.expires_at > :now)"
UNREAD = "r.read_at IS NULL AND r.dismissed_at IS NULL"
_WITH_RECEIPT = "alerts a LEFT JOIN alert_receipts r ON r.alert_id = a.id AND r.staff_id = :me"


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts. `past` asks for those that are over or that the caller has dismissed, instead of the live ones;
    `mine` leaves an administrator only what is meant for them."""

    severity: str | None = None
    alert_type: str | None = None
    unread: bool = False
    past: bool = False
    mine: bool = False

    def told(self) -> dict[str, Any]:
        """What was asked for beyond the defaults, for the audit log."""
        return {
            each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default
        }


@dataclass(frozen=True)
class AlertRow:
    """One alert as its reader may see it. Moments are UTC; `read_at` and `dismissed_at` are the reader's own."""

    id: int
    alert_type: AlertType
    severity: Severity
    title: str
    message: str
    resource_type: str | None
    resource_id: str | None
    details: Mapping[str, Any]
    occurrences: int
    created_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    expires_at: datetime | None
    read_at: datetime | None
    dismissed_at: datetime | None

    @property
    def is_unread(self) -> bool:
        """Whether its reader has neither read nor dismissed it."""
        return self.read_at is None and self.dismissed_at is None

    @property
    def item_id(self) -> int | None:
        """The work item that it is about, where it is about one."""
        return int(self.resource_id) if self.resource_type == "work_item" and self.resource_id else None


@dataclass(frozen=True)
class AlertPage:
    """One page of alerts, newest first; `next_cursor` continues after the last one."""

    items: tuple[AlertRow, ...]
    has_more: bool
    next_cursor: str | None


@requires(Permission.ALERTS_READ, leaves=None)
def unread_count(uow: UnitOfWork) -> int:
    """How many live alerts the caller has neither read nor dismissed: exact up to 1,000, and 1,000 beyond."""
    where = " AND ".join([LIVE, UNREAD, visible(uow)])
    counted = f"SELECT count(*) FROM (SELECT 1 FROM {_WITH_RECEIPT} WHERE {where} LIMIT :most) c"
    return int(uow.execute(counted, {**reader(uow), "most": COUNTED}).scalar_one())


@requires(Permission.ALERTS_READ, leaves="alert.listed")
def alerts(
    uow: UnitOfWork, wanted: AlertFilter | None = None, *, limit: int = 20, cursor: str | None = None
) -> AlertPage:
    """One page of the caller's alerts, the last seen first. Raises Invalid naming the filter that cannot be used."""
    wanted = wanted or AlertFilter()
    if isinstance(limit, bool) or not 1 <= limit <= LARGEST_PAGE:
        raise Invalid("limit", f"lies between 1 and {LARGEST_PAGE}")
    where, values = _conditions(wanted, cursor)
    rows = uow.rows(
        f"SELECT {_COLUMNS} FROM {_WITH_RECEIPT} WHERE {' AND '.join([*where, visible(uow, mine=wanted.mine)])} "
        "ORDER BY a.last_seen_at DESC, a.id DESC LIMIT :most",
        {**reader(uow), **values, "most": limit + 1},
    )
    looked(uow, "alert.listed", "alert", None, **wanted.told())
    has_more = len(rows) > limit
    return AlertPage(
        tuple(_shown(uow, row) for row in rows[:limit]), has_more, _cursor(rows[limit - 1]) if has_more else None
    )


@requires(Permission.ALERTS_READ, leaves="alert.opened")
def alert(uow: UnitOfWork, alert_id: int) -> AlertRow:
    """One alert of the caller's, live or past. Raises NotFound."""
    row = uow.execute(
        f"SELECT {_COLUMNS} FROM {_WITH_RECEIPT} WHERE a.id = :id AND {visible(uow)}", {**reader(uow), "id": alert_id}
    ).one_or_none()
    if row is None:
        raise NotFound("alert", alert_id)
    looked(uow, "alert.opened", "alert", alert_id)
    return _shown(uow, row)


def visible(uow: UnitOfWork, *, mine: bool = False) -> str:
    """Which alerts (`a`) are for the caller, as SQL over what `reader` binds: each arm a range of one index.

    A queue's are for those who serve it and may work on its items; administrators see all unless only `mine`.
    """
    me = uow.principal
    if me.may(Permission.OPS_ADMIN) and not mine:
        return "true"
    queue = f" OR {_FOR_QUEUE}" if me.may(Permission.OPS_WRITE) else ""
    return f"({_FOR_ONE} OR {_FOR_ALL}{queue})"


def reader(uow: UnitOfWork) -> dict[str, Any]:
    """The values that `visible`, LIVE and the receipts' join name, for the caller."""
    return {"me": uow.principal.staff_id, "role": uow.principal.role, "now": uow.now}


_COLUMNS = ", ".join(
    f"{'r' if each.name in {'read_at', 'dismissed_at'} else 'a'}.{each.name}" for each in fields(AlertRow)
)


def _conditions(wanted: AlertFilter, cursor: str | None) -> tuple[list[str], dict[str, Any]]:
    standing = f"({LIVE} AND r.dismissed_at IS NULL)"
    where, values = [f"NOT {standing}" if wanted.past else standing], dict[str, Any]()
    for name, allowed in (("severity", Severity), ("alert_type", AlertType)):
        said = getattr(wanted, name)
        if said is not None and said not in set(allowed):
            raise Invalid(name, f"is one of {', '.join(allowed)}")
        if said is not None:
            where.append(f"a.{name} = :{name}")
            values[name] = said
    if wanted.unread:
        where.append(UNREAD)
    if cursor is not None:
        where.append("(a.last_seen_at, a.id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS bigint))")
        values["after_at"], values["after_id"] = cursors.read(cursor, _LISTED, cursors.moment, cursors.key)
    return where, values


def _cursor(row: Any) -> str:
    return cursors.written(_LISTED, row.last_seen_at, row.id)


def _shown(uow: UnitOfWork, row: Any) -> AlertRow:
    lens = uow.principal.lens
    told = dict(row._mapping)
    told |= {"alert_type": AlertType(row.alert_type), "severity": Severity(row.severity)}
    told |= {"title": lens.text(row.title), "message": lens.text(row.message), "details": lens.document(row.details)}
    return AlertRow(**told)
