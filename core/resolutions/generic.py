"""The options that every item has: the whole of what an unknown type can be settled with."""

from __future__ import annotations

from core.resolutions.declaring import Option, Parameter

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
