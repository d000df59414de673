"""A rule tried against the past: how often it would have fired, and when, by the code that evaluates rules live."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from core.alerts.rules import judging, reading, telling
from core.alerts.rules.advancing import Place, advance
from core.alerts.rules.fields import SUBJECTS
from core.alerts.rules.folding import Firing
from core.alerts.rules.language import AnyRule, EventRule, ScheduleRule, SlaRule, subject_of
from core.alerts.rules.parsing import parse
from core.errors import Invalid
from core.permissions import Permission, requires
from core.uow import UnitOfWork

LISTED = 200
MOST_DAYS = 90


@dataclass(frozen=True)
class Tried:
    """One firing that would have been: when (UTC), what the alert would have said, and which comparisons were met."""

    at: datetime
    title: str
    message: str
    because: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Backtest:
    """How often a rule would have fired in [since, until): `count` and `by_day` (days of UTC) are exact, `firings`
    are the last 200. `reaches_to` says since when there is something to try it against; None when there is nothing."""

    since: datetime
    until: datetime
    count: int
    by_day: Mapping[date, int]
    firings: Sequence[Tried]
    reaches_to: datetime | None


@requires(Permission.ALERTS_MANAGE, leaves="rule.tried")
def backtest(uow: UnitOfWork, definition: Any, *, days: int = 30, name: str = "This rule") -> Backtest:
    """Try a rule against the last `days` days of what was recorded. Raises Invalid with the place that is wrong."""
    if isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
        raise Invalid("days", f"lies between 1 and {MOST_DAYS}")
    rule = parse(definition)
    since = uow.now - timedelta(days=days)
    count, by_day, last = replay(uow, rule, since, uow.now)
    uow.record("rule.tried", "alert_rule", None, kind=rule.kind, days=days, count=count)
    shown = [_tried(uow, name, rule, firing) for firing in last]
    return Backtest(since, uow.now, count, by_day, shown, reading.reach(uow, rule.kind))


def replay(
    uow: UnitOfWork, rule: AnyRule, since: datetime, until: datetime, listed: int = LISTED
) -> tuple[int, Mapping[date, int], Sequence[Firing]]:
    """What fires in [since, until), as if the rule had been switched on at `since`: how often, on which days, and the
    last `listed` firings in order."""
    place, more = Place(since), True
    by_day, last, fired = Counter[date](), deque[Firing](maxlen=listed), dict[str, datetime]()
    while more:
        gone = advance(uow, rule, place, lambda keys: _known(fired, keys), until=until, before=until)
        for firing in gone.firings:
            fired[firing.key] = firing.at
            by_day[firing.at.date()] += 1
            last.append(firing)
        place, more = gone.place, gone.more
    return by_day.total(), by_day, last


def _known(fired: Mapping[str, datetime], keys: Sequence[str]) -> Mapping[str, datetime]:
    return {key: fired[key] for key in keys if key in fired}


def _tried(uow: UnitOfWork, name: str, rule: AnyRule, firing: Firing) -> Tried:
    if isinstance(rule, ScheduleRule):
        firing = Firing(firing.key, firing.at, reading.figures(uow, firing.at))
    because: list[str] = []
    if isinstance(rule, EventRule | SlaRule):
        because = judging.reasons(rule.condition, firing.told, SUBJECTS[subject_of(rule)].fields)
    title, message = (telling.text(template, name, rule, firing) for template in (rule.title, rule.message))
    return Tried(firing.at, title, message, tuple(because), firing.key)
