"""What can happen to an item's SLA clock, and the targets that it counts towards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from core.clock import aware
from core.errors import Invalid

_NOTHING = timedelta(0)
_SPANS = {"resolution", "first_response", "at_risk_lead"}


class EventKind(StrEnum):
    """What can happen to an item's clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RESPOND = "respond"
    FULFIL = "fulfil"
    UNFULFIL = "unfulfil"
    REPRIORITISE = "reprioritise"
    REOPEN = "reopen"


@dataclass(frozen=True)
class Targets:
    """What was promised: open time from the cycle's start, or a deadline that the item's source already set.

    A source's deadline stands as it is: neither calendar nor pauses move it. `at_risk_share` (0..1 of the
    target) goes before `at_risk_lead`, and that before the usual lead. `label` says whose targets these are.
    """

    resolution: timedelta | None = None
    first_response: timedelta | None = None
    resolution_due_at: datetime | None = None
    at_risk_lead: timedelta | None = None
    at_risk_share: float | None = None
    pauses_when_waiting: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse, with Invalid naming the field, what nobody could promise."""
        for name in sorted(_SPANS):
            if (getattr(self, name) or _NOTHING) < _NOTHING:
                raise Invalid(name, "a span of time is not negative")
        if self.at_risk_share is not None and not 0 <= self.at_risk_share <= 1:
            raise Invalid("at_risk_share", "use a share from 0 to 1")
        if self.resolution_due_at is not None:
            object.__setattr__(self, "resolution_due_at", aware(self.resolution_due_at))

    @property
    def is_open_ended(self) -> bool:
        """Whether nothing was promised at all."""
        return (self.resolution, self.first_response, self.resolution_due_at) == (None, None, None)

    def to_json(self) -> dict[str, Any]:
        """The targets as a clock event keeps them: spans in seconds, moments in ISO 8601, nothing that is unset."""
        told = ((item.name, getattr(self, item.name), item.default) for item in fields(self))
        return {name: _plain(value) for name, value, unset in told if value != unset}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Targets:
        """The targets that `to_json` wrote."""
        kept = dict(document)
        for name in _SPANS & kept.keys():
            kept[name] = timedelta(seconds=kept[name])
        if "resolution_due_at" in kept:
            kept["resolution_due_at"] = datetime.fromisoformat(kept["resolution_due_at"])
        return cls(**kept)


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True)
class Event:
    """One thing that happened to the clock; `targets` come with start, reopen and reprioritise."""

    kind: EventKind
    at: datetime
    cycle: int = 1
    reason: str | None = None
    targets: Targets | None = None

    def __post_init__(self) -> None:
        """Hold the moment in UTC, whatever zone it came in."""
        object.__setattr__(self, "at", aware(self.at))
