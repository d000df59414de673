"""Raising the level of an item: by hand here, by the clock in `core.sla.watching`."""

from __future__ import annotations

from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.permissions import Permission, Role, requires
from core.queue import moves
from core.queue.lifecycle import Moved, Picks, move, these
from core.queue.refusals import expect
from core.resolutions.declaring import item_type
from core.text import checked_text
from core.uow import UnitOfWork
from core.words import AlertType, Priority, Severity


@requires(Permission.OPS_WRITE, leaves="item.escalated")
def escalate(uow: UnitOfWork, item_id: int, reason: str, to: str | None = None, version: int | None = None) -> Moved:
    """Raise an open item's level by one, with the reason; its status and its holder stay. The managers are told."""
    moved = escalate_all(uow, these([item_id], version), reason, to)
    return expect(uow, moved, item_id, moves.ESCALATE, version)


@requires(Permission.OPS_WRITE, leaves=None)
def escalate_all(uow: UnitOfWork, picks: Picks, reason: str, to: str | None = None) -> list[Moved]:
    """Raise the level of the items picked by one; those that are decided are not in the answer. Raises Invalid."""
    payload = {"reason": checked_text("reason", reason, 2000)} | ({"to": to} if to else {})
    moved = move(uow, moves.ESCALATE, picks, payload=payload)
    raise_alerts(uow, [_escalated(uow, item, to) for item in moved])
    return moved


def _escalated(uow: UnitOfWork, item: Moved, to: str | None) -> NewAlert:
    return NewAlert(
        AlertType.ESCALATED_ITEM,
        Severity.CRITICAL if item.priority is Priority.CRITICAL else Severity.WARNING,
        f"{item_type(item.item_type).label} #{item.id} was escalated" + (f" to {to}" if to else ""),
        f"By {uow.principal.name}, who says why in its history.",
        f"escalated_item|work_item|{item.id}",
        Audience(role=Role.MANAGER),
        resource=("work_item", item.id),
        details={"item_id": item.id},
    )
