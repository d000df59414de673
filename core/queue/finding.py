"""Finding a customer's open items by what identifies them: for those who may see it, exactly, and on record."""

from __future__ import annotations

from core import findable, marking
from core.errors import Invalid, Unavailable
from core.permissions import Permission, requires
from core.queue.inbox import QueueRow, row_of
from core.queue.viewing import ITEMS
from core.tables.work import OPEN
from core.uow import UnitOfWork

MOST = 100
_FIELDS = marking.MARKED["customers"]


@requires(Permission.OPS_FULL_ACCESS, leaves="customer.searched")
def items_of_customer(uow: UnitOfWork, field: str, value: str) -> tuple[QueueRow, ...]:
    """The open items of the customers whose `field`, "email" or "mobile", is exactly `value`: best first, at most 100.

    The trail holds a keyed hash of what was searched for, by which the searches for one person can be found, and never
    the value. Raises Invalid; NotPermitted without `ops.full_access`, whether or not there is such a customer;
    Unavailable while there are customers that could not be found.
    """
    sought = _checked(field, value)
    _require_findable(uow)
    rows = uow.rows(
        f"{ITEMS} WHERE i.customer_id IN (SELECT id FROM customers WHERE {field}_hash = :mark) AND i.{OPEN} "
        f"ORDER BY i.priority_score DESC, i.created_at, i.id LIMIT {MOST}",
        {"mark": marking.mark(field, sought)},
    )
    uow.record(
        "customer.searched",
        "customer",
        None,
        pii=True,
        field=field,
        sought=mark(field, sought),
        items=[row.id for row in rows],
    )
    return tuple(row_of(uow, row) for row in rows)


def mark(field: str, value: str) -> str:
    """The keyed hash under which a search for this value is in the trail."""
    return marking.digest(field, _checked(field, value)).hex()


def _require_findable(uow: UnitOfWork) -> None:
    """Raise Unavailable where an answer of nothing would mean nothing."""
    stands = findable.standing(uow)
    if stands.other_key:
        raise Unavailable("The search key was changed: run `python -m jobs remark-customers`, then search again.")
    if stands.unmarked:
        raise Unavailable("Customers are still being made ready for the search. Try again in some minutes.")


def _checked(field: str, value: str) -> str:
    if field not in _FIELDS:
        raise Invalid("field", f"is one of {', '.join(_FIELDS)}")
    sought = marking.plain(field, value)
    if not 3 <= len(sought) <= 320 or not sought.isprintable():
        raise Invalid(field, "is the whole of an e-mail address or a mobile number")
    return sought
