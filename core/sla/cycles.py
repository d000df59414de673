"""One SLA cycle of an item, told event by event: when its clock ran, when it stood, what it aimed at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import Invalid
from core.sla.events import Event, EventKind, Targets


@dataclass(frozen=True)
class Phase:
    """A stretch [since, until) in which the clock ran, or stood for `reason`; the last one has no `until`."""

    since: datetime
    until: datetime | None
    paused: bool
    reason: str | None = None


def latest_cycle(events: Iterable[Event]) -> Cycle:
    """The latest cycle after all its events in order of time; those of one moment stay in the order given.

    A cycle that brings no targets of its own keeps those of the one before.
    """
    ordered = sorted(events, key=lambda event: event.at)
    if not ordered:
        raise Invalid("events", "a clock needs at least its start")
    last = max(event.cycle for event in ordered)
    own = [event for event in ordered if event.cycle == last]
    begins = max((at for at, event in enumerate(own) if event.kind is EventKind.REOPEN), default=0)
    before = [event for event in ordered if event.cycle < last] + own[:begins]
    targets = next((event.targets for event in reversed(before) if event.targets), Targets())
    cycle = Cycle(own[begins], targets)
    for event in own[begins:]:
        cycle.hear(event)
    return cycle


class Cycle:
    """One cycle, told event by event. What makes no sense, such as pausing twice, changes nothing."""

    def __init__(self, first: Event, targets: Targets) -> None:
        self.number, self.started_at = first.cycle, first.at
        self.targets = first.targets or targets
        self.changes = [(first.at, self.targets)]
        self.phases = [Phase(first.at, None, paused=False)]
        self.responded_at: datetime | None = None
        self.fulfilled_at: datetime | None = None
        self._waiting_on: str | None = None

    def hear(self, event: Event) -> None:
        """Take in the next event; a decided clock hears only that the decision is taken back."""
        if self.fulfilled_at is not None and event.kind is not EventKind.UNFULFIL:
            return
        match event.kind:
            case EventKind.START | EventKind.REPRIORITISE | EventKind.REOPEN:
                self._aim(event.at, event.targets)
            case EventKind.PAUSE:
                self._waiting_on = event.reason or self._waiting_on or ""
            case EventKind.RESUME:
                self._waiting_on = None
            case EventKind.RESPOND:
                self.responded_at = self.responded_at or event.at
            case EventKind.FULFIL:
                self.fulfilled_at = event.at
            case EventKind.UNFULFIL:
                self.fulfilled_at = self._waiting_on = None
        self._settle(event.at)

    def _aim(self, at: datetime, targets: Targets | None) -> None:
        if targets and targets != self.targets:
            self.targets = targets
            self.changes.append((at, targets))

    def _settle(self, at: datetime) -> None:
        """Let the clock stand or run as waiting and the targets in force ask for; no phase is left empty."""
        paused = self._waiting_on is not None and self.targets.pauses_when_waiting
        last = self.phases[-1]
        if paused == last.paused:
            return
        if last.since < at:
            self.phases[-1] = replace(last, until=at)
        else:
            self.phases.pop()
        if self.phases and self.phases[-1].paused == paused:
            self.phases[-1] = replace(self.phases[-1], until=None)
        else:
            self.phases.append(Phase(at, None, paused, self._waiting_on if paused else None))
