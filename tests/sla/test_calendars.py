"""Business calendars: known tricky days, the JSON form and its refusals, quickness."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.errors import Invalid
from core.sla.calendars import AROUND_THE_CLOCK, Calendar
from tests.sla.oracle import utc

HOUR = timedelta(hours=1)
OFFICE: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "hours": {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": {"country": "DE", "subdivision": "BY", "dates": ["2026-12-24"]},
    "exceptions": {"2026-12-31": [["09:00", "12:00"]], "2026-11-21": [["10:00", "14:00"]]},
}


def office(**changes: Any) -> Calendar:
    return Calendar.from_json(OFFICE | changes)


def all_day(zone: str, day: str = "sun", hours: tuple[str, str] = ("00:00", "24:00")) -> Calendar:
    return Calendar.from_json({"zone": zone, "hours": {day: [list(hours)]}})


def test_around_the_clock_open_time_is_elapsed_time() -> None:
    start = utc("2026-03-28 20:17")
    assert AROUND_THE_CLOCK.is_always_open
    assert AROUND_THE_CLOCK.add(start, 720 * HOUR) == start + 720 * HOUR
    assert AROUND_THE_CLOCK.open_between(start, start + 720 * HOUR) == 720 * HOUR


def test_a_friday_evening_goes_on_on_monday() -> None:
    assert office().add(utc("2026-11-27 15:50"), 4 * HOUR) == utc("2026-11-30 10:50")


def test_the_deadline_is_the_earliest_moment_so_closing_time_not_the_next_opening() -> None:
    assert office().add(utc("2026-11-27 15:00"), 2 * HOUR) == utc("2026-11-27 17:00")


def test_no_open_time_is_reached_at_once_even_when_closed() -> None:
    assert office().add(utc("2026-11-29 10:00"), timedelta(0)) == utc("2026-11-29 10:00")


def test_lunch_holidays_and_exceptions_count_as_written() -> None:
    calendar = office()
    assert calendar.hours_on(date(2026, 12, 24)) == ()
    assert calendar.closed_because(date(2026, 12, 24)) == "holiday"
    assert calendar.closed_because(date(2026, 12, 25)) == "Christmas Day"
    assert calendar.closed_because(date(2026, 12, 26)) == "Second Day of Christmas"
    assert calendar.closed_because(date(2026, 11, 28)) == "weekend"
    assert calendar.hours_on(date(2026, 12, 31)) == ((540, 720),)
    assert calendar.hours_on(date(2026, 11, 21)) == ((600, 840),), "an exception opens a Saturday"
    # Wed 23 Dec 17:00 local, 8 h: 1 h that day, 24-27 closed, then 7 h of Mon 28 with its lunch.
    assert calendar.add(utc("2026-12-23 16:00"), 8 * HOUR) == utc("2026-12-28 16:00")


def test_an_exception_opens_a_public_holiday_and_closes_a_working_day() -> None:
    calendar = office(exceptions={"2026-12-25": [["09:00", "10:00"]], "2026-12-28": []})
    assert calendar.open_between(utc("2026-12-25 00:00"), utc("2026-12-29 00:00")) == HOUR
    assert calendar.closed_because(date(2026, 12, 28)) == "closed that day"


def test_a_holiday_of_another_state_is_a_working_day() -> None:
    epiphany = date(2026, 1, 6)
    assert office().hours_on(epiphany) == ()
    assert office(holidays={"country": "DE", "subdivision": "BE"}).hours_on(epiphany)


def test_an_observed_holiday_closes_the_last_day_of_the_year_before() -> None:
    calendar = office(zone="America/New_York", holidays={"country": "US"})
    assert calendar.closed_because(date(2027, 12, 31)) == "New Year's Day (observed)"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("Antarctica/Troll", "2026-10-25", 26),
        ("Asia/Kathmandu", "2026-10-25", 24),
    ],
)
def test_a_whole_day_has_the_hours_that_really_pass(zone: str, day: str, hours: float) -> None:
    middle = utc(f"{day} 12:00")
    calendar = all_day(zone, f"{middle:%a}".lower())
    open_time = calendar.open_between(middle - timedelta(days=2), middle + timedelta(days=2))
    assert open_time == timedelta(hours=hours)


def test_an_opening_that_clocks_skip_is_where_they_jump() -> None:
    opens = all_day("Europe/Berlin", hours=("02:30", "04:00")).add(utc("2026-03-28 12:00"), HOUR)
    assert opens == utc("2026-03-29 02:00")


def test_hours_that_clocks_skip_altogether_do_not_exist() -> None:
    calendar = all_day("Europe/Berlin", hours=("02:10", "02:50"))
    assert calendar.open_between(utc("2026-03-28 12:00"), utc("2026-03-30 12:00")) == timedelta(0)


def test_a_time_that_clocks_read_twice_is_its_first_reading() -> None:
    window = utc("2026-10-24 12:00"), utc("2026-10-26 12:00")
    early, late = (("02:00", "02:30"), ("02:30", "04:00"))
    assert all_day("Europe/Berlin", hours=early).open_between(*window) == HOUR / 2
    assert all_day("Europe/Berlin", hours=late).open_between(*window) == 2.5 * HOUR


def test_clocks_set_back_past_midnight_leave_the_new_day_open() -> None:
    # St. John's: at 00:01 on Sunday clocks went back to 23:01 on Saturday; Sunday had begun by then.
    calendar = all_day("America/St_Johns")
    again_saturday = utc("2010-11-07 02:40")
    assert calendar.open_between(again_saturday, again_saturday + HOUR / 4) == HOUR / 4


def test_a_date_that_a_zone_left_out_has_no_hours() -> None:
    calendar = all_day("Pacific/Apia", "fri")
    assert calendar.open_between(utc("2011-12-28 12:00"), utc("2012-01-03 00:00")) == timedelta(0)


def test_touching_days_are_one_stretch() -> None:
    calendar = Calendar.from_json(
        {"zone": "Asia/Tokyo", "hours": {"mon": [["22:00", "24:00"]], "tue": [["00:00", "02:00"]]}}
    )
    stretches = list(calendar.intervals(utc("2026-11-22 00:00"), utc("2026-11-27 00:00")))
    assert stretches == [(utc("2026-11-23 13:00"), utc("2026-11-23 17:00"))]


def test_moments_come_in_any_zone_but_never_without_one() -> None:
    local = datetime(2026, 11, 27, 16, 50, tzinfo=office().tz)
    assert office().add(local, 4 * HOUR).tzinfo is UTC
    with pytest.raises(ValueError, match="zone"):
        office().add(datetime(2026, 11, 27, 16, 50), HOUR)


def test_a_calendar_survives_its_own_json() -> None:
    calendar = office()
    again = Calendar.from_json(calendar.to_json())
    assert again == calendar
    assert hash(again) == hash(calendar)
    assert calendar.to_json()["hours"] == OFFICE["hours"]
    assert Calendar.from_json(AROUND_THE_CLOCK.to_json()) == AROUND_THE_CLOCK


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"zone": "Europe/Nowhere"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": "\ud800"}, "zone"),
        ({"zone": 7}, "zone"),
        ({"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "hours.mon"),
        ({"hours": {"tue": [["13:00", "14:00"], ["09:00", "12:00"]]}}, "hours.tue"),
        ({"hours": {"mon": [["12:00", "09:00"]]}}, "hours.mon"),
        ({"hours": {"mon": [["09:00", "09:00"]]}}, "hours.mon"),
        ({"hours": {"mon": [["09:00", "24:01"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["9:00", "10:00"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["09:00"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": "always"}}, "hours.mon"),
        ({"hours": {"monday": []}}, "hours.monday"),
        ({"hours": {}}, "hours"),
        ({"hours": None}, "hours"),
        ({"holidays": {"country": "XX"}}, "holidays.country"),
        ({"holidays": {"country": "HolidayBase"}}, "holidays.country"),
        ({"holidays": {"country": "DE", "subdivision": "ZZ"}}, "holidays.subdivision"),
        ({"holidays": {"subdivision": "BY"}}, "holidays.subdivision"),
        ({"holidays": {"dates": ["2026-02-30"]}}, "holidays.dates"),
        ({"holidays": {"dates": ["2026-W01-1"]}}, "holidays.dates"),
        ({"holidays": {"dates": ["20261224"]}}, "holidays.dates"),
        ({"exceptions": {"someday": []}}, "exceptions"),
        ({"exceptions": {"2026-12-31": [["10:00", "09:00"]]}}, "exceptions.2026-12-31"),
        ({"exceptions": []}, "exceptions"),
        ({"colour": "red"}, "calendar.colour"),
    ],
)
def test_a_wrong_calendar_is_refused_naming_the_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as refusal:
        office(**change)
    assert refusal.value.field == place


def test_a_target_that_cannot_be_counted_within_ten_years_is_refused() -> None:
    with pytest.raises(Invalid, match="ten years"):
        all_day("UTC", "mon", ("09:00", "09:01")).add(utc("2026-11-21 09:00"), 100 * HOUR)


@pytest.mark.parametrize("span", [timedelta(days=9_000_000), timedelta(hours=-1)])
def test_a_target_beyond_the_end_of_time_or_below_nothing_is_refused(span: timedelta) -> None:
    for calendar in (AROUND_THE_CLOCK, office()):
        with pytest.raises(Invalid):
            calendar.add(utc("2026-11-21 09:00"), span)


def test_the_end_of_time_is_refused_not_tripped_over() -> None:
    with pytest.raises(Invalid):
        office().add(utc("9999-12-30 09:00"), 100 * HOUR)


def test_thirty_business_days_are_added_well_within_a_millisecond() -> None:
    calendar, start = office(), utc("2026-11-02 08:00")
    calendar.add(start, 240 * HOUR)
    took = []
    for _ in range(50):
        begun = time.process_time()
        calendar.add(start, 240 * HOUR)
        took.append(time.process_time() - begun)
    assert min(took) < 0.001
