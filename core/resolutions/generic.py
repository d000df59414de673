"""The options that every item has: the whole of what an unknown type can be settled with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from core.resolutions.declaring import Option, Parameter
from core.resolutions.effects import Case

RESOLVE = Option("resolve", "Resolve", help="The matter is settled; say how.")
REJECT = Option("reject", "Reject", settles="reject", help="No decision is needed, or it is not ours to make.")
DEFER = Option(
    "defer",
    "Defer",
    settles="defer",
    parameters=(Parameter("until", "Until", "date_time", help="The deadline does not move."),),
)
ESCALATE = Option("escalate", "Escalate", settles="escalate", help="Raises the level; the item stays in your hands.")

OPTIONS = (RESOLVE, REJECT, DEFER, ESCALATE)


def escalate_to(
    whom: str,
    *,
    recommended: Callable[[Case], str | None] = lambda _: None,
    also: Callable[[Case], object] = lambda _: None,
) -> Option:
    """The option that raises the level and names who should see the item; `also` is what it does to the record."""

    def told(case: Case) -> dict[str, str]:
        also(case)
        return {"to": whom}

    return Option(
        "escalate",
        f"Escalate to {whom}",
        settles="escalate",
        effect=told,
        recommended=recommended,
        help=f"Raises the level for {whom}; the item stays in your hands.",
    )


def older_than(case: Case, span: timedelta) -> bool:
    """Whether the item has been in the queue for longer than `span`."""
    return bool(case.now - case.item["created_at"] > span)
