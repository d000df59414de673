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
_AGAIN = "greatest(r.snoozed_until, r.acknowledged_until)"
UNREAD = f"r.dismissed_at IS NULL AND (r.read_at IS NULL OR r.read_at < {_AGAIN} AND {_AGAIN} <= :now)"
"""What its reader has not read, or not since it became loud again: after a snooze, or an acknowledgement ran out."""
WITH_RECEIPT = "alerts a LEFT JOIN alert_receipts r ON r.alert_id = a.id AND r.staff_id = :me"


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts. `past` asks for those that are over or that the caller has dismissed, `snoozed` for those put off,
    instead of the live ones; `mine` leaves an administrator only what is meant for them."""

    severity: str | None = None
    alert_type: str | None = None
    unread: bool = False
    past: bool = False
    snoozed: bool = False
    mine: bool = False

    def told(self) -> dict[str, Any]:
        """What was asked for beyond the defaults, for the audit log."""
        return {
            each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default
        }


@dataclass(frozen=True)
class AlertRow:
    """One alert as its reader may see it. Moments are UTC; those from `read_at` on are the reader's own.

    `is_unread` holds until its reader has read or dismissed it, and again once a snooze or acknowledgement is over.
    A `silent` one was raised within planned maintenance.
    """

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
    rule_id: int | None
    silent: bool
    is_unread: bool
    read_at: datetime | None
    dismissed_at: datetime | None
    snoozed_until: datetime | None
    acknowledged_until: datetime | None

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


@dataclass(frozen=True)
class Bell:
    """What the frame around every page tells: how many are unread, and the critical ones that came after a moment.

    `at` is the moment of the question: the next one asks for what came after it.
    """

    unread: int
    loud: tuple[str, ...]
    at: datetime


@requires(Permission.ALERTS_READ, leaves=None)
def unread_count(uow: UnitOfWork) -> int:
    """How many live alerts the caller has neither read nor dismissed: exact up to 1,000, and 1,000 beyond."""
    return bell(uow).unread


@requires(Permission.ALERTS_READ, leaves=None)
def bell(uow: UnitOfWork, since: datetime | None = None) -> Bell:
    """The caller's unread count, and the titles of at most 5 critical ones that became loud after `since`, in one
    question. Those of planned maintenance make no sound."""
    row = uow.execute(
        _BELL.format(where=" AND ".join([LIVE, f"({UNREAD})", visible(uow)])),
        {**reader(uow), "most": COUNTED, "since": since},
    ).one()
    if row.loud:
        looked(uow, "alert.announced", "alert", None, ids=[each["id"] for each in row.loud])
    return Bell(row.unread, tuple(uow.principal.lens.text(each["title"]) or "" for each in row.loud or ()), uow.now)


_BELL = f"""
WITH unread AS (
    SELECT a.id, a.title, a.loud_at,
        a.severity = 'critical' AND NOT a.silent AND a.loud_at > CAST(:since AS timestamptz) AS rings
    FROM {WITH_RECEIPT} WHERE {{where}} LIMIT :most
)
SELECT count(*) AS unread, (
    SELECT jsonb_agg(jsonb_build_object('id', id, 'title', title) ORDER BY loud_at)
    FROM (SELECT * FROM unread WHERE rings ORDER BY loud_at DESC LIMIT 5) AS newest) AS loud
FROM unread"""


@requires(Permission.ALERTS_READ, leaves="alert.listed")
def alerts(
    uow: UnitOfWork, wanted: AlertFilter | None = None, *, limit: int = 20, cursor: str | None = None
) -> AlertPage:
    """One page of the caller's alerts, the last seen first. Raises Invalid naming the filter that cannot be used."""
    wanted = wanted or AlertFilter()
    if isinstance(limit, bool) or not 1 <= limit <= LARGEST_PAGE:
        raise Invalid("limit", f"lies between 1 and {LARGEST_PAGE}")
    where, values = conditions(wanted, cursor)
    rows = uow.rows(
        f"SELECT {_COLUMNS} FROM {WITH_RECEIPT} WHERE {' AND '.join([*where, visible(uow, mine=wanted.mine)])} "
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
        f"SELECT {_COLUMNS} FROM {WITH_RECEIPT} WHERE a.id = :id AND {visible(uow)}", {**reader(uow), "id": alert_id}
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


_OWN = {"read_at", "dismissed_at", "snoozed_until", "acknowledged_until"}
_COLUMNS = ", ".join(
    f"({UNREAD}) AS is_unread" if each.name == "is_unread" else f"{'r' if each.name in _OWN else 'a'}.{each.name}"
    for each in fields(AlertRow)
)
_STANDING = f"{LIVE} AND r.dismissed_at IS NULL"
_SNOOZED = "coalesce(r.snoozed_until > :now, false)"


def _state(wanted: AlertFilter) -> str:
    if wanted.past:
        return f"NOT ({_STANDING})"
    return f"{_STANDING} AND {'' if wanted.snoozed else 'NOT '}{_SNOOZED}"


def conditions(wanted: AlertFilter, cursor: str | None = None) -> tuple[list[str], dict[str, Any]]:
    """A filter as SQL over WITH_RECEIPT, and the values it binds beside those of `reader`. Raises Invalid."""
    where, values = [_state(wanted)], dict[str, Any]()
    for name, allowed in (("severity", Severity), ("alert_type", AlertType)):
        said = getattr(wanted, name)
        if said is not None and said not in set(allowed):
            raise Invalid(name, f"is one of {', '.join(allowed)}")
        if said is not None:
            where.append(f"a.{name} = :{name}")
            values[name] = said
    if wanted.unread:
        where.append(f"({UNREAD})")
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
