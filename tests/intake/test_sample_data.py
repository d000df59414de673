"""All of the real sample data comes in, as often as one likes, and counts what a few lines of pandas count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from core import clock
from core.intake import importing
from core.intake.importing import Outcome
from core.resolutions.npi import is_npi
from tests.conftest import empty
from tests.intake.shared import DATA, OPERATOR, needs_data, one, rows, state
from tests.reports.counting import compare, counted

pytestmark = needs_data
NIGHT = datetime.fromisoformat("2016-01-13T00:00-05:00")
TODAY = datetime.fromisoformat("2026-03-11T12:00+00:00")
FILES = {
    "boston-311": ("complaints", "complaints/boston_311_2015_sample.csv"),
    "hotel-demand": ("bookings", "bookings/hotel_bookings_2015_2016_sample.csv"),
    "uci-incidents": ("incidents", "incidents/uci_incident_event_log_sample.csv"),
    "nppes": ("providers", "providers/nppes_organizations.csv"),
    "ehr-directory": ("providers", "providers/ehr_directory_share.csv"),
    "gp2gp": ("transfers", "failed_automation/gp2gp_requestor_2019-05_08.csv"),
}


def _import(name: str) -> Outcome:
    kind, file = FILES[name]
    return importing.run(OPERATOR, kind, DATA / file, name, as_of=NIGHT if name == "boston-311" else None)


def _frame(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / FILES[name][1], dtype=str, keep_default_na=False)


def _times(told: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_datetime(told[name], format="%m/%d/%Y %I:%M:%S %p")


@pytest.fixture(scope="module")
def outcomes(server: None) -> Iterator[dict[str, Outcome]]:
    """What importing each file came to, with all of them in the database."""
    with clock.frozen(TODAY):
        yield {name: _import(name) for name in FILES}
    empty()


def test_every_row_of_every_file_comes_in(outcomes: dict[str, Outcome]) -> None:
    for name in FILES:
        assert (outcomes[name].read, outcomes[name].rejected) == (len(_frame(name)), 0)
    assert {name: outcome.new for name, outcome in outcomes.items()} == {
        "boston-311": 20_185,
        "hotel-demand": 26_417,
        "uci-incidents": 3_339,
        "nppes": 1_765,
        "ehr-directory": 2_350,
        "gp2gp": outcomes["gp2gp"].read - outcomes["gp2gp"].quiet,
    }


def test_open_and_overdue_are_what_the_city_says(outcomes: dict[str, Outcome]) -> None:
    told = _frame("boston-311")
    due = _times(told, "TARGET_DT").dt.tz_localize("America/New_York")
    is_open = told["CASE_STATUS"] == "Open"
    overdue = is_open & (due < pd.Timestamp(NIGHT))
    found = rows(
        "SELECT count(*), count(*) FILTER (WHERE sla_deadline < :now) FROM work_items "
        "WHERE source = 'boston-311' AND item_type = 'complaint' AND status = 'open'",
        now=TODAY,
    )
    assert found == [(is_open.sum(), overdue.sum())] == [(3_372, 1_905)]


def test_the_city_sets_every_deadline_or_none(outcomes: dict[str, Outcome]) -> None:
    told = _frame("boston-311")
    opened, closed = _times(told, "OPEN_DT"), _times(told, "CLOSED_DT")
    possible = ~(closed < opened)  # a clock that was stopped before it was started has no deadline
    found = one(
        "SELECT count(sla_deadline) FROM work_items WHERE source = 'boston-311' AND item_type = 'complaint' "
        "AND (resolved_at >= created_at) IS NOT FALSE"
    )
    assert found == ((told["TARGET_DT"] != "") & possible).sum()


def test_cancellations_with_a_deposit_become_refunds(outcomes: dict[str, Outcome]) -> None:
    told = _frame("hotel-demand")
    asked = (told["reservation_status"] == "Canceled") & (told["deposit_type"] != "No Deposit")
    assert one("SELECT count(*) FROM work_items WHERE item_type = 'refund'") == asked.sum()
    statuses = {"Check-Out": "completed", "Canceled": "cancelled", "No-Show": "cancelled"}
    expected = told["reservation_status"].map(statuses).value_counts().to_dict()
    assert dict(rows("SELECT status, count(*) FROM bookings GROUP BY status")) == expected


def test_a_stay_is_worth_its_rate_times_its_nights(outcomes: dict[str, Outcome]) -> None:
    told = _frame("hotel-demand")
    nights = told["stays_in_weekend_nights"].astype(int) + told["stays_in_week_nights"].astype(int)
    worth = (told["adr"].astype(float) * nights).sum()
    assert float(one("SELECT sum(amount) FROM bookings")) == pytest.approx(worth, abs=1)


def test_incidents_keep_their_way_and_their_ends(outcomes: dict[str, Outcome]) -> None:
    told = _frame("uci-incidents")
    groups = dict(rows("SELECT resource_id, context->'way' FROM work_items WHERE item_type = 'incident'"))
    assert set(groups) == set(told["number"])
    assert {step["state"] for way in groups.values() for step in way} == set(told["incident_state"])
    kinds = Counter(dict(rows("SELECT kind, count(*) FROM work_actions a JOIN work_items i ON i.id = a.item_id "
                              "WHERE i.item_type = 'incident' GROUP BY kind")))  # fmt: skip
    assert kinds == {"OPEN": 3_339, "RESOLVE": 3_339}


def test_months_with_failed_transfers_become_items(outcomes: dict[str, Outcome]) -> None:
    told = _frame("gp2gp")
    count = {
        name: pd.to_numeric(told[name]).fillna(0) for name in ("RequestCount", "IntegratedCount", "SuppressedCount")
    }
    failed = count["RequestCount"] - count["IntegratedCount"] - count["SuppressedCount"]
    impossible = pd.to_numeric(told["SuccessRate"]) > 1
    assert outcomes["gp2gp"].new == ((failed > 0) | impossible).sum()
    assert outcomes["gp2gp"].flagged == impossible.sum() == 1


def test_the_directory_has_the_clusters_that_its_makers_found(outcomes: dict[str, Outcome]) -> None:
    clusters = pd.read_csv(DATA / "providers/ehr_directory_share_clusters.csv", dtype=str)
    npis_of: dict[str, set[str]] = {}
    for record, npis in rows(
        "SELECT substr(external_ref, 15), details->'npis' FROM individual_providers WHERE source = 'ehr-directory'"
    ):
        npis_of[record] = set(filter(is_npi, npis))
    for _, cluster in clusters.groupby("npi_cluster")["record_id"]:
        for record in cluster:
            others = set().union(*(npis_of[other] for other in cluster if other != record))
            assert npis_of[record] & others, record


def test_impossible_rows_are_kept_and_flagged_once_each(outcomes: dict[str, Outcome]) -> None:
    told = _frame("boston-311")
    opened, closed = _times(told, "OPEN_DT"), _times(told, "CLOSED_DT")
    assert outcomes["boston-311"].flagged == (closed < opened).sum()
    placeholders = _frame("ehr-directory")["npi"].isin(["N/A", "000000000"]).sum()
    flagged = rows(
        "SELECT count(*) FROM individual_providers p JOIN work_items i ON i.item_type = 'validation_flag' "
        "AND i.resource_type = 'provider' AND i.resource_id = p.id::text WHERE p.npi IN ('N/A', '000000000')"
    )
    assert flagged == [(placeholders,)]
    assert one("SELECT count(*) FROM work_items WHERE item_type = 'validation_flag'") == sum(
        outcome.flagged for outcome in outcomes.values()
    )


@pytest.mark.parametrize("name", FILES)
def test_a_second_import_changes_nothing(outcomes: dict[str, Outcome], name: str) -> None:
    before: Any = state()
    again = _import(name)
    assert (again.new, again.merged, again.flagged, again.known) == (0, 0, 0, outcomes[name].new)
    assert state() == before


def test_reports_count_right_on_many_days(outcomes: dict[str, Outcome]) -> None:
    with clock.frozen(TODAY):
        for days in (2, 45):
            assert compare(TODAY.date() - timedelta(days=days)).performance.sealed > 100


def test_reports_say_pending_of_what_was_open_by_the_citys_own_file(outcomes: dict[str, Outcome]) -> None:
    told, by = _frame("boston-311"), TODAY - NIGHT
    opened, closed = (_times(told, name).dt.tz_localize("America/New_York") + by for name in ("OPEN_DT", "CLOSED_DT"))
    with clock.frozen(TODAY):
        for days in (1, 7, 60):
            at = TODAY.replace(hour=0) - timedelta(days=days - 1)
            report = counted((at - timedelta(days=1)).date())
            complaints = next(each for each in report.types if each.item_type == "complaint")
            assert complaints.pending == ((opened < at) & ~(closed < at)).sum()
