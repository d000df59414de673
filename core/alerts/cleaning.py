"""Taking away alerts that nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from core import config
from core.permissions import Permission, requires
from core.uow import UnitOfWork

BATCH = 1000
_CLEAN = """
WITH old AS (
    SELECT id AS old_id FROM alerts a
    WHERE (expires_at <= :now OR greatest(last_seen_at, resolved_at) <= :before)
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.alert_id = a.id)
    ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
), receipts AS (
    DELETE FROM alert_receipts USING old WHERE alert_id = old_id
)
SELECT old_id FROM old"""


@requires(Permission.OPS_ADMIN, leaves="alert.cleaned")
def cleanup_alerts(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Remove alerts that have expired, or were last seen longer ago than ALERT_RETENTION_DAYS: one batch.

    Returns how many; call again while it is `limit`.
    """
    before = uow.now - timedelta(days=config.number("ALERT_RETENTION_DAYS"))
    old = [row.old_id for row in uow.rows(_CLEAN, {"now": uow.now, "before": before, "limit": limit})]
    uow.execute("DELETE FROM alerts WHERE id = ANY(:ids)", {"ids": old})
    uow.record("alert.cleaned", "alert", None, count=len(old))
    return len(old)
