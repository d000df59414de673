"""Periods as pandas cuts them, for trials of the metrics against real data. Shares no code with ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

ALWAYS = pd.Timestamp("1900-01-01", tz="UTC")


@dataclass(frozen=True)
class Cut:
    """The period [since, until] and the one before, both as UTC timestamps; `before` is None for all there is."""

    since: pd.Timestamp
    until: pd.Timestamp
    before: tuple[pd.Timestamp, pd.Timestamp] | None

    def holds(self, moments: pd.Series[Any]) -> pd.Series[bool]:
        """Which of these moments lie in the period; one that is unknown does not."""
        return (moments >= self.since) & (moments <= self.until)

    def held(self, moments: pd.Series[Any]) -> int:
        """How many moments lay in the period before."""
        assert self.before is not None
        since, until = self.before
        return int(((moments >= since) & (moments <= until) & (moments < self.since)).sum())


def cut(name: str, now: pd.Timestamp, zone: str) -> Cut:
    """The period of that name around `now`."""
    if name == "all":
        return Cut(ALWAYS, now, None)
    wall = now.tz_convert(zone).tz_localize(None).normalize()
    back = {"today": 0, "week": wall.day_of_week, "month": wall.day - 1}[name]
    first = wall - pd.Timedelta(days=back)
    earlier = {"today": first - pd.Timedelta(days=1), "week": first - pd.Timedelta(days=7),
               "month": first - pd.offsets.MonthBegin(1)}[name]  # fmt: skip
    since, start = (moment.tz_localize(zone).tz_convert("UTC") for moment in (first, earlier))
    return Cut(since, now, (start, start + (now - since)))


def percent(part: float, whole: float) -> float | None:
    """`part` of `whole` in percent; None over nothing."""
    return 100 * part / whole if whole else None
