"""A story of some days for the reports, told through the verbs, and the same story in plain Python to count from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core import clock
from core.errors import OpsError
from core.permissions import Principal
from core.queue import assigning, deciding, escalating, noting, waiting
from core.queue.deciding import Decision
from core.uow import perform
from core.words import Priority
from tests.builders import opened
from tests.cast import Cast

DAY = timedelta(days=1)
HOURS = {"critical": 4, "high": 24, "medium": 168, "low": 720}
TYPES = ("odd_thing", "strange_thing", "third_thing")


@dataclass(frozen=True)
class Told:
    """What happened to one item, each time with its moment."""

    item_type: str
    priorities: tuple[tuple[datetime, str], ...]
    begun: tuple[datetime, ...]
    decided: tuple[tuple[datetime, str, int], ...] = ()
    undone: tuple[datetime, ...] = ()
    escalated: tuple[datetime, ...] = ()


@dataclass
class Story:
    """Random deeds on items, on record in the database and here."""

    cast: Cast
    dice: random.Random
    items: dict[int, Told] = field(default_factory=dict)

    def step(self, now: datetime) -> None:
        """One deed at `now`; what the verbs refuse has not happened."""
        with clock.frozen(now):
            if not self.items or self.dice.random() < 0.3:
                return self._open(now)
            number = self.dice.choice(list(self.items))
            deed = self.dice.choice([self._decide, self._decide, self._reopen, self._raise, self._louder])
            if self._just_decided(now) and self.dice.random() < 0.7:
                number, deed = self._just_decided(now)[0], self._undo
            try:
                self.items[number] = deed(number, self.items[number], now)
            except OpsError:
                return None

    def _open(self, now: datetime) -> None:
        kind, priority = self.dice.choice(TYPES), self.dice.choice(list(HOURS))
        number = opened(
            self.cast.senior, kind, resource_type="x", resource_id=self.dice.randrange(40), priority=priority
        )
        known = self.items.get(number)
        if known is None:
            self.items[number] = Told(kind, ((now, priority),), (now,))
        else:
            best = min(known.priorities[-1][1], priority, key=lambda name: Priority(name).rank)
            self.items[number] = replace(known, priorities=(*known.priorities, (now, best)))

    def _decide(self, number: int, told: Told, now: datetime) -> Told:
        who: Principal = self.dice.choice([self.cast.senior, self.cast.reviewer, self.cast.manager])
        assert who.staff_id is not None
        perform(self.cast.manager, assigning.assign, number, who.staff_id)
        if self.dice.random() < 0.2:
            perform(who, waiting.wait_on, number, "customer")
            perform(who, waiting.resume, number)
        if self.dice.random() < 0.2:
            perform(who, deciding.reject, number, "no")
            return replace(told, decided=(*told.decided, (now, "rejected", who.staff_id)))
        perform(who, deciding.decide, number, Decision("resolve", "so", {}))
        return replace(told, decided=(*told.decided, (now, "resolved", who.staff_id)))

    def _just_decided(self, now: datetime) -> list[int]:
        """What can still be undone."""
        return [
            number
            for number, told in self.items.items()
            if told.decided and now - told.decided[-1][0] < timedelta(seconds=9)
        ]

    def _undo(self, number: int, told: Told, now: datetime) -> Told:
        doer = next(each for each in vars(self.cast).values() if each.staff_id == told.decided[-1][2])
        perform(doer, deciding.undo, number)
        return replace(told, undone=(*told.undone, now))

    def _reopen(self, number: int, told: Told, now: datetime) -> Told:
        perform(self.cast.manager, deciding.reopen, number, "again")
        return replace(told, begun=(*told.begun, now))

    def _raise(self, number: int, told: Told, now: datetime) -> Told:
        priority = self.dice.choice(list(HOURS))
        perform(self.cast.senior, noting.change_priority, number, priority, "so")
        return replace(told, priorities=(*told.priorities, (now, priority)))

    def _louder(self, number: int, told: Told, now: datetime) -> Told:
        perform(self.cast.senior, escalating.escalate, number, "loud")
        return replace(told, escalated=(*told.escalated, now))


@dataclass(frozen=True)
class Cycle:
    """One cycle of an item as it was known at a moment."""

    item_type: str
    began_at: datetime
    due_at: datetime
    decided: tuple[datetime, str, int] | None
    is_last: bool

    @property
    def sealed_at(self) -> datetime:
        """When its fate was sealed."""
        return min(self.due_at, self.decided[0]) if self.decided else self.due_at


def cycles(told: Told, at: datetime) -> Iterator[Cycle]:
    """The cycles that an item had begun by `at`."""
    begun = [moment for moment in told.begun if moment < at]
    for began_at, ends_at in zip(begun, [*begun[1:], at], strict=True):
        made = [each for each in told.decided if began_at <= each[0] < ends_at]
        taken_back = [moment for moment in told.undone if began_at <= moment < ends_at]
        stands = made and not any(moment > made[-1][0] for moment in taken_back)
        due_at = began_at + timedelta(hours=HOURS[priority(told, ends_at)])
        yield Cycle(told.item_type, began_at, due_at, made[-1] if stands else None, began_at == begun[-1])


def priority(told: Told, at: datetime) -> str:
    """Its priority just before `at`."""
    return [name for moment, name in told.priorities if moment < at][-1]
