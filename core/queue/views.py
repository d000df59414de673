"""Saved views: a person's own named filters of the queue, and those that managers share with everybody."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import NotFound, NotPermitted
from core.permissions import MANAGES, Permission, requires
from core.queue.filters import Filter, conditions
from core.text import checked_text
from core.uow import UnitOfWork

NAME_LENGTH = 80


@dataclass(frozen=True)
class View:
    """A named filter. `mine` tells who may change it; `owner` who made it."""

    id: int
    name: str
    wanted: Filter
    shared: bool
    mine: bool
    owner: str


_LISTED = (
    "SELECT v.id, v.name, v.filters, v.shared, v.staff_id = :me AS mine, s.full_name AS owner "
    "FROM saved_views v JOIN staff s ON s.id = v.staff_id WHERE v.staff_id = :me OR v.shared "
    "ORDER BY mine DESC, lower(v.name), v.id"
)


@requires(Permission.OPS_READ, leaves="view.saved")
def save(uow: UnitOfWork, name: str, wanted: Filter, *, shared: bool = False) -> int:
    """Keep a filter under a name; one's own view of that name is replaced. Managers may share theirs.

    Returns its number. Raises Invalid naming the filter that cannot be used, NotPermitted.
    """
    called = checked_text("name", name, NAME_LENGTH)
    conditions(wanted, _me(uow), uow.now)
    if shared and not uow.principal.may(MANAGES):
        raise NotPermitted(MANAGES, "Only managers share views.")
    number = int(
        uow.execute(
            "INSERT INTO saved_views (staff_id, name, shared, filters) VALUES (:me, :name, :shared, "
            "CAST(:filters AS jsonb)) ON CONFLICT (staff_id, name) DO UPDATE SET shared = excluded.shared, "
            "filters = excluded.filters RETURNING id",
            {"me": _me(uow), "name": called, "shared": shared, "filters": wanted.kept()},
        ).scalar_one()
    )
    uow.record("view.saved", "saved_view", number, shared=shared, filters=sorted(wanted.told()))
    return number


@requires(Permission.OPS_READ, leaves=None)
def views(uow: UnitOfWork) -> list[View]:
    """One's own views, then those that others share."""
    rows = uow.rows(_LISTED, {"me": uow.principal.staff_id})
    return [View(row.id, row.name, Filter.restored(row.filters), row.shared, bool(row.mine), row.owner) for row in rows]


@requires(Permission.OPS_READ, leaves="view.deleted")
def delete(uow: UnitOfWork, view_id: int) -> None:
    """Take a view away: one's own, or as a manager a shared one. Raises NotFound, NotPermitted."""
    found = next((view for view in views(uow) if view.id == view_id), None)
    if found is None:
        raise NotFound("view", view_id)
    if not found.mine and not uow.principal.may(MANAGES):
        raise NotPermitted(MANAGES, f"This view is {found.owner}'s: only they or a manager can take it away.")
    uow.execute("DELETE FROM saved_views WHERE id = :id", {"id": view_id})
    uow.record("view.deleted", "saved_view", view_id)


def _me(uow: UnitOfWork) -> int:
    if uow.principal.staff_id is None:
        raise NotPermitted(Permission.OPS_READ, "Only a member of staff has views.")
    return uow.principal.staff_id
