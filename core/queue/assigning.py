"""Putting items into somebody's hands: a manager assigns, or takes over."""

from __future__ import annotations

from core.errors import Invalid, NotFound
from core.permissions import MANAGES, Role, requires
from core.queue import moves
from core.queue.lifecycle import Moved, move, these
from core.queue.refusals import expect
from core.uow import UnitOfWork

MAY_HOLD = (Role.REVIEWER, Role.SENIOR_REVIEWER, Role.MANAGER, Role.ADMIN)


@requires(MANAGES, leaves="item.assigned")
def assign(uow: UnitOfWork, item_id: int, staff_id: int, version: int | None = None) -> Moved:
    """Put an item into a person's hands. Raises Invalid when they cannot hold items, Conflict when it cannot move."""
    _require_able(uow, staff_id)
    payload = {"assignee": staff_id}
    moved = move(uow, moves.ASSIGN, these([item_id], version), payload=payload, assignee=staff_id)
    return expect(uow, moved, item_id, moves.ASSIGN, version)


@requires(MANAGES, leaves="item.assigned")
def take_over(uow: UnitOfWork, item_id: int, version: int | None = None) -> Moved:
    """Take an item out of another's hands into one's own."""
    if uow.principal.staff_id is None:
        raise Invalid("principal", "only a member of staff can hold an item")
    return assign(uow, item_id, uow.principal.staff_id, version)


def _require_able(uow: UnitOfWork, staff_id: int) -> None:
    row = uow.execute("SELECT full_name, role, is_active FROM staff WHERE id = :id", {"id": staff_id}).one_or_none()
    if row is None:
        raise NotFound("member of staff", staff_id)
    if not row.is_active or row.role not in MAY_HOLD:
        raise Invalid("assignee", f"{row.full_name} cannot hold items")
