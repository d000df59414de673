"""Broadcasts: what somebody has to say to everybody, a role or a queue's people, and who has read it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.errors import Invalid, NotFound
from core.permissions import Permission, requires
from core.text import checked_text
from core.uow import UnitOfWork
from core.words import AlertType, Severity

TITLE_LENGTH = 120
MESSAGE_LENGTH = 2_000
LONGEST = timedelta(days=90)


@requires(Permission.ALERTS_BROADCAST, leaves="alert.broadcast")
def broadcast(
    uow: UnitOfWork,
    title: str,
    message: str,
    audience: Audience,
    expires_at: datetime,
    *,
    severity: Severity = Severity.INFO,
) -> int:
    """Say something to many: each reads and dismisses it for themselves, and it goes by itself when it expires.

    Returns the alert's number. Raises Invalid naming the field.
    """
    if not uow.now < expires_at <= uow.now + LONGEST:
        raise Invalid("expires_at", f"lies within the next {LONGEST.days} days")
    new = NewAlert(
        AlertType.BROADCAST,
        severity,
        checked_text("title", title, TITLE_LENGTH),
        checked_text("message", message, MESSAGE_LENGTH),
        f"broadcast|{uuid.uuid4()}",
        audience,
        details={"by": uow.principal.full_name or uow.principal.name},
        expires_at=expires_at,
    )
    [raised] = raise_alerts(uow, [new])
    uow.record(
        "alert.broadcast",
        "alert",
        raised.id,
        severity=severity,
        role=audience.role,
        queue=audience.queue,
        staff_id=audience.staff_id,
        expires_at=expires_at.isoformat(),
    )
    return raised.id


@dataclass(frozen=True)
class Receipt:
    """One person whom a broadcast is for: when they read it (UTC), or None when they have not yet."""

    full_name: str
    read_at: datetime | None


_RECEIPTS = """
SELECT s.full_name, coalesce(r.read_at, r.dismissed_at) AS read_at
FROM alerts a JOIN staff s ON s.is_active AND (
        s.id = a.staff_id
        OR a.staff_id IS NULL AND (a.for_role IS NULL OR s.role = a.for_role)
            AND (a.for_queue IS NULL OR a.for_queue = ANY(s.queues)))
    LEFT JOIN alert_receipts r ON r.alert_id = a.id AND r.staff_id = s.id
WHERE a.id = :id AND a.alert_type = 'broadcast' ORDER BY s.full_name, s.id"""


@requires(Permission.ALERTS_BROADCAST, leaves="alert.receipts_listed")
def receipts(uow: UnitOfWork, alert_id: int) -> Sequence[Receipt]:
    """Whom a broadcast is for among those who can sign in, and who of them has read it. Raises NotFound."""
    rows = uow.rows(_RECEIPTS, {"id": alert_id})
    if not rows:
        raise NotFound("broadcast", alert_id)
    uow.record("alert.receipts_listed", "alert", alert_id)
    return [Receipt(row.full_name, row.read_at) for row in rows]
