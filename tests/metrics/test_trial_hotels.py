"""Two hotels' bookings: every figure of bookings and revenue is what pandas makes of the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from core import clock, config
from core.intake import importing
from core.metrics import folding, proving, reading
from core.metrics.periods import PERIODS
from core.metrics.reading import metrics
from core.permissions import process
from core.uow import perform
from tests.conftest import empty
from tests.intake.shared import DATA, OPERATOR, needs_data
from tests.metrics.trial import cut, percent

pytestmark = needs_data
ZONE = "Europe/Lisbon"
MOMENTS = {
    "the day the clocks went back": "2015-10-25T11:11+00:00",
    "the last of the year": "2015-12-31T23:00+00:00",
    "the first of the next": "2016-01-01T00:00+00:00",
    "after the clocks went forward": "2016-03-28T12:30+01:00",
    "the last of March": "2016-03-31T20:00+01:00",
    "in summer, at midnight": "2016-08-01T00:00+01:00",
}
FILE = DATA / "bookings/hotel_bookings_2015_2016_sample.csv"
JOB = process("job", "trial")


@pytest.fixture(scope="module")
def hotels(server: None) -> Iterator[pd.DataFrame]:
    """All bookings are in the database as they are in the frame; half of what they come to is folded."""
    config.drop_cache()
    with clock.frozen(datetime(2017, 1, 15, tzinfo=UTC)):
        perform(OPERATOR, config.change, "TIME_ZONE", ZONE)
        importing.run(OPERATOR, "bookings", FILE, "hotel-demand")
        perform(JOB, folding.fold, 2_000)
    told = pd.read_csv(FILE, keep_default_na=False, low_memory=False)
    year, day = told["arrival_date_year"].astype(str), told["arrival_date_day_of_month"].astype(str)
    arrival = pd.to_datetime(year + told["arrival_date_month"] + day, format="%Y%B%d", utc=True)
    yield pd.DataFrame({
        "made": arrival - pd.to_timedelta(told["lead_time"], unit="D"),
        "status": told["reservation_status"].map(
            {"Check-Out": "completed", "Canceled": "cancelled", "No-Show": "cancelled"}
        ),
        "paid": (told["reservation_status"] == "Check-Out") | (told["deposit_type"] != "No Deposit"),
        "amount": told["adr"] * (told["stays_in_weekend_nights"] + told["stays_in_week_nights"]),
    })  # fmt: skip
    empty()
    config.drop_cache()


@pytest.fixture(params=list(MOMENTS.values()), ids=list(MOMENTS))
def moment(request: Any) -> Iterator[pd.Timestamp]:
    """One moment after the other at which a manager might have looked."""
    reading.forget()
    with clock.frozen(datetime.fromisoformat(request.param)):
        yield pd.Timestamp(request.param).tz_convert("UTC")


@pytest.mark.parametrize("period", PERIODS)
def test_bookings(hotels: pd.DataFrame, moment: pd.Timestamp, period: str) -> None:
    found, asked = perform(OPERATOR, metrics, period, ["bookings", "realtime"]), cut(period, moment, ZONE)
    bookings, now = found.bookings, found.realtime
    assert bookings is not None
    assert now is not None
    made = hotels[asked.holds(hotels["made"])]
    assert bookings.total == len(made)
    assert {name: count for name, count in bookings.by_status.items() if count} == made[
        "status"
    ].value_counts().to_dict()
    for name in ("today", "week", "month"):
        assert getattr(bookings, name) == cut(name, moment, ZONE).holds(hotels["made"]).sum()
    if asked.before is None:
        assert (bookings.previous, bookings.growth_rate) == (None, None)
    else:
        before = asked.held(hotels["made"])
        assert (bookings.previous, bookings.growth_rate) == (before, percent(len(made) - before, before))
    assert (now.active_bookings, now.pending_bookings) == (0, 0)


@pytest.mark.parametrize("period", PERIODS)
def test_revenue(hotels: pd.DataFrame, moment: pd.Timestamp, period: str) -> None:
    found, asked = perform(OPERATOR, metrics, period, ["revenue"]).revenue, cut(period, moment, ZONE)
    assert found is not None
    paid = hotels[asked.holds(hotels["made"]) & hotels["paid"]]
    cents = 0.005 * len(paid) + 1e-6  # each amount is kept in whole cents
    assert float(found.total) == pytest.approx(paid["amount"].sum(), abs=cents)
    assert found.paid_bookings == len(paid)
    expected = paid["amount"].sum() / len(paid) if len(paid) else None
    average = found.average_order_value
    assert (None if average is None else float(average)) == (
        None if expected is None else pytest.approx(expected, abs=0.01)
    )
    for status, amount in found.by_status.items():
        assert float(amount) == pytest.approx(paid.loc[paid["status"] == status, "amount"].sum(), abs=cents)
    for name in ("today", "week", "month"):
        made = cut(name, moment, ZONE).holds(hotels["made"]) & hotels["paid"]
        assert float(getattr(found, name)) == pytest.approx(
            hotels.loc[made, "amount"].sum(), abs=0.005 * made.sum() + 1e-6
        )
    if asked.before is not None:
        since, until = asked.before
        made = (hotels["made"] >= since) & (hotels["made"] <= until) & (hotels["made"] < asked.since) & hotels["paid"]
        before = hotels.loc[made, "amount"].sum()
        if before:
            assert found.growth_rate == pytest.approx(
                100 * (paid["amount"].sum() - before) / before, rel=1e-3, abs=0.01
            )
        else:
            assert found.growth_rate is None


def test_the_sums_are_what_the_rows_say(hotels: pd.DataFrame) -> None:
    assert perform(JOB, proving.differences) == {}
