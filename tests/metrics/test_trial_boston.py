"""A city's complaints: every figure of complaints, deadlines and queue is what pandas makes of the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from core import clock, config
from core.intake import importing
from core.metrics import proving, reading
from core.metrics.periods import PERIODS
from core.metrics.reading import Metrics, metrics
from core.permissions import process
from core.uow import perform
from tests.conftest import empty
from tests.intake.shared import DATA, OPERATOR, needs_data
from tests.metrics.trial import Cut, cut, percent

pytestmark = needs_data
ZONE = "America/New_York"
NIGHT = datetime.fromisoformat("2016-01-13T00:00-05:00")
MOMENTS = {
    "after the clocks went forward": "2015-03-09T10:20-04:00",
    "a Sunday in summer": "2015-07-05T23:59:59-04:00",
    "the day the clocks went back": "2015-11-01T15:30-05:00",
    "the last of the year": "2015-12-31T18:00-05:00",
    "the first of the next": "2016-01-01T00:30-05:00",
    "the night the file was made": "2016-01-13T00:00-05:00",
}
FILE = DATA / "complaints/boston_311_2015_sample.csv"
EXACT = 10_000


@pytest.fixture(scope="module")
def city(server: None) -> Iterator[pd.DataFrame]:
    """All complaints are in the database as they are in the frame, at the times that the file says."""
    config.drop_cache()
    with clock.frozen(NIGHT):
        perform(OPERATOR, config.change, "TIME_ZONE", ZONE)
        importing.run(OPERATOR, "complaints", FILE, "boston-311", as_of=NIGHT)
    told = pd.read_csv(FILE, dtype=str, keep_default_na=False)
    frame = pd.DataFrame({
        name: pd.to_datetime(told[column], format="%m/%d/%Y %I:%M:%S %p").dt.tz_localize(ZONE).dt.tz_convert("UTC")
        for name, column in (("opened", "OPEN_DT"), ("due", "TARGET_DT"), ("closed", "CLOSED_DT"))
    })  # fmt: skip
    frame["open"] = told["CASE_STATUS"] == "Open"
    later = frame["closed"] > pd.Timestamp(NIGHT)  # not known that night
    frame["open"] |= later
    frame["closed"] = frame["closed"].mask(later)
    frame.loc[frame["closed"] < frame["opened"], "due"] = pd.NaT  # a clock that stops before it starts has no deadline
    hours = (frame["closed"] - frame["opened"]).dt.total_seconds() / 3600
    frame["hours"] = hours.where(hours >= 0)
    yield frame
    empty()
    config.drop_cache()


@pytest.fixture(params=list(MOMENTS.values()), ids=list(MOMENTS))
def moment(request: Any) -> Iterator[pd.Timestamp]:
    """One moment after the other at which the city might have looked."""
    reading.forget()
    with clock.frozen(datetime.fromisoformat(request.param)):
        yield pd.Timestamp(request.param).tz_convert("UTC")


def _read(period: str) -> Metrics:
    return perform(OPERATOR, metrics, period)


@pytest.mark.parametrize("period", PERIODS)
def test_complaints(city: pd.DataFrame, moment: pd.Timestamp, period: str) -> None:
    found, asked = _read(period), cut(period, moment, ZONE)
    complaints, now = found.complaints, found.realtime
    assert complaints is not None
    assert now is not None
    came = city[asked.holds(city["opened"])]
    assert complaints.total == len(came)
    assert complaints.by_priority == {"critical": 0, "high": 0, "medium": len(came), "low": 0}
    assert complaints.by_status == {"open": came["open"].sum(), "closed": (~came["open"]).sum(), "in_progress": 0,
                                    "resolved": 0, "escalated": 0}  # fmt: skip
    assert complaints.today == cut("today", moment, ZONE).holds(city["opened"]).sum()
    assert complaints.unresolved == now.active_complaints == (city["open"] & (city["opened"] <= moment)).sum()
    _same_times(complaints, "resolution", city.loc[asked.holds(city["closed"]), "hours"].dropna())
    assert now.critical_complaints == 0


def _same_times(found: Any, of: str, hours: pd.Series[float]) -> None:
    average, p50, p90 = (getattr(found, f"{name}_{of}_hours") for name in ("avg", "p50", "p90"))
    if hours.empty:
        assert (average, p50, p90) == (None, None, None)
        return
    near = 1e-6 if len(hours) <= EXACT else 0.045
    assert average == pytest.approx(hours.mean(), rel=1e-9)
    assert p50 == pytest.approx(hours.quantile(0.5), rel=near)
    assert p90 == pytest.approx(hours.quantile(0.9), rel=near)


@pytest.mark.parametrize("period", PERIODS)
def test_deadlines(city: pd.DataFrame, moment: pd.Timestamp, period: str) -> None:
    found, asked = _read(period).sla, cut(period, moment, ZONE)
    assert found is not None
    there = city[city["open"] & (city["opened"] <= moment)]
    assert found.breached == (there["due"] <= moment).sum()
    near = (there["due"] > moment) & ((there["due"] - pd.Timedelta(hours=1)).clip(lower=there["opened"]) <= moment)
    assert found.at_risk == near.sum()
    met, sealed = _fates(city, asked)
    assert (found.met, found.sealed, found.compliance_rate) == (met, sealed, percent(met, sealed))
    _same_times(found, "resolution", city.loc[asked.holds(city["closed"]), "hours"].dropna())
    assert (found.responded, found.avg_response_hours) == (0, None)


def _fates(city: pd.DataFrame, asked: Cut) -> tuple[int, int]:
    promised = city[city["due"].notna()]
    fate = promised[["closed", "due"]].min(axis=1)
    sealed = promised[asked.holds(fate)]
    return int((sealed["closed"] <= sealed["due"]).sum()), len(sealed)


@pytest.mark.parametrize("period", PERIODS)
def test_the_queue(city: pd.DataFrame, moment: pd.Timestamp, period: str) -> None:
    found, asked = _read(period).queue, cut(period, moment, ZONE)
    assert found is not None
    there = city[city["open"] & (city["opened"] <= moment)]
    flags = int((city["closed"] < city["opened"]).sum()) if moment == pd.Timestamp(NIGHT) else 0
    assert found.total_pending == len(there) + flags
    assert found.by_queue == {"customer": len(there) + flags, "automation": 0, "provider_data": 0} or flags
    assert found.by_status["open"] == found.total_pending
    assert found.items_breaching_sla == (there["due"] <= moment).sum()
    assert found.oldest_item_hours == pytest.approx((moment - there["opened"].min()) / pd.Timedelta(hours=1))
    assert found.decided == asked.holds(city["closed"]).sum()
    assert found.opened == asked.holds(city["opened"]).sum() + flags
    assert found.escalation_rate == percent(0, found.opened)
    assert found.resolutions_per_person_per_day is None
    hours = city.loc[asked.holds(city["closed"]), "hours"].dropna()
    assert found.avg_resolution_hours_by_type == ({"complaint": pytest.approx(hours.mean())} if len(hours) else {})


def test_the_sums_are_what_the_rows_say(city: pd.DataFrame) -> None:
    assert perform(process("job", "trial"), proving.differences) == {}
