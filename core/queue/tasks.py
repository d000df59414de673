"""What can be done to many items together: each deed of the queue, told once for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from core.errors import Invalid, NotFound, OpsError
from core.queue import assigning, claiming, deciding, deferring, escalating, moves, noting
from core.queue.deciding import Decision
from core.queue.lifecycle import Moved, Picks
from core.queue.movement import Move
from core.queue.refusals import reasons
from core.uow import UnitOfWork

MOST = 5000
_LARGEST_NUMBER = 2**63 - 1
Refusals = Mapping[int, OpsError]


@dataclass(frozen=True)
class Chosen:
    """The items chosen, each with the version that was on the screen; None: whichever it has by now."""

    versions: Mapping[int, int | None]

    @property
    def picks(self) -> Picks:
        """They, as far as nobody has changed them since."""
        seen = {item: version for item, version in self.versions.items() if version is not None}
        return Picks(_UNCHANGED, {"ids": list(self.versions), "versions": json.dumps(seen)})

    def without(self, others: Collection[int]) -> Chosen:
        """They, but for some."""
        return Chosen({item: version for item, version in self.versions.items() if item not in others})

    def chunks(self, size: int) -> Iterator[Chosen]:
        """They, in the order of their numbers, so many at a time: everybody takes hold of items in this order."""
        items = sorted(self.versions)
        for start in range(0, len(items), size):
            yield Chosen({item: self.versions[item] for item in items[start : start + size]})

    def check(self) -> None:
        """Raises Invalid when there are none, too many, or a number that is no item's."""
        if not 1 <= len(self.versions) <= MOST:
            raise Invalid("items", f"number from 1 to {MOST:,} in one go")
        if not all(0 < item <= _LARGEST_NUMBER for item in self.versions):
            raise Invalid("items", "are known by numbers from 1 up")


_UNCHANGED = "id = ANY(:ids) AND coalesce((CAST(:versions AS jsonb) ->> id::text)::int = version, true)"


@dataclass(frozen=True)
class Task:
    """One deed with what it needs to know. `apply` does it to the items chosen and says why some refused.

    `chunk` is how many are done in one transaction. `told` is what it was told, from which `restored` makes it again.
    """

    name: str
    apply: Callable[[UnitOfWork, Chosen], Refusals]
    chunk: int = 500
    told: Mapping[str, Any] = field(default_factory=dict)


def claim() -> Task:
    """Take in hand."""
    return _moving("claim", moves.CLAIM, claiming.claim_all)


def assign(staff_id: int) -> Task:
    """Put into a person's hands."""
    return _moving("assign", moves.ASSIGN, assigning.assign_all, staff_id=staff_id)


def defer(until: datetime, reason: str = "") -> Task:
    """Put off until a moment."""
    return _moving("defer", moves.DEFER, deferring.defer_all, until=until, reason=reason)


def escalate(reason: str, to: str | None = None) -> Task:
    """Raise the level by one."""
    return _moving("escalate", moves.ESCALATE, escalating.escalate_all, reason=reason, to=to)


def change_priority(to: str, reason: str) -> Task:
    """Give another priority."""
    return _moving("change_priority", moves.REPRIORITISE, noting.change_priority_all, to=to, reason=reason)


def comment(text: str) -> Task:
    """Add a comment to the history, whatever has happened since."""

    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        there = noting.comment_all(uow, list(chosen.versions), text)
        return {item: NotFound("work item", item) for item in chosen.without(there).versions}

    return Task("comment", apply, told={"text": text})


def decide(decision: Decision) -> Task:
    """Settle with one option, each by its own type's meaning of it."""

    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        deciding.hold(uow, list(chosen.versions))
        decided = deciding.decide_all(uow, chosen.picks, decision)
        refused = {item: refusal for item, refusal in decided.items() if refusal is not None}
        return refused | _reasons(uow, chosen.without(decided), moves.RESOLVE)

    return Task("decide", apply, chunk=50, told=asdict(decision))


def _moving(name: str, what: Move, deed: Callable[..., list[Moved]], **told: Any) -> Task:
    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        moved = {item.id for item in deed(uow, chosen.picks, **told)}
        return _reasons(uow, chosen.without(moved), what)

    return Task(name, apply, told=told)


_TASKS: Mapping[str, Callable[..., Task]] = MappingProxyType(
    {
        "claim": claim,
        "assign": assign,
        "defer": lambda until, reason: defer(datetime.fromisoformat(until), reason),
        "escalate": escalate,
        "change_priority": change_priority,
        "comment": comment,
        "decide": lambda option, justification, parameters: decide(Decision(option, justification, parameters)),
    }
)


def restored(name: str, told: Mapping[str, Any]) -> Task:
    """A task as it was before `name` and `told` of it were kept as JSON. Raises Invalid for one that is not known."""
    if name not in _TASKS:
        raise Invalid("deed", f"is one of {', '.join(_TASKS)}")
    return _TASKS[name](**told)


def _reasons(uow: UnitOfWork, left: Chosen, what: Move) -> dict[int, OpsError]:
    return reasons(uow, left.versions, what, left.versions) if left.versions else {}
