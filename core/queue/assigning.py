"""Putting items into somebody's hands: a manager assigns, or takes over."""

from __future__ import annotations

from core.errors import Invalid, NotFound
from core.permissions import MANAGES, Role, requires
from core.queue import moves
from core.queue.lifecycle import Moved, Picks, move, these
from core.queue.refusals import expect
from core.uow import UnitOfWork

MAY_HOLD = (Role.REVIEWER, Role.SENIOR_REVIEWER, Role.MANAGER, Role.ADMIN)


@requires(MANAGES, leaves="item.assigned")
def assign(uow: UnitOfWork, item_id: int, staff_id: int, version: int | None = None) -> Moved:
    """Put an item into a person's hands. Raises Invalid when they cannot hold items, Conflict when it cannot move."""
    return expect(uow, assign_all(uow, these([item_id], version), staff_id), item_id, moves.ASSIGN, version)


@requires(MANAGES, leaves=None)
def assign_all(uow: UnitOfWork, picks: Picks, staff_id: int) -> list[Moved]:
    """Put the items picked into a person's hands; those that cannot move are not in the answer. Raises Invalid."""
    _require_able(uow, staff_id)
    return move(uow, moves.ASSIGN, picks, payload={"assignee": staff_id}, assignee=staff_id)


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
