"""How an item type is declared, and the registry of all that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.errors import Conflict
from core.words import Priority, Queue

if TYPE_CHECKING:
    from core.resolutions.effects import Case

Settles = Literal["resolve", "reject", "respond", "keep", "defer", "escalate"]
Widget = Literal["text", "long_text", "number", "date_time", "choice", "staff", "record"]


@dataclass(frozen=True)
class Parameter:
    """One thing a reviewer fills in before an option can be carried out.

    `captions` are what the `choices` read as, in their order; `suggested` is what the form begins with.
    """

    name: str
    label: str
    widget: Widget = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    help: str = ""
    captions: tuple[str, ...] = ()
    suggested: str | None = None


@dataclass(frozen=True)
class Fact:
    """Something worth knowing before deciding, already as the principal may see it."""

    label: str
    value: str


def is_missing(context: Mapping[str, Any], key: str) -> bool:
    """Whether a context says nothing under `key`. An empty list says something: there are none."""
    value = context.get(key)
    return value is None or (isinstance(value, str) and not value.strip())


@dataclass(frozen=True)
class Outside:
    """What an option does in the world outside: `kind` says how it is sent, `payload` what, refusing what cannot be.

    `arrived` changes the records by what came of it, once it is done; `learnt` is what the item's context says after
    it failed. `when` says for which cases it is done outside at all, `tells` what the history says is sent.
    """

    kind: str
    payload: Callable[[Case], Mapping[str, Any]]
    arrived: Callable[[Case, Mapping[str, Any]], object] = field(default=lambda _case, _outcome: None)
    learnt: Callable[[Case, str], Mapping[str, Any]] = field(default=lambda _case, _error: {})
    when: Callable[[Case], bool] = field(default=lambda _: True)
    tells: Callable[[Case], Mapping[str, Any]] = field(default=lambda _: {})


@dataclass(frozen=True)
class Option:
    """A named way to settle an item. `effect` changes the records, in the transaction of the decision.

    `settles` is what the decision does to the item: "resolve" or "reject" end it; "respond" answers somebody and
    "keep" finds something out, and both keep it in hand; "defer" and "escalate" make that move. `needs` are the
    context keys without which it cannot be carried out, `guard` raises what else forbids it. `parameters` may depend
    on the case. `recommended` looks at the case and gives a reason to prefer this option, or None; `standing` says
    what is to be known of it as things stand. Where it acts `outside`, that takes the place of `effect`, and the item
    is settled, or in hand again, when it is done.
    """

    name: str
    label: str
    settles: Settles = "resolve"
    effect: Callable[[Case], Mapping[str, Any] | None] | None = None
    parameters: tuple[Parameter, ...] | Callable[[Case], tuple[Parameter, ...]] = ()
    recommended: Callable[[Case], str | None] = field(default=lambda _: None)
    help: str = ""
    needs: tuple[str, ...] = ()
    guard: Callable[[Case], object] = field(default=lambda _: None)
    outside: Outside | None = None
    standing: Callable[[Case], str] = field(default=lambda _: "")

    @property
    def keeps(self) -> bool:
        """Whether the item stays in hand, to be decided yet."""
        return self.settles in {"respond", "keep"}

    def leaving(self, case: Case) -> Outside | None:
        """What it does in the world outside for `case`, or None when it all happens here."""
        return self.outside if self.outside and self.outside.when(case) else None

    def require(self, case: Case) -> None:
        """Raise the reason why this option cannot be carried out for `case` as things stand."""
        absent = [key for key in self.needs if is_missing(case.context, key)]
        if absent:
            raise Conflict(f"{self.label} needs {', '.join(absent)}, which the item's context does not say.")
        self.guard(case)

    def asked(self, case: Case) -> tuple[Parameter, ...]:
        """What is to be filled in for this case."""
        return self.parameters if isinstance(self.parameters, tuple) else self.parameters(case)


@dataclass(frozen=True)
class ItemType:
    """What sort of item: where it belongs, what it needs to know, what to weigh, and how it may be settled.

    `context_keys` are needed and shown as missing where they are; `optional_keys` are understood where given. One
    that `is_retired` takes no new items.
    """

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
    optional_keys: tuple[str, ...] = ()
    facts: Callable[[Case], tuple[Fact, ...]] = field(default=lambda _: ())
    is_retired: bool = False

    def option(self, name: str) -> Option | None:
        """The option of that name, or None."""
        return next((option for option in self.options if option.name == name), None)

    def missing(self, context: Mapping[str, Any]) -> tuple[str, ...]:
        """The needed context keys that an item's context says nothing about."""
        return tuple(key for key in self.context_keys if is_missing(context, key))


_SHIPPED: dict[str, ItemType] = {}


def declare(*types: ItemType) -> None:
    """Ship these item types; each family's module calls this when it is imported."""
    for declared in types:
        _SHIPPED[declared.name] = declared


def shipped() -> Mapping[str, ItemType]:
    """The item types that come with Opsdesk, by name."""
    import core.resolutions.families  # noqa: F401 - its modules declare themselves

    return _SHIPPED


def registry() -> Mapping[str, ItemType]:
    """Every item type by name: those shipped, and those that administrators made."""
    from core.resolutions import own

    return own.known()


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
