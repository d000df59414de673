"""A slow, independent SLA clock: steps through UTC minutes, looks at a wall clock, counts. Shares no code with ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _as_minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


class WallClock:
    """Says minute by minute whether a calendar document is open, by what its zone's clocks have come to read.

    An hour that clocks read twice counts as once: the second time round, the day has already come further.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.zone = ZoneInfo(document["zone"])
        closed = document.get("holidays", {})
        self.days_off = set(closed.get("dates", []))
        self.public: Any = {}
        if "country" in closed:
            self.public = holidays.country_holidays(
                closed["country"], subdiv=closed.get("subdivision"), years=range(2000, 2040)
            )

    def open_minutes(self, start: datetime, end: datetime) -> list[bool]:
        """One answer for each minute in [start, end), both on the minute."""
        furthest, answers = datetime.min, []
        at = start - timedelta(hours=30)  # long enough before, so that clocks set back just before are seen
        while at < end:
            furthest = max(furthest, at.astimezone(self.zone).replace(tzinfo=None))
            if at >= start:
                answers.append(self._is_open(furthest))
            at += MINUTE
        return answers

    def _is_open(self, wall: datetime) -> bool:
        day = wall.date().isoformat()
        hours = self.document.get("exceptions", {}).get(day)
        if hours is None:
            if day in self.days_off or wall.date() in self.public:
                return False
            hours = self.document["hours"].get(NAMES[wall.weekday()], [])
        minute = wall.hour * 60 + wall.minute
        return any(_as_minutes(since) <= minute < _as_minutes(until) for since, until in hours)


@dataclass
class Told:
    """What the slow clock saw: minutes counted, and when each target was reached (None: not within the window)."""

    counted: int
    due_at: datetime | None
    at_risk_at: datetime | None
    responded_by: datetime | None
    standing: bool


def tell(
    story: list[tuple[int, str, dict[str, Any]]], open_minutes: list[bool], start: datetime, risk_lead: int
) -> Told:
    """Count minute by minute from `start`; `story` is (minute, kind, targets) in order; targets are in minutes.

    The last targets rule the whole cycle; whether waiting pauses is ruled by those in force at the minute.
    """
    final = [targets for _, _, targets in story if targets][-1]
    waiting, pausing = False, False
    counted, trail = 0, [0]
    moves = list(story)
    for minute, is_open in enumerate(open_minutes):
        while moves and moves[0][0] <= minute:
            _, kind, targets = moves.pop(0)
            waiting = {"pause": True, "resume": False}.get(kind, waiting)
            pausing = targets["pauses"] if targets else pausing
        if is_open and not (waiting and pausing):
            counted += 1
        trail.append(counted)

    def reached(target: int) -> datetime | None:
        minutes = [minute for minute, count in enumerate(trail) if count >= target]
        return start + minutes[0] * MINUTE if minutes else None

    due_at = reached(final["resolution"])
    at_risk_at = reached(max(final["resolution"] - risk_lead, 0)) if due_at else None
    return Told(counted, due_at, at_risk_at, reached(final["first_response"]), waiting and pausing)


def utc(text: str) -> datetime:
    """The moment written in `text`, "2026-03-29 01:00" meaning UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
