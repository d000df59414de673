"""A rule taken on from where it is, and what fired on the way: what the live evaluation and the back-test both do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.alerts.rules import folding, reading
from core.alerts.rules.fields import SUBJECTS
from core.alerts.rules.folding import WHOLE, Cooldown, Firing, Holding
from core.alerts.rules.language import EventRule, ScheduleRule, SlaRule, ThresholdRule, subject_of
from core.uow import UnitOfWork

BATCH = 5_000

LastFired = Callable[[Sequence[str]], Mapping[str, datetime]]


@dataclass(frozen=True)
class Place:
    """How far a rule is: which events, records and moments it has seen, and how its threshold stands."""

    since: datetime
    last_event: int = 0
    last_record: int = 0
    last_moment: datetime | None = None
    holding: Holding = field(default_factory=Holding)


@dataclass(frozen=True)
class Advance:
    """What came of going on: the firings in order, whether a threshold is over at the end, whether there is more."""

    place: Place
    firings: tuple[Firing, ...]
    cleared: bool = False
    more: bool = False


def advance(
    uow: UnitOfWork,
    rule: EventRule | SlaRule | ThresholdRule | ScheduleRule,
    place: Place,
    last_fired: LastFired,
    *,
    until: datetime,
    before: datetime | None = None,
) -> Advance:
    """Take a rule on from `place`: at most one batch of events or records, of those before `before` if it is given,
    and the schedule's moments up to `until`."""
    if isinstance(rule, EventRule | SlaRule):
        return _events(uow, rule, place, last_fired, before)
    if isinstance(rule, ThresholdRule):
        return _records(uow, rule, place, before)
    struck = list(folding.moments(rule, place.last_moment or place.since, until))
    return Advance(replace(place, last_moment=until), tuple(Firing(at.isoformat(), at) for at in struck))


def _events(
    uow: UnitOfWork, rule: EventRule | SlaRule, place: Place, last_fired: LastFired, before: datetime | None
) -> Advance:
    newest = reading.newest_event(uow)
    found = reading.matches(uow, rule, (place.last_event, newest), place.since, before, BATCH)
    subject = SUBJECTS[subject_of(rule)].name
    keyed = [(_key(rule, subject, each), each) for each in found]
    cooldown = Cooldown(timedelta(minutes=rule.cooldown_minutes), last_fired(sorted({key for key, _ in keyed})))
    firings = [
        Firing(key, each.at, each.facts, each.subject_id, each.holder, each.queue, each.deadline)
        for key, each in keyed
        if cooldown.admits(key, each.at)
    ]
    more = len(found) == BATCH
    return Advance(replace(place, last_event=found[-1].id if more else newest), tuple(firings), more=more)


def _key(rule: EventRule | SlaRule, subject: str, each: reading.Happened) -> str:
    """What it fires for. Another deadline of the same item is another thing to tell."""
    if rule.per == "rule":
        return WHOLE
    due = f":{each.deadline.isoformat()}" if isinstance(rule, SlaRule) and each.deadline else ""
    return f"{subject}:{each.subject_id}{due}"


def _records(uow: UnitOfWork, rule: ThresholdRule, place: Place, before: datetime | None) -> Advance:
    found = reading.readings(uow, rule.metric, place.last_record, place.since, before, BATCH)
    holding, firings, cleared = place.holding, list[Firing](), False
    for each in found:
        holding, deed = folding.hold(rule, holding, each.at, each.value)
        cleared = cleared or deed == "clears"
        if deed == "fires":
            firings.append(Firing(WHOLE, each.at, {"value": each.value}))
    seen = found[-1].id if found else place.last_record
    onward = replace(place, last_record=seen, holding=holding)
    return Advance(onward, tuple(firings), cleared=cleared and not holding.standing, more=len(found) == BATCH)
