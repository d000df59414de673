"""The facts that figures are counted from: what happened to one record at one moment, in SQL over its own row.

A fact looks at nothing but its row, so that a change of the row changes the count by exactly what it was and is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_TAKEN = """coalesce((SELECT sum(p.amount) FROM payments p WHERE p.booking_id = r.id AND p.status = 'paid'),
    CASE WHEN payment_status IN ('paid', 'refunded') THEN amount ELSE 0 END)"""
_RETURNED = f"""coalesce(
    (SELECT sum(abs(p.amount)) FROM payments p WHERE p.booking_id = r.id AND p.status = 'refunded'),
    CASE WHEN payment_status = 'refunded' THEN {_TAKEN} ELSE 0 END)"""
_NET = f"greatest({_TAKEN} - {_RETURNED}, least({_TAKEN}, 0))"
_PAID = (
    "(payment_status IN ('paid', 'refunded') OR EXISTS (SELECT FROM payments p WHERE p.booking_id = r.id "
    f"AND p.status = 'paid')) AND ({_RETURNED} = 0 OR {_NET} > 0)"
)


@dataclass(frozen=True)
class Fact:
    """One kind of fact: which row of `table` (as `r`) tells of one, `at` which moment, and what it is told apart by.

    `marked` says which of them count as well (paid, in time …); `amount` is summed: money, or seconds where `timed`.
    """

    name: str
    table: str
    at: str
    where: str = "true"
    a: str = "''"
    b: str = "''"
    marked: str = "false"
    amount: str = "0"
    timed: bool = False


_ANSWERED = "extract(epoch FROM first_responded_at - sla_started_at)"
_SPENT = "extract(epoch FROM resolved_at - sla_started_at)"
_MENDED = "extract(epoch FROM resolved_at - created_at)"

_FACTS = (
    Fact("booking", "bookings", "created_at", a="status", b="currency", marked=_PAID, amount=_NET),
    Fact("complaint", "complaints", "created_at", a="priority", b="status"),
    Fact("complaint_resolved", "complaints", "resolved_at",
         "status IN ('resolved', 'closed') AND resolved_at >= created_at", amount=_MENDED, timed=True),
    Fact("arrived", "work_items", "created_at", a="queue", b="item_type", marked="escalation_level > 0"),
    Fact("responded", "work_items", "first_responded_at", "first_responded_at >= sla_started_at",
         a="item_type", amount=_ANSWERED, timed=True),
    Fact("decided", "work_items", "resolved_at", "resolved_at IS NOT NULL", a="queue", b="status"),
    Fact("resolved", "work_items", "resolved_at", "status = 'resolved' AND resolved_at >= sla_started_at",
         a="item_type", b="coalesce(resolved_by::text, '')", amount=_SPENT, timed=True),
    Fact("sealed", "work_items", "LEAST(resolved_at, sla_deadline)",
         "resolved_at IS NOT NULL AND sla_deadline IS NOT NULL", a="item_type", b="priority",
         marked="resolved_at <= sla_deadline"),
)  # fmt: skip
FACTS: Mapping[str, Fact] = MappingProxyType({fact.name: fact for fact in _FACTS})
