"""Why a deadline falls when it does: the clock's counting, step by step and in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from core.sla.calendars import NOTHING, Calendar
from core.sla.clock import Reading
from core.sla.events import Targets
from core.spans import format_span

_ONE_DAY = timedelta(days=1)
_INSTANT = timedelta.resolution
_WEEK = timedelta(days=6)  # beyond it a weekday's name no longer says which day
_SHOWN = 5  # steps told one by one at either end of a long story


class StepKind(StrEnum):
    """What a step of the derivation tells."""

    target = "target"
    changed = "changed"
    counted = "counted"
    ahead = "ahead"
    closed = "closed"
    paused = "paused"
    more = "more"
    at_risk = "at_risk"
    due = "due"
    decided = "decided"


@dataclass(frozen=True)
class Step:
    """One step: [since, until) in UTC (equal for a moment), the open time in it, a note such as a reason."""

    kind: StepKind
    since: datetime
    until: datetime
    span: timedelta = NOTHING
    note: str = ""


def steps(reading: Reading) -> tuple[Step, ...]:
    """How the resolution deadline comes about, in order: targets, what counts and what not, due, decided."""
    return (*_targets(reading), *_shortened(list(_timeline(reading))), *_ends(reading))


def explain(reading: Reading, zone: tzinfo) -> list[str]:
    """The derivation in short lines, times in `zone`: "4 h target", "1 h counted Fri 17:00–18:00" …"""
    told = steps(reading)
    words = _Words(zone, told[0].since, max(step.until for step in told), reading.calendar.is_always_open)
    return [words.line(step) for step in told]


def _targets(reading: Reading) -> Iterator[Step]:
    for place, (at, targets) in enumerate(reading.changes):
        kind = StepKind.changed if place else StepKind.target
        yield Step(kind, at, at, note=_promise(targets, days=reading.calendar.is_always_open))


def _promise(targets: Targets, *, days: bool) -> str:
    label = f" ({targets.label})" if targets.label else ""
    if targets.resolution_due_at is not None:
        return f"deadline set by the source{label}"
    if targets.resolution is None:
        return f"no target{label}"
    return f"{format_span(targets.resolution, days=days)} target{label}"


def _timeline(reading: Reading) -> Iterator[Step]:
    """What counted and what did not, up to the deadline or decision; a source's deadline counts nothing."""
    if reading.changes[-1][1].resolution_due_at is not None:
        return
    ends = [moment for moment in (reading.resolution_due_at, reading.fulfilled_at) if moment]
    end = min(ends, default=reading.now)
    for phase in reading.phases:
        until = min(phase.until or end, end)
        if phase.since >= until:
            continue
        if phase.paused:
            yield Step(StepKind.paused, phase.since, until, note=phase.reason or "")
        else:
            yield from _running(reading.calendar, phase.since, until, reading.now)


def _running(calendar: Calendar, since: datetime, until: datetime, now: datetime) -> Iterator[Step]:
    at = since
    for opens, closes in calendar.intervals(since, until):
        if at < opens:
            yield _closed(calendar, at, opens)
        yield from _split(opens, closes, now)
        at = closes
    if at < until:
        yield _closed(calendar, at, until)


def _split(since: datetime, until: datetime, now: datetime) -> Iterator[Step]:
    """An open stretch: what of it has been counted, and what is still ahead."""
    past = min(max(now, since), until)
    if since < past:
        yield Step(StepKind.counted, since, past, past - since)
    if past < until:
        yield Step(StepKind.ahead, past, until, until - past)


def _closed(calendar: Calendar, since: datetime, until: datetime) -> Step:
    """A closed stretch, with the reasons of the days in it that have no hours at all; a night needs none."""
    day = since.astimezone(calendar.tz).date()
    last = (until - _INSTANT).astimezone(calendar.tz).date()
    reasons: dict[str, None] = {}
    while day <= last:
        reasons[calendar.closed_because(day) or ""] = None
        day += _ONE_DAY
    return Step(StepKind.closed, since, until, note=", ".join(reason for reason in reasons if reason))


def _shortened(told: list[Step]) -> Sequence[Step]:
    """A long story with its middle summed up in one step."""
    if len(told) <= 2 * _SHOWN + 1:
        return told
    middle = told[_SHOWN:-_SHOWN]
    pauses = sum(step.kind is StepKind.paused for step in middle)
    note = "" if not pauses else "1 pause" if pauses == 1 else f"{pauses:,} pauses"
    span = sum((step.span for step in middle), NOTHING)
    summed = Step(StepKind.more, middle[0].since, middle[-1].until, span, note)
    return [*told[:_SHOWN], summed, *told[-_SHOWN:]]


def _ends(reading: Reading) -> Iterator[Step]:
    due_at, decided_at = reading.resolution_due_at, reading.fulfilled_at
    if reading.at_risk_at and not decided_at:
        yield Step(StepKind.at_risk, reading.at_risk_at, reading.at_risk_at)
    if due_at:
        yield Step(StepKind.due, due_at, due_at)
    if decided_at:
        late = bool(due_at and decided_at > due_at)
        yield Step(StepKind.decided, decided_at, decided_at, note="late" if late else "in time")


# What is said of each kind of step, and what is added where it carries a note.
_SAYINGS = {
    StepKind.target: ("", "{note}"),
    StepKind.changed: ("", "{note} since {since}"),
    StepKind.counted: ("{span} counted {between}", ""),
    StepKind.ahead: ("{span} to come {between}", ""),
    StepKind.closed: ("closed until {until}", " ({note})"),
    StepKind.paused: ("paused {between}", ": {note}"),
    StepKind.more: ("{span} more {between}", ", with {note}"),
    StepKind.at_risk: ("at risk from {since}", ""),
    StepKind.due: ("due {since}", ""),
    StepKind.decided: ("decided {since}", ", {note}"),
}


@dataclass(frozen=True)
class _Words:
    """How steps are said: in one zone, dates where weekdays would be unclear, days only if of 24 h."""

    zone: tzinfo
    first: datetime
    last: datetime
    days: bool

    def line(self, step: Step) -> str:
        """The step in words; a note only where there is one."""
        saying, aside = _SAYINGS[step.kind]
        since, until = self._moment(step.since), self._moment(step.until)
        between = f"{since}–{self._until(step.since, step.until)}"
        said = {"since": since, "until": until, "between": between, "note": step.note}
        return (saying + (aside if step.note else "")).format(span=format_span(step.span, days=self.days), **said)

    def _moment(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        if self.last - self.first <= _WEEK:
            return f"{local:%a %H:%M}"
        year = f" {local.year}" if self._years_differ() else ""
        return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}"

    def _until(self, since: datetime, until: datetime) -> str:
        start, end = since.astimezone(self.zone), until.astimezone(self.zone)
        return f"{end:%H:%M}" if start.date() == end.date() else self._moment(until)

    def _years_differ(self) -> bool:
        return self.first.astimezone(self.zone).year != self.last.astimezone(self.zone).year
