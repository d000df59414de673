"""How the open items stand: how old they are, how near their deadlines, and how that came about day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.looking import looked
from core.metrics.spans import Grain, by_age, stretch
from core.metrics.summing import CUTS
from core.permissions import Permission, requires
from core.queue.filters import Filter
from core.tables.work import MOVED, OPEN
from core.uow import UnitOfWork
from core.words import OPEN_STATUSES, REVIEWED_STATUSES, Priority, SlaState

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
AGES: tuple[tuple[str, timedelta, timedelta | None], ...] = (
    ("under 4 h", 0 * _HOUR, 4 * _HOUR),
    ("4 to 24 h", 4 * _HOUR, _DAY),
    ("1 to 3 days", _DAY, 3 * _DAY),
    ("3 to 7 days", 3 * _DAY, 7 * _DAY),
    ("7 to 30 days", 7 * _DAY, 30 * _DAY),
    ("30 days and more", 30 * _DAY, None),
)
"""How old an item can be: at least so old, and younger than so old."""
TIMES_LEFT: tuple[tuple[str, timedelta | None, timedelta | None], ...] = (
    ("more than 24 h late", None, -_DAY),
    ("up to 24 h late", -_DAY, 0 * _HOUR),
    ("due within 1 h", 0 * _HOUR, _HOUR),
    ("due within 4 h", _HOUR, 4 * _HOUR),
    ("due within 24 h", 4 * _HOUR, _DAY),
    ("due within 7 days", _DAY, 7 * _DAY),
    ("due later", 7 * _DAY, None),
)
"""How much time an item can have left: more than so much, and at most so much. What is due now is late."""


@dataclass(frozen=True)
class AgeClass:
    """The open items of one age: how many of each priority, how many late, and the filter that leads to them."""

    label: str
    items: int
    by_priority: Mapping[str, int]
    breached: int
    leads_to: Filter


@dataclass(frozen=True)
class TimeLeft:
    """The open items with so much time to their deadline; `leads_to` where a filter of the queue finds them."""

    label: str
    items: int
    by_priority: Mapping[str, int]
    leads_to: Filter | None


@dataclass(frozen=True)
class FlowState:
    """How many items stood in each open status at `at`, and how many had been decided since the chart began."""

    at: datetime
    by_status: Mapping[str, int]
    decided: int


_AGED = f"""
SELECT width_bucket(:now - created_at, CAST(:bounds AS interval[])) AS place, priority, count(*) AS items,
    count(*) FILTER (WHERE sla_deadline <= :now) AS breached
FROM work_items WHERE {OPEN} AND created_at <= :now GROUP BY 1, 2"""
_LEFT = f"""
SELECT CASE WHEN sla_deadline IS NULL THEN -1
    ELSE (SELECT count(*) FROM unnest(CAST(:bounds AS interval[])) b WHERE sla_deadline - :now > b) END AS place,
    priority, count(*) AS items
FROM work_items WHERE {OPEN} AND created_at <= :now GROUP BY 1, 2"""
_NOW = f"SELECT status, count(*) AS items FROM work_items WHERE {OPEN} GROUP BY status"
_MOVES = f"""
SELECT width_bucket(at, {CUTS}) AS slot, status_before, status_after, count(*) AS moves
FROM work_actions WHERE {MOVED} AND at >= :first GROUP BY 1, 2, 3"""
_STATE = f"SELECT (SELECT jsonb_agg(q) FROM ({_NOW}) q) AS standing, (SELECT jsonb_agg(q) FROM ({_MOVES}) q) AS moves"


@requires(Permission.OPS_READ, leaves="metrics.read")
def backlog_by_age(uow: UnitOfWork) -> tuple[AgeClass, ...]:
    """The open items by how long they have been there, the youngest first."""
    bounds = [younger for _, younger, _ in AGES]
    rows = uow.rows(_AGED, {"now": uow.now, "bounds": bounds})
    looked(uow, "metrics.read", "metrics", None, chart="backlog_by_age")
    counts, late = Counter[tuple[int, str]](), Counter[int]()
    for row in rows:
        counts[row.place - 1, row.priority] += row.items
        late[row.place - 1] += row.breached
    filters = by_age(AGES, uow.now)
    return tuple(
        AgeClass(label, sum(each.values()), each, late[place], filters[place])
        for place, (label, *_) in enumerate(AGES)
        for each in [_by_priority(counts, place)]
    )


@requires(Permission.OPS_READ, leaves="metrics.read")
def burn_down(uow: UnitOfWork) -> tuple[TimeLeft, ...]:
    """The open items by the time to their deadline, the latest first; those that have none at the end."""
    bounds = [most for _, _, most in TIMES_LEFT if most is not None]
    rows = uow.rows(_LEFT, {"now": uow.now, "bounds": bounds})
    looked(uow, "metrics.read", "metrics", None, chart="burn_down")
    counts = Counter[tuple[int, str]]()
    for row in rows:
        counts[row.place, row.priority] += row.items
    labels = [(place, label) for place, (label, *_) in enumerate(TIMES_LEFT)] + [(-1, "no deadline")]
    return tuple(
        TimeLeft(label, sum(each.values()), each, Filter(sla=SlaState.BREACHED) if place in {0, 1} else None)
        for place, label in labels
        for each in [_by_priority(counts, place)]
    )


@requires(Permission.OPS_READ, leaves="metrics.read")
def cumulative_flow(uow: UnitOfWork, days: int = 30, grain: Grain = "day") -> tuple[FlowState, ...]:
    """How many items stood in each status at the end of each piece. Raises Invalid for `days` or `grain`.

    Counted back from how things stand now, along every move of the history since.
    """
    shown = stretch(uow.now, days, grain)
    row = uow.execute(_STATE, {"cuts": shown.cuts, "first": shown.cuts[0]}).one()
    looked(uow, "metrics.read", "metrics", None, chart="cumulative_flow", days=days, grain=grain)
    standing = Counter({each["status"]: each["items"] for each in row.standing or []})
    moves: dict[int, Counter[str]] = {}
    for each in row.moves or []:
        change = moves.setdefault(each["slot"], Counter())
        change[each["status_after"]] += each["moves"]
        change[each["status_before"]] -= each["moves"]
    states: list[FlowState] = []
    for slot in range(len(shown.pieces), 0, -1):
        standing.subtract(moves.get(slot + 1, Counter()))
        by_status = {str(status): standing[status] for status in OPEN_STATUSES}
        decided = sum(moves[past][status] for past in moves if past <= slot for status in REVIEWED_STATUSES)
        states.append(FlowState(shown.pieces[slot - 1].until, by_status, decided))
    return tuple(reversed(states))


def _by_priority(counts: Mapping[tuple[int, str], int], place: int) -> dict[str, int]:
    return {str(priority): counts[place, priority] for priority in Priority}
