"""What is likely wrong with a rule although it is valid: it can never fire, storms, or says what another says too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from core import config
from core.alerts.rules import keeping
from core.alerts.rules.backtesting import Backtest
from core.alerts.rules.fields import SUBJECTS, Field
from core.alerts.rules.language import (
    Among,
    AnyRule,
    Compare,
    Condition,
    EventRule,
    Not,
    Presence,
    ScheduleRule,
    Several,
    SlaRule,
    ThresholdRule,
    event_of,
    exact,
    subject_of,
)
from core.alerts.rules.parsing import parse
from core.errors import Invalid
from core.permissions import Permission, requires
from core.uow import UnitOfWork


@dataclass(frozen=True)
class Finding:
    """One thing to look at before a rule is switched on."""

    kind: Literal["overlap", "storm", "unreachable", "silent"]
    sentence: str


@requires(Permission.ALERTS_MANAGE, leaves=None)
def lint(uow: UnitOfWork, definition: Any, tried: Backtest | None, *, number: int | None = None) -> list[Finding]:
    """What to look at: `tried` is how it did over the last 30 days, `number` which rule it replaces. Raises Invalid."""
    rule = parse(definition)
    found = list(_unreachable(rule))
    found += [each for name, other in keeping.others(uow, number) for each in _overlaps(rule, name, other)]
    if tried is not None and tried.count >= config.number("RULE_STORM"):
        days = (tried.until - tried.since).days
        found.append(Finding("storm", f"It would have fired {tried.count:,} times in {days} days."))
    if tried is not None and tried.count == 0 and not found and tried.reaches_to is not None:
        found.append(Finding("silent", "It would not have fired once."))
    return found


def _overlaps(rule: AnyRule, name: str, other_definition: Any) -> Iterator[Finding]:
    try:
        other = parse(other_definition)
    except Invalid:
        return
    if isinstance(rule, ThresholdRule) and isinstance(other, ThresholdRule):
        if rule.metric == other.metric and _upwards(rule) == _upwards(other):
            yield Finding("overlap", f"The rule “{name}” watches the same metric in the same direction.")
    elif isinstance(rule, EventRule | SlaRule) and isinstance(other, EventRule | SlaRule):
        fields = SUBJECTS[subject_of(rule)].fields
        if event_of(rule) == event_of(other) and _together(rule.condition, other.condition, fields):
            yield Finding("overlap", f"The rule “{name}” can fire for the same event: it would be told twice.")
    elif isinstance(rule, ScheduleRule) and isinstance(other, ScheduleRule):
        same_time = (rule.time, rule.zone) == (other.time, other.zone)
        if same_time and set(rule.days) & set(other.days):
            yield Finding("overlap", f"The rule “{name}” comes at the same time.")


def _together(one: Condition | None, other: Condition | None, fields: Mapping[str, Field]) -> bool:
    conditions = tuple(each for each in (one, other) if each is not None)
    return not conditions or possible(Several(op="all", of=conditions), fields)


def _upwards(rule: ThresholdRule) -> bool:
    return rule.operator in {"more_than", "at_least"}


def _unreachable(rule: AnyRule) -> Iterator[Finding]:
    if isinstance(rule, ThresholdRule):
        never = (rule.operator == "less_than" and rule.value <= 0) or (rule.operator == "at_most" and rule.value < 0)
        if never:
            yield Finding("unreachable", "No metric is ever below 0, so it can never fire.")
    elif isinstance(rule, EventRule | SlaRule) and not _together(
        rule.condition, None, SUBJECTS[subject_of(rule)].fields
    ):
        yield Finding("unreachable", "Its condition contradicts itself, so it can never fire.")


@dataclass(frozen=True)
class _Room:
    """What is still possible for one field: `words` is None while any will do; bounds are (value, inclusive)."""

    words: frozenset[Any] | None = None
    never: frozenset[Any] = frozenset()
    low: tuple[Decimal, bool] | None = None
    high: tuple[Decimal, bool] | None = None
    empty: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether any value is left."""
        valued = self.words is not None or self.never or self.low or self.high or self.empty is False
        if self.empty and valued:
            return False
        if self.words is not None:
            return any(self._fits(word) for word in self.words)
        return self.low is None or self.high is None or self._spans(self.low, self.high)

    @staticmethod
    def _spans(low: tuple[Decimal, bool], high: tuple[Decimal, bool]) -> bool:
        return low[0] < high[0] or (low[0] == high[0] and low[1] and high[1])

    def _fits(self, word: Any) -> bool:
        if word in self.never:
            return False
        above = self.low is None or word > self.low[0] or (word == self.low[0] and self.low[1])
        below = self.high is None or word < self.high[0] or (word == self.high[0] and self.high[1])
        return above and below


@dataclass(frozen=True)
class _World:
    """The rooms of all fields under the conditions taken so far."""

    rooms: Mapping[str, _Room] = field(default_factory=dict)

    def narrowed(self, part: Compare | Among | Presence, known: Field) -> _World | None:
        room = _narrow(self.rooms.get(part.field, _Room(frozenset(known.words) or None)), part)
        return _World({**self.rooms, part.field: room}) if room.is_open else None


_MOST_WORLDS = 500


class _TooManyWorlds(Exception):
    """There are more ways to meet a condition than are worth looking through."""


def possible(condition: Condition, fields: Mapping[str, Field]) -> bool:
    """Whether any record could meet the condition. In doubt it says yes: it knows of fields one by one."""
    try:
        return bool(_worlds(condition, [_World()], fields))
    except _TooManyWorlds:
        return True


def _worlds(part: Condition, worlds: list[_World], fields: Mapping[str, Field]) -> list[_World]:
    if isinstance(part, Several) and part.op == "all":
        for inner in part.of:
            worlds = _worlds(inner, worlds, fields)
        return worlds
    if isinstance(part, Several):
        found = [world for inner in part.of for world in _worlds(inner, worlds, fields)]
        if len(found) > _MOST_WORLDS:
            raise _TooManyWorlds
        return found
    if isinstance(part, Not):
        return worlds
    narrowed = (world.narrowed(part, fields[part.field]) for world in worlds)
    return [world for world in narrowed if world is not None]


def _narrow(room: _Room, part: Compare | Among | Presence) -> _Room:
    if isinstance(part, Presence):
        wanted = part.op == "is_empty"
        return replace(room, empty=wanted) if room.empty in {None, wanted} else replace(room, words=frozenset())
    room = replace(room, empty=False) if not room.empty else replace(room, words=frozenset())
    if isinstance(part, Among):
        given = frozenset(exact(value) for value in part.values)
        return _kept(room, given) if part.op == "one_of" else replace(room, never=room.never | given)
    value = exact(part.value)
    if part.op == "is":
        return _kept(room, frozenset({value}))
    if part.op == "is_not":
        return replace(room, never=room.never | {value})
    return room if part.op == "contains" else _bounded(room, part.op, value)  # type: ignore[arg-type]


def _kept(room: _Room, given: frozenset[Any]) -> _Room:
    return replace(room, words=given if room.words is None else room.words & given)


def _bounded(room: _Room, op: str, value: Decimal) -> _Room:
    inclusive = op in {"at_least", "at_most"}
    if op in {"more_than", "at_least"}:
        higher = room.low is None or (value, not inclusive) > (room.low[0], not room.low[1])
        return replace(room, low=(value, inclusive)) if higher else room
    lower = room.high is None or (value, inclusive) < room.high
    return replace(room, high=(value, inclusive)) if lower else room
