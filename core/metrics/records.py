"""Records of how deep the queue is: one a minute, for logs, for other programs, and for a chart of the past."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core import config
from core.looking import looked
from core.metrics.cycles import Period
from core.permissions import Permission, requires
from core.tables.work import OPEN
from core.uow import UnitOfWork
from core.words import Priority

NAME = "manual_resolution_queue_depth"
_STANDING = f"""
SELECT priority, count(*) AS items, min(created_at) AS oldest_at, count(*) FILTER (WHERE sla_deadline <= :now) AS late
FROM work_items WHERE {OPEN} AND created_at <= :now GROUP BY priority"""


@dataclass(frozen=True)
class QueueRecord:
    """How the queue stood at one moment."""

    at: datetime
    total_pending: int
    by_priority: Mapping[str, int]
    oldest_item_hours: float | None
    items_breaching_sla: int

    def told(self) -> dict[str, Any]:
        """As other programs rely on it."""
        return {
            "metric": NAME,
            "total_pending": self.total_pending,
            "by_priority": dict(self.by_priority),
            "oldest_item_hours": self.oldest_item_hours,
            "items_breaching_sla": self.items_breaching_sla,
            "timestamp": self.at.isoformat(),
        }


@requires(Permission.OPS_ADMIN, leaves=None)
def emit(uow: UnitOfWork) -> QueueRecord:
    """Measure the queue as it stands, and keep the record."""
    found = {row.priority: row for row in uow.rows(_STANDING, {"now": uow.now})}
    oldest = min((row.oldest_at for row in found.values()), default=None)
    record = QueueRecord(
        at=uow.now,
        total_pending=sum(row.items for row in found.values()),
        by_priority={str(each): found[each].items if each in found else 0 for each in Priority},
        oldest_item_hours=None if oldest is None else round((uow.now - oldest) / timedelta(hours=1), 2),
        items_breaching_sla=sum(row.late for row in found.values()),
    )
    with uow.housekeeping():  # a measurement is nobody's deed
        kept = {"at": record.at, "record": json.dumps(record.told())}
        uow.execute("INSERT INTO metric_records (at, record) VALUES (:at, CAST(:record AS jsonb))", kept)
    return record


@requires(Permission.OPS_READ, leaves="metrics.records_read")
def records(uow: UnitOfWork, period: Period, most: int = 500) -> tuple[QueueRecord, ...]:
    """The records of a period, oldest first; of a long one every so many, so that there are about `most` at most."""
    looked(uow, "metrics.records_read", "metrics", None, since=period.since, until=period.until)
    return tuple(_record(row) for row in uow.rows(_RECORDS, {**vars(period), "most": most}))


_RECORDS = """
SELECT at, record FROM (
    SELECT at, record, row_number() OVER (ORDER BY at, id) - 1 AS place, count(*) OVER () AS number
    FROM metric_records WHERE at >= :since AND at < :until) r
WHERE place % ((number + :most - 1) / :most) = 0 ORDER BY at"""


def _record(row: Any) -> QueueRecord:
    told = {name: value for name, value in row.record.items() if name not in {"metric", "timestamp"}}
    return QueueRecord(row.at, **told)


@requires(Permission.OPS_ADMIN, leaves=None)
def forget_records(uow: UnitOfWork, limit: int = 5000) -> int:
    """Remove records older than METRIC_RECORD_DAYS: one batch. Returns how many; call again while it is `limit`."""
    before = uow.now - timedelta(days=config.number("METRIC_RECORD_DAYS"))
    with uow.housekeeping():
        return uow.execute(
            "DELETE FROM metric_records WHERE id IN (SELECT id FROM metric_records WHERE at < :before LIMIT :limit)",
            {"before": before, "limit": limit},
        ).rowcount
