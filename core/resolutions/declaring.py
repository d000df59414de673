"""How an item type is declared, and the registry of all that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.words import Priority, Queue

if TYPE_CHECKING:
    from core.resolutions.effects import Case

Widget = Literal["text", "long_text", "number", "date_time", "choice", "staff", "record"]


@dataclass(frozen=True)
class Parameter:
    """One thing a reviewer fills in before an option can be carried out."""

    name: str
    label: str
    widget: Widget = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Option:
    """A named way to settle an item. `effect` changes the records, in the transaction of the decision.

    `settles` is what the decision does to the item: "resolve" or "reject" end it; "respond" answers and keeps it in
    hand; "defer" and "escalate" make that move. `recommended` looks at the case and gives a reason to prefer this
    option, or None.
    """

    name: str
    label: str
    settles: Literal["resolve", "reject", "respond", "defer", "escalate"] = "resolve"
    effect: Callable[[Case], Mapping[str, Any] | None] | None = None
    parameters: tuple[Parameter, ...] = ()
    recommended: Callable[[Case], str | None] = field(default=lambda _: None)
    help: str = ""


@dataclass(frozen=True)
class ItemType:
    """What sort of item: where it belongs, what it needs to know, what to weigh, and how it may be settled."""

    name: str
    label: str
    queue: Queue
    resource_type: str
    default_priority: Priority
    options: tuple[Option, ...]
    context_keys: tuple[str, ...] = ()
    runbook: str = ""
    sla_hours: float | None = None
    lease_minutes: int | None = None
    first_response_by: Literal["claim", "reply"] = "claim"

    def option(self, name: str) -> Option | None:
        """The option of that name, or None."""
        return next((option for option in self.options if option.name == name), None)


_REGISTRY: dict[str, ItemType] = {}


def declare(*types: ItemType) -> None:
    """Add item types to the registry; each family's module calls this when it is imported."""
    for declared in types:
        _REGISTRY[declared.name] = declared


def registry() -> Mapping[str, ItemType]:
    """Every declared item type by name."""
    import core.resolutions.families  # noqa: F401 - its modules declare themselves

    return _REGISTRY


def item_type(name: str) -> ItemType:
    """The declaration of `name`; an unknown type gets the generic options rather than being lost."""
    found = registry().get(name)
    return found or _unknown(name)


def _unknown(name: str) -> ItemType:
    from core.resolutions.generic import OPTIONS

    label = name.replace("_", " ").capitalize()
    return ItemType(name, label, Queue.AUTOMATION, "record", Priority.MEDIUM, OPTIONS)


def answered_by_reply() -> tuple[str, ...]:
    """Names of the types whose first response is a reply to somebody, rather than a person taking charge."""
    return tuple(name for name, known in registry().items() if known.first_response_by == "reply")


def own_leases() -> dict[str, int]:
    """Minutes that a claim holds, for the types that say so themselves."""
    return {name: known.lease_minutes for name, known in registry().items() if known.lease_minutes}
