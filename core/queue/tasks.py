"""What can be done to many items together: each deed of the queue, told once for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from core.errors import Invalid, NotFound, OpsError
from core.queue import assigning, claiming, deciding, deferring, escalating, moves, noting
from core.queue.deciding import Decision
from core.queue.lifecycle import Moved, Picks
from core.queue.moves import Move
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

    `chunk` is how many are done in one transaction.
    """

    name: str
    apply: Callable[[UnitOfWork, Chosen], Refusals]
    chunk: int = 500


def claim() -> Task:
    """Take in hand."""
    return _moving("claim", moves.CLAIM, claiming.claim_all)


def assign(staff_id: int) -> Task:
    """Put into a person's hands."""
    return _moving("assign", moves.ASSIGN, partial(assigning.assign_all, staff_id=staff_id))


def defer(until: datetime, reason: str = "") -> Task:
    """Put off until a moment."""
    return _moving("defer", moves.DEFER, partial(deferring.defer_all, until=until, reason=reason))


def escalate(reason: str, to: str | None = None) -> Task:
    """Raise the level by one."""
    return _moving("escalate", moves.ESCALATE, partial(escalating.escalate_all, reason=reason, to=to))


def change_priority(to: str, reason: str) -> Task:
    """Give another priority."""
    return _moving("change_priority", moves.REPRIORITISE, partial(noting.change_priority_all, to=to, reason=reason))


def comment(text: str) -> Task:
    """Add a comment to the history, whatever has happened since."""

    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        there = noting.comment_all(uow, list(chosen.versions), text)
        return {item: NotFound("work item", item) for item in chosen.without(there).versions}

    return Task("comment", apply)


def decide(decision: Decision) -> Task:
    """Settle with one option, each by its own type's meaning of it."""

    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        deciding.hold(uow, list(chosen.versions))
        decided = deciding.decide_all(uow, chosen.picks, decision)
        refused = {item: refusal for item, refusal in decided.items() if refusal is not None}
        return refused | _reasons(uow, chosen.without(decided), moves.RESOLVE)

    return Task("decide", apply, chunk=50)


def _moving(name: str, what: Move, deed: Callable[[UnitOfWork, Picks], list[Moved]]) -> Task:
    def apply(uow: UnitOfWork, chosen: Chosen) -> Refusals:
        moved = {item.id for item in deed(uow, chosen.picks)}
        return _reasons(uow, chosen.without(moved), what)

    return Task(name, apply)


def _reasons(uow: UnitOfWork, left: Chosen, what: Move) -> dict[int, OpsError]:
    return reasons(uow, left.versions, what, left.versions) if left.versions else {}
