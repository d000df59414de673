"""How what happened becomes firings, one thing after another: the same for the clock of now and for any past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from core.alerts.rules.language import DAYS, ScheduleRule, ThresholdRule, exact
from core.sla.wall import first_reading

WHOLE = "rule"
"""What a rule fires for that fires for no single record."""


@dataclass(frozen=True)
class Firing:
    """That a rule fires for `key` at `at` (UTC): what its texts may name, and the record that it is about."""

    key: str
    at: datetime
    told: Mapping[str, Any] = field(default_factory=dict)
    subject_id: int | None = None
    holder: int | None = None
    queue: str | None = None
    deadline: datetime | None = None


class Cooldown:
    """When each key fired last: within `span` it does not fire again."""

    def __init__(self, span: timedelta, last: Mapping[str, datetime]) -> None:
        self._span = span
        self.last = dict(last)

    def admits(self, key: str, at: datetime) -> bool:
        """Whether what happens now to this key is a firing; if so, it is remembered."""
        before = self.last.get(key)
        if before is not None and at - before < self._span:
            return False
        self.last[key] = at
        return True


@dataclass(frozen=True)
class Holding:
    """How a threshold stands: beyond its value since when, whether its alert stands, and when it fired last."""

    since: datetime | None = None
    standing: bool = False
    fired_at: datetime | None = None

    @staticmethod
    def restored(kept: Mapping[str, Any]) -> Holding:
        """From what `kept` told."""
        return Holding(_moment(kept.get("since")), bool(kept.get("standing")), _moment(kept.get("fired_at")))

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "since": self.since and self.since.isoformat(),
            "standing": self.standing,
            "fired_at": self.fired_at and self.fired_at.isoformat(),
        }


def _moment(given: str | None) -> datetime | None:
    return datetime.fromisoformat(given) if given else None


def hold(
    rule: ThresholdRule, was: Holding, at: datetime, value: Decimal | None
) -> tuple[Holding, Literal["fires", "clears"] | None]:
    """One more value of the metric: how the threshold stands then, and whether it fires or is over.

    A metric that says nothing is not beyond anything.
    """
    if was.standing:
        is_back = not _beyond(rule, value) and _at_ease(rule, value)
        return (Holding(fired_at=was.fired_at), "clears") if is_back else (was, None)
    if not _beyond(rule, value):
        return Holding(fired_at=was.fired_at), None
    since = was.since or at
    held = at - since >= timedelta(minutes=rule.held_minutes)
    cool = was.fired_at is None or at - was.fired_at >= timedelta(minutes=rule.cooldown_minutes)
    return (Holding(since, True, at), "fires") if held and cool else (Holding(since, False, was.fired_at), None)


def _beyond(rule: ThresholdRule, value: Decimal | None) -> bool:
    if value is None:
        return False
    limit = Decimal(str(rule.value))
    return {
        "more_than": value > limit,
        "at_least": value >= limit,
        "less_than": value < limit,
        "at_most": value <= limit,
    }[rule.operator]


def _at_ease(rule: ThresholdRule, value: Decimal | None) -> bool:
    if value is None or rule.clears_at is None:
        return True
    ease = exact(rule.clears_at)
    return value <= ease if rule.operator in {"more_than", "at_least"} else value >= ease  # type: ignore[operator]


def moments(rule: ScheduleRule, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments (UTC) in (after, until] at which the schedule strikes, in order."""
    zone = rule.zone_info
    wall = time.fromisoformat(rule.time)
    day = after.astimezone(zone).date() - timedelta(days=1)
    last = until.astimezone(zone).date() + timedelta(days=1)
    while day <= last:
        if DAYS[day.weekday()] in rule.days:
            moment = first_reading(zone, datetime.combine(day, wall))
            if after < moment <= until:
                yield moment.astimezone(UTC)
        day = _next(day)


def _next(day: date) -> date:
    return day + timedelta(days=1)
