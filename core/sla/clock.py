"""The SLA clock: deadlines as a pure function of what happened, the targets in force and the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.clock import aware
from core.sla.calendars import NOTHING, Calendar
from core.sla.cycles import Cycle, Phase, latest_cycle
from core.sla.events import Event, Targets
from core.words import SlaState

USUAL_LEAD = timedelta(hours=1)


@dataclass(frozen=True)
class Reading:
    """What the clock of the latest cycle says at `now`.

    A deadline is None without a target, and while the clock stands without having reached it. `counted` is
    the open time used until `now` or the decision; `remaining` is negative when late. Moments are UTC.
    """

    cycle: int
    now: datetime
    started_at: datetime
    first_response_due_at: datetime | None
    first_responded_at: datetime | None
    resolution_due_at: datetime | None
    at_risk_at: datetime | None
    paused: bool
    counted: timedelta
    target: timedelta | None
    remaining: timedelta | None
    fulfilled_at: datetime | None
    changes: tuple[tuple[datetime, Targets], ...]
    phases: tuple[Phase, ...]
    calendar: Calendar

    @property
    def met(self) -> bool | None:
        """Whether the decision came by the deadline (or needed none); None while there is no decision."""
        return None if self.fulfilled_at is None else _by(self.fulfilled_at, self.resolution_due_at)

    @property
    def first_response_met(self) -> bool | None:
        """Whether the first response came by its deadline (or needed none); None while there is none."""
        return None if self.first_responded_at is None else _by(self.first_responded_at, self.first_response_due_at)

    @property
    def state(self) -> SlaState:
        """How the item stands to its resolution deadline at `now`; a decided one is breached if it was late."""
        if self.met is not None:
            return SlaState.ON_TRACK if self.met else SlaState.BREACHED
        return sla_state(self.resolution_due_at, self.at_risk_at, self.now, paused=self.paused)


def _by(moment: datetime, due_at: datetime | None) -> bool:
    return due_at is None or moment <= due_at


def sla_state(due_at: datetime | None, at_risk_at: datetime | None, now: datetime, *, paused: bool = False) -> SlaState:
    """How an open item stands at `now` to a deadline; a breach outlasts a pause."""
    if due_at is not None and due_at <= now:
        return SlaState.BREACHED
    if paused:
        return SlaState.PAUSED
    return SlaState.AT_RISK if at_risk_at is not None and at_risk_at <= now else SlaState.ON_TRACK


def read(events: Iterable[Event], calendar: Calendar, now: datetime, default_lead: timedelta = USUAL_LEAD) -> Reading:
    """The clock of the latest cycle in `events`: deadlines depend on the events alone, `counted` on `now`.

    Deciding fixes the deadline; a decision taken back (unfulfil) leaves it as if the clock had run all along.
    Raises Invalid when there is no event, or when a deadline would lie beyond what the calendar can count.
    """
    cycle = latest_cycle(events)
    now, targets, ends = aware(now), cycle.targets, cycle.fulfilled_at
    until = min(now, ends) if ends else now
    counted = sum((calendar.open_between(*run) for run in _runs(cycle.phases, until)), NOTHING)
    due_at, at_risk_at = _resolution(cycle, calendar, default_lead)
    return Reading(
        cycle=cycle.number,
        now=now,
        started_at=cycle.started_at,
        first_response_due_at=_first_response(cycle, calendar),
        first_responded_at=cycle.responded_at,
        resolution_due_at=due_at,
        at_risk_at=at_risk_at,
        paused=cycle.phases[-1].paused and ends is None,
        counted=counted,
        target=None if targets.resolution_due_at else targets.resolution,
        remaining=_remaining(targets, counted, until),
        fulfilled_at=ends,
        changes=tuple(cycle.changes),
        phases=tuple(cycle.phases),
        calendar=calendar,
    )


def _runs(phases: Sequence[Phase], until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches before `until` in which the clock ran."""
    for phase in phases:
        if not phase.paused and phase.since < until:
            yield phase.since, min(phase.until or until, until)


def _reached(phases: Sequence[Phase], calendar: Calendar, target: timedelta) -> datetime | None:
    """When `target` of open time has been counted; None when the clock stands before that."""
    if not target:
        return phases[0].since
    left = target
    for phase in phases:
        if phase.paused:
            continue
        counted = calendar.open_between(phase.since, phase.until) if phase.until else left
        if counted >= left:
            return calendar.add(phase.since, left)
        left -= counted
    return None


def _resolution(cycle: Cycle, calendar: Calendar, usual_lead: timedelta) -> tuple[datetime | None, datetime | None]:
    """When the item is due and when it becomes at risk."""
    targets, start = cycle.targets, cycle.started_at
    if targets.resolution_due_at is not None:
        risk = _risk(targets, targets.resolution_due_at - start, usual_lead)
        return targets.resolution_due_at, start + risk
    if targets.resolution is None:
        return None, None
    due_at = _reached(cycle.phases, calendar, targets.resolution)
    risk = _risk(targets, targets.resolution, usual_lead)
    return due_at, due_at and _reached(cycle.phases, calendar, risk)


def _risk(targets: Targets, target: timedelta, usual_lead: timedelta) -> timedelta:
    """How much of `target` may be used before the item is at risk."""
    if targets.at_risk_share is not None:
        return max(target * targets.at_risk_share, NOTHING)
    lead = usual_lead if targets.at_risk_lead is None else targets.at_risk_lead
    return max(target - lead, NOTHING)


def _first_response(cycle: Cycle, calendar: Calendar) -> datetime | None:
    """When the first response is due. What happens after the response moves it no more."""
    if cycle.targets.first_response is None:
        return None
    phases, answered = cycle.phases, cycle.responded_at
    if answered is not None:
        heard = [phase for phase in phases if phase.since < answered] or phases[:1]
        phases = [*heard[:-1], replace(heard[-1], until=None)]
    return _reached(phases, calendar, cycle.targets.first_response)


def _remaining(targets: Targets, counted: timedelta, until: datetime) -> timedelta | None:
    if targets.resolution_due_at is not None:
        return targets.resolution_due_at - until
    return None if targets.resolution is None else targets.resolution - counted
