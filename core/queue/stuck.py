"""Items that get nowhere: too old, waiting too long for an answer, or going from hand to hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core import config
from core.permissions import Permission, requires
from core.spans import format_span
from core.tables.work import HANDED_ON, OPEN
from core.uow import UnitOfWork

BOUNCING_DAYS = 7


@dataclass(frozen=True)
class Stuck:
    """An open item that gets nowhere, and why, each reason in words."""

    item_id: int
    reasons: tuple[str, ...]


@requires(Permission.OPS_READ, leaves=None)
def stuck(uow: UnitOfWork, ids: Sequence[int] | None = None, limit: int = 100) -> list[Stuck]:
    """The open items that are stuck, longest first; with `ids`, those among them.

    An item is stuck for each of these reasons: it has been open, or has waited for one answer, for longer than the
    settings allow; or it left people's hands undecided too often within a week. At most `limit` for each reason.
    """
    found: dict[int, list[str]] = {}
    for row in uow.rows(
        _QUESTION.format(among="true" if ids is None else "i.id = ANY(:ids)"), _values(uow, ids, limit)
    ):
        found.setdefault(row.id, []).append(_reason(uow, row))
    return [Stuck(item, tuple(reasons)) for item, reasons in found.items()]


def _values(uow: UnitOfWork, ids: Sequence[int] | None, limit: int) -> dict[str, Any]:
    return {
        "ids": list(ids or ()),
        "limit": limit,
        "old": uow.now - timedelta(days=config.number("STUCK_OPEN_DAYS")),
        "waiting": uow.now - timedelta(days=config.number("STUCK_WAITING_DAYS")),
        "week": uow.now - timedelta(days=BOUNCING_DAYS),
        "times": config.number("STUCK_HANDOVERS"),
    }


def _reason(uow: UnitOfWork, row: Any) -> str:
    if row.because == "bounced":
        return f"left people's hands undecided {row.times} times in {BOUNCING_DAYS} days"
    span = format_span(uow.now - row.since)
    return f"open for {span}" if row.because == "old" else f"waiting on the {row.waiting_on} for {span}"


# An item reopened is young again. One that came back from waiting waits anew, from the last time it was set aside.
_QUESTION = f"""
(SELECT i.id, 'old' AS because, i.sla_started_at AS since, 0 AS times, i.waiting_on FROM work_items i
 WHERE i.{OPEN} AND i.created_at <= :old AND i.sla_started_at <= :old AND {{among}}
 ORDER BY i.created_at, i.id LIMIT :limit)
UNION ALL
(SELECT i.id, 'waiting', aside.at, 0, i.waiting_on FROM work_items i
 CROSS JOIN LATERAL (SELECT at FROM work_actions a WHERE a.item_id = i.id AND a.kind = 'WAIT'
   ORDER BY a.id DESC LIMIT 1) aside
 WHERE i.status = 'waiting' AND i.created_at <= :waiting AND aside.at <= :waiting AND {{among}}
 ORDER BY aside.at, i.id LIMIT :limit)
UNION ALL
(SELECT i.id, 'bounced', min(a.at), count(*), i.waiting_on FROM work_actions a JOIN work_items i ON i.id = a.item_id
 WHERE ({HANDED_ON}) AND a.at > :week
   AND i.{OPEN} AND {{among}}
 GROUP BY i.id HAVING count(*) >= :times ORDER BY min(a.at), i.id LIMIT :limit)
ORDER BY since, id, because
"""
