"""Finding a customer's open items by what identifies them: for those who may see it, exactly, and on record."""

from __future__ import annotations

import hashlib
import hmac
import re

from core import keys
from core.errors import Invalid
from core.permissions import Permission, requires
from core.queue.inbox import QueueRow, row_of
from core.queue.viewing import ITEMS
from core.tables.customers import DIGITS_OF_MOBILE
from core.tables.work import OPEN
from core.uow import UnitOfWork

MOST = 100
_SAME = {"email": "lower(email) = :value", "mobile": f"{DIGITS_OF_MOBILE} = :value"}


@requires(Permission.OPS_FULL_ACCESS, leaves="customer.searched")
def items_of_customer(uow: UnitOfWork, field: str, value: str) -> tuple[QueueRow, ...]:
    """The open items of the customers whose `field`, "email" or "mobile", is exactly `value`: best first, at most 100.

    The trail holds a keyed hash of what was searched for, by which the searches for one person can be found, and never
    the value. Raises Invalid; NotPermitted without `ops.full_access`, whether or not there is such a customer.
    """
    sought = _plain(field, value)
    rows = uow.rows(
        f"{ITEMS} WHERE i.customer_id IN (SELECT id FROM customers WHERE {_SAME[field]}) AND i.{OPEN} "
        f"ORDER BY i.priority_score DESC, i.created_at, i.id LIMIT {MOST}",
        {"value": sought},
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
    told = f"{field}:{_plain(field, value)}"
    return hmac.new(keys.key("search"), told.encode(), hashlib.sha256).hexdigest()


def _plain(field: str, value: str) -> str:
    """However it was written, one way to write it."""
    if field not in _SAME:
        raise Invalid("field", f"is one of {', '.join(_SAME)}")
    plain = re.sub(r"[^0-9]", "", value) if field == "mobile" else value.strip().lower()
    if not 3 <= len(plain) <= 320 or not plain.isprintable():
        raise Invalid(field, "is the whole of an e-mail address or a mobile number")
    return plain
