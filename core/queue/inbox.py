"""The list of work: one page of the queue as one principal may see it, keyset-paged, with exact ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import cursors
from core.errors import Invalid
from core.looking import looked
from core.permissions import Permission, requires
from core.queue.filters import Conditions, Filter, conditions
from core.queue.priority import Part, told
from core.resolutions.declaring import item_type
from core.sla.clock import sla_state
from core.tables.work import OPEN, REVIEWED, SORT_KEYS
from core.uow import UnitOfWork
from core.words import Priority, Queue, SlaState, Status

COUNTED = 10_000
LARGEST_PAGE = 100
FURTHEST_SKIP = 10_000
_SORT_KINDS = {
    "priority_score": ("double precision", cursors.number),
    "created_at": ("timestamptz", cursors.moment),
    "confidence_score": ("double precision", cursors.number),
    "sla_deadline": ("timestamptz", cursors.moment_or_never),
}
_WHERE = {"open": OPEN, "reviewed": REVIEWED}
_COLUMNS = (
    "id, queue, item_type, resource_type, resource_id, title, reason, summary, priority, priority_score, score_parts, "
    "confidence_score, status, version, assigned_to, assigned_at, lease_expires_at, deferred_until, waiting_on, "
    "escalation_level, created_at, sla_deadline, at_risk_at, sla_paused, first_response_due_at, first_responded_at, "
    "resolved_at, resolved_by, resolution, occurrences, source, external_ref, customer_id, stake_amount, proposed_by"
)


@dataclass(frozen=True)
class QueueRow:
    """One item in the list. Texts and summary are as the principal may see them; moments are UTC."""

    id: int
    queue: Queue
    item_type: str
    type_label: str
    title: str
    reason: str
    priority: Priority
    priority_score: float
    score_parts: tuple[Part, ...]
    confidence_score: float
    status: Status
    version: int
    assigned_to: int | None
    holder: str | None
    escalation_level: int
    occurrences: int
    waiting_on: str | None
    deferred_until: datetime | None
    lease_expires_at: datetime | None
    created_at: datetime
    sla_deadline: datetime | None
    sla_state: SlaState
    first_response_due_at: datetime | None
    first_responded_at: datetime | None
    resolved_at: datetime | None
    resolved_by: int | None
    resolution: str | None
    resource_type: str | None
    resource_id: str | None
    source: str
    external_ref: str | None
    related: Mapping[str, Any]
    pii_redacted: bool
    proposed_by: int | None = None

    @property
    def is_reviewed(self) -> bool:
        """Whether it is decided."""
        return self.resolved_at is not None


@dataclass(frozen=True)
class Page:
    """One page of the queue. `total` is exact up to 10,000; `next_cursor` continues after the last row."""

    items: tuple[QueueRow, ...]
    total: int
    total_is_capped: bool
    has_more: bool
    next_cursor: str | None
    read_at: datetime


@requires(Permission.OPS_READ, leaves="queue.read")
def page(uow: UnitOfWork, wanted: Filter, *, limit: int = 20, skip: int = 0, cursor: str | None = None) -> Page:
    """One page of the items that `wanted` describes, best first, each tie by age and then by number.

    Raises Invalid naming the filter that cannot be used. The look is audited, with its filters.
    """
    _check_window(limit, skip)
    asked = conditions(wanted, uow.principal.staff_id, uow.now)
    rows = uow.rows(*_listing(asked, wanted, limit + 1, skip, cursor))
    total = uow.execute(*_counting(asked)).scalar_one()
    shown = tuple(row_of(uow, row) for row in rows[:limit])
    has_more = len(rows) > limit
    looked(uow, "queue.read", "queue", wanted.queue, pii=_shows_personal(uow, shown), **wanted.told())
    next_cursor = _cursor(rows[limit - 1], wanted) if has_more else None
    return Page(shown, min(total, COUNTED), total > COUNTED, has_more, next_cursor, uow.now)


@requires(Permission.OPS_READ, leaves=None)
def matching(uow: UnitOfWork, wanted: Filter, most: int) -> Sequence[Any]:
    """Number (`id`) and `version` of every item that `wanted` describes, in its order; nothing of what they say.

    Raises Invalid when there are more than `most`, or naming the filter that cannot be used.
    """
    asked = conditions(wanted, uow.principal.staff_id, uow.now)
    found = uow.rows(*_listing(asked, wanted, most + 1, columns="id, version, assigned_to, created_at"))
    if len(found) > most:
        raise Invalid("filter", f"describes more than {most:,} items; narrow it")
    return found


def _shows_personal(uow: UnitOfWork, rows: Sequence[QueueRow]) -> bool:
    return uow.principal.lens.clear and any(row.related for row in rows)


def _check_window(limit: int, skip: int) -> None:
    if isinstance(limit, bool) or not 1 <= limit <= LARGEST_PAGE:
        raise Invalid("limit", f"lies between 1 and {LARGEST_PAGE}")
    if isinstance(skip, bool) or not 0 <= skip <= FURTHEST_SKIP:
        raise Invalid("skip", f"lies between 0 and {FURTHEST_SKIP:,}; use the cursor to go further")


def _listing(
    asked: Conditions, wanted: Filter, limit: int, skip: int = 0, cursor: str | None = None, columns: str = _COLUMNS
) -> tuple[str, dict[str, Any]]:
    """Each part (open, reviewed) comes sorted from its own index; the parts are merged."""
    sort_key = SORT_KEYS[wanted.sort_by]
    after, values = _after(wanted, cursor)
    direction = _direction(wanted)
    order = f"sort_key {direction}, created_at, id" if wanted.sort_by != "created_at" else f"created_at {direction}, id"
    selects = [
        f"(SELECT {columns}, ({sort_key}) AS sort_key FROM work_items WHERE "
        + " AND ".join([_WHERE[part], *asked.where, *after])
        + f" ORDER BY {order.replace('sort_key', f'({sort_key})')} LIMIT {limit + skip})"
        for part in asked.parts
    ]
    parts = f"SELECT * FROM ({' UNION ALL '.join(selects)}) parts ORDER BY {order} LIMIT {limit} OFFSET {skip}"
    named = f"SELECT page.*, h.full_name AS holder FROM ({parts}) page LEFT JOIN staff h ON h.id = page.assigned_to"
    return f"{named} ORDER BY {order}", {**asked.values, **values}


def _direction(wanted: Filter) -> str:
    """The score's sort key is its negative, so its direction is turned round."""
    descending = wanted.sort_order == "desc"
    return "ASC" if descending == (wanted.sort_by == "priority_score") else "DESC"


def _after(wanted: Filter, cursor: str | None) -> tuple[list[str], dict[str, Any]]:
    """The condition that skips what the cursor's page and those before it have shown."""
    if cursor is None:
        return [], {}
    kind, read = _SORT_KINDS[wanted.sort_by]
    key, created_at, number = cursors.read(cursor, _listed(wanted), read, cursors.moment, cursors.key)
    values = {"after_key": key, "after_at": created_at, "after_id": number}
    column = f"({SORT_KEYS[wanted.sort_by]})"
    bound = f"CAST(:after_key AS {kind})"
    tie = "(created_at, id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS bigint))"
    if wanted.sort_by == "created_at":
        sign = "<" if _direction(wanted) == "DESC" else ">"
        tie = f"(created_at {sign} {bound} OR created_at = {bound} AND id > :after_id)"
        return [f"created_at {sign}= {bound}", tie], values
    if _direction(wanted) == "ASC":
        return [f"({column}, created_at, id) > ({bound}, CAST(:after_at AS timestamptz), :after_id)"], values
    return [f"{column} <= {bound}", f"({column} < {bound} OR {tie})"], values


def _cursor(row: Any, wanted: Filter) -> str:
    has_none = wanted.sort_by == "sla_deadline" and row.sla_deadline is None
    key = cursors.NEVER if has_none else row.sort_key
    return cursors.written(_listed(wanted), key, row.created_at, row.id)


def _listed(wanted: Filter) -> str:
    return f"queue by {wanted.sort_by} {wanted.sort_order}"


def _counting(asked: Conditions) -> tuple[str, dict[str, Any]]:
    """How many there are, counted no further than one past what is told exactly."""
    selects = [
        f"(SELECT 1 FROM work_items WHERE {' AND '.join([_WHERE[part], *asked.where])} LIMIT {COUNTED + 1})"
        for part in asked.parts
    ]
    return (
        f"SELECT count(*) FROM (SELECT * FROM ({' UNION ALL '.join(selects)}) parts LIMIT {COUNTED + 1}) counted",
        dict(asked.values),
    )


def row_of(uow: UnitOfWork, row: Any) -> QueueRow:
    """A row of `work_items` (with the holder's name) as the principal may see it."""
    lens = uow.principal.lens
    deadline = row.sla_deadline
    until = row.resolved_at or uow.now
    return QueueRow(
        id=row.id,
        queue=Queue(row.queue),
        item_type=row.item_type,
        type_label=item_type(row.item_type).label,
        title=lens.text(row.title) or "",
        reason=lens.text(row.reason) or "",
        priority=Priority(row.priority),
        priority_score=row.priority_score,
        score_parts=told(row.score_parts, row, uow.now),
        confidence_score=row.confidence_score,
        status=Status(row.status),
        version=row.version,
        assigned_to=row.assigned_to,
        holder=row.holder,
        escalation_level=row.escalation_level,
        occurrences=row.occurrences,
        waiting_on=row.waiting_on,
        deferred_until=row.deferred_until,
        lease_expires_at=row.lease_expires_at,
        created_at=row.created_at,
        sla_deadline=deadline,
        sla_state=sla_state(deadline, row.at_risk_at, until, paused=row.sla_paused),
        first_response_due_at=row.first_response_due_at,
        first_responded_at=row.first_responded_at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        resolution=row.resolution,
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        source=row.source,
        external_ref=row.external_ref,
        related=lens.document(row.summary),
        pii_redacted=not lens.clear,
        proposed_by=row.proposed_by,
    )
