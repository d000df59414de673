"""The facts that figures are counted from: what happened to one record at one moment, in SQL over its own row.

A fact looks at nothing but its row, so that a change of the row changes the sums by exactly what it was and is. The
triggers of the tables say the same in SQL of their own; `python -m jobs doctor` compares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.tables.work import OPEN, REVIEWED

_PAID = "coalesce(paid_amount, CASE WHEN payment_status IN ('paid', 'refunded') THEN amount END)"
TAKEN = f"coalesce({_PAID}, 0)"
"""What was taken for a booking: what its payments say, else its amount where it is said to be paid."""
RETURNED = f"coalesce(returned_amount, CASE WHEN payment_status = 'refunded' THEN {TAKEN} ELSE 0 END)"
"""What was given back: what its payments say, else all where it is said to be refunded."""
NET = f"greatest({TAKEN} - {RETURNED}, least({TAKEN}, 0))"
"""What is left of it; nobody gives back more than was taken."""
IS_PAID = f"({_PAID} IS NOT NULL AND ({RETURNED} = 0 OR {NET} > 0))"
"""Paid, and not all of it given back."""


@dataclass(frozen=True)
class Fact:
    """One kind of fact: which row of `table` tells of one, `at` which moment, and what it is told apart by.

    `marked` says which of them count as well (paid, escalated …); `amount` is summed: money, or seconds where `timed`.
    `parts` are the conditions of the indexes that find rows by `at`.
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
    parts: tuple[str, ...] = ("true",)

    @property
    def step(self) -> str:
        """The class of its time."""
        return f"metric_step({self.amount})" if self.timed else "0"


_ANSWERED = "extract(epoch FROM first_responded_at - sla_started_at)"
_SPENT = "extract(epoch FROM resolved_at - sla_started_at)"
_MENDED = "extract(epoch FROM resolved_at - created_at)"
_DUE = "coalesce(sla_deadline, 'infinity'::timestamptz)"

_RESOLVED = f"{REVIEWED} AND status = 'resolved' AND resolved_at >= sla_started_at"
_ENDS = (
    Fact("responded", "work_items", "first_responded_at", "first_responded_at >= sla_started_at",
         a="item_type", amount=_ANSWERED, timed=True),
    Fact("decided", "work_items", "resolved_at", REVIEWED, a="queue", b="status"),
    Fact("resolved", "work_items", "resolved_at", _RESOLVED,
         a="item_type", b="coalesce(resolved_by::text, '')", amount=_SPENT, timed=True),
    Fact("kept", "work_items", "resolved_at", f"{REVIEWED} AND resolved_at <= sla_deadline",
         a="item_type", b="priority"),
    Fact("late", "work_items", _DUE, f"{REVIEWED} AND resolved_at > sla_deadline", a="item_type", b="priority"),
)  # fmt: skip
"""What the cycles of items end in, those that another followed included."""


def _possible(fact: Fact) -> Fact:
    """The fact of an item, unless its source says that it ended before it began: then it took no time at all."""
    return replace(fact, where=f"{fact.where} AND {fact.at} >= created_at")


FACTS = (
    Fact("booking", "bookings", "created_at", a="status", b="currency", marked=IS_PAID, amount=NET),
    Fact("complaint", "complaints", "created_at", a="priority", b="status"),
    Fact("complaint_resolved", "complaints", "resolved_at",
         "status IN ('resolved', 'closed') AND resolved_at >= created_at", amount=_MENDED, timed=True),
    Fact("arrived", "work_items", "created_at", a="queue", b="item_type", marked="escalation_level > 0",
         parts=(OPEN, REVIEWED)),
    *(_possible(fact) if fact.timed else fact for fact in _ENDS),
    *(replace(fact, table="past_cycles") for fact in _ENDS),
)  # fmt: skip
TIMED = tuple(dict.fromkeys(fact.name for fact in FACTS if fact.timed))


def told(fact: Fact, where: str = "true", source: str | None = None) -> str:
    """The facts that rows tell of: which, when, told apart by what, in which class of time, marked or not, how much."""
    return (
        f"SELECT '{fact.name}' AS fact, {fact.at} AS at, {fact.a} AS a, {fact.b} AS b, {fact.step} AS step, "
        f"{fact.marked} AS marked, {fact.amount} AS amount FROM {source or fact.table} "
        f"WHERE {fact.where} AND {where}"
    )
