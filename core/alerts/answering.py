"""What people do with alerts: read them and put them away, each for themselves alone."""

from __future__ import annotations

from core.alerts.inbox import LIVE, reader, visible
from core.errors import Invalid, NotFound
from core.permissions import Permission, requires
from core.uow import UnitOfWork

_ANSWER = """
INSERT INTO alert_receipts (alert_id, staff_id, {column})
SELECT a.id, :me, :now FROM alerts a WHERE {where} AND {visible} ORDER BY a.id
ON CONFLICT (alert_id, staff_id) DO UPDATE SET {column} = excluded.{column} WHERE alert_receipts.{column} IS NULL"""


@requires(Permission.ALERTS_READ, leaves="alert.read")
def mark_read(uow: UnitOfWork, alert_id: int) -> None:
    """Note that the caller has read this alert; for the others it stays as it was. Raises NotFound."""
    _answer_one(uow, alert_id, "read_at")
    uow.record("alert.read", "alert", alert_id)


@requires(Permission.ALERTS_READ, leaves="alert.dismissed")
def dismiss(uow: UnitOfWork, alert_id: int) -> None:
    """Put this alert away for the caller alone. Raises NotFound."""
    _answer_one(uow, alert_id, "dismissed_at")
    uow.record("alert.dismissed", "alert", alert_id)


@requires(Permission.ALERTS_READ, leaves="alert.all_read")
def mark_all_read(uow: UnitOfWork) -> int:
    """Note that the caller has read every live alert of theirs; returns how many were unread."""
    count = _answer(
        uow,
        "read_at",
        f"{LIVE} AND NOT EXISTS (SELECT 1 FROM alert_receipts r "
        "WHERE r.alert_id = a.id AND r.staff_id = :me AND r.read_at IS NOT NULL)",
    )
    uow.record("alert.all_read", "alert", None, count=count)
    return count


def _answer_one(uow: UnitOfWork, alert_id: int, column: str) -> None:
    known = uow.execute(
        f"SELECT 1 FROM alerts a WHERE a.id = :id AND {visible(uow)}", {**reader(uow), "id": alert_id}
    ).one_or_none()
    if known is None:
        raise NotFound("alert", alert_id)
    _answer(uow, column, "a.id = :id", id=alert_id)


def _answer(uow: UnitOfWork, column: str, where: str, **values: object) -> int:
    if uow.principal.staff_id is None:
        raise Invalid("principal", "only a member of staff has alerts to answer")
    statement = _ANSWER.format(column=column, where=where, visible=visible(uow))
    return uow.execute(statement, {**reader(uow), **values}).rowcount
