"""Files that are damaged, cut off, repeated or of another shape: no crash, no row lost, nothing half done."""

from __future__ import annotations

import csv
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core import clock
from core.errors import Invalid, NotPermitted
from core.intake import importing, taking
from core.intake.importing import Outcome, run
from tests.cast import NOON, Cast
from tests.intake.shared import OPERATOR, one, rows, state, written

HEAD = (
    "CASE_ENQUIRY_ID,OPEN_DT,TARGET_DT,CLOSED_DT,CASE_STATUS,CLOSURE_REASON,CASE_TITLE,SUBJECT,REASON,TYPE,QUEUE,"
    "Department,neighborhood,LOCATION_ZIPCODE,Property_Type,Source,OnTime_Status\n"
)
OPENED, DUE, CLOSED = "01/05/2015 09:00:00 AM", "01/10/2015 05:00:00 PM", "01/07/2015 12:00:00 PM"


def case(number: int, opened: str = OPENED, due: str = DUE, closed: str = "", title: str = "Street light out") -> str:
    """One line of a city's file."""
    status = "Closed" if closed else "Open"
    return f"{number},{opened},{due},{closed},{status},,{title},Public Works,Lights,Lights,Q,PWD,,2108.0,,Call,ONTIME\n"


def complaints(file: Path, **options: object) -> Outcome:
    """Import a city's file."""
    return run(OPERATOR, "complaints", file, "boston-311", **options)  # type: ignore[arg-type]


def test_damaged_rows_are_named_and_harm_no_other(database: None, tmp_path: Path) -> None:
    damaged = [
        case(2, title="caf\xe9").encode("latin-1"),
        case(3, title="nul\x00").encode(),
        b"4,too,few\n",
        case(5).strip().encode() + b",one,more\n",
        case(6, opened="32/13/2015 99:00:00 AM").encode(),
        case(7).replace("Open", "Perhaps").encode(),
    ]
    file = written(tmp_path, "cases.csv", HEAD.encode() + case(1).encode() + b"".join(damaged) + case(8).encode())
    outcome = complaints(file, rejects=tmp_path / "rejects.csv")
    assert (outcome.read, outcome.new, outcome.rejected) == (8, 2, 6)
    with (tmp_path / "rejects.csv").open(encoding="utf-8") as said:
        told = list(csv.DictReader(said))
    assert [int(row["line"]) for row in told] == [3, 4, 5, 6, 7, 8]
    assert [row["reason"].split(":")[0] for row in told] == [
        "CASE_TITLE", "CASE_TITLE", "has 3 columns instead of 17", "has 19 columns instead of 17", "OPEN_DT", "status",
    ]  # fmt: skip
    assert (tmp_path / "rejects.csv").stat().st_mode & 0o077 == 0


def test_a_dry_run_counts_and_keeps_nothing(database: None, tmp_path: Path) -> None:
    file = written(tmp_path, "cases.csv", HEAD + case(1) + case(2, closed="01/01/2015 01:00:00 AM"))
    before = state()
    assert complaints(file, dry_run=True) == Outcome(read=2, new=2, flagged=1)
    assert state() == before
    assert one("SELECT count(*) FROM ops_audit_log") == 0


def test_an_import_that_was_cut_off_goes_on(database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    whole = HEAD + "".join(case(number) for number in range(10))
    packed = gzip.compress(whole.encode())
    with pytest.raises(Invalid, match="ends too early"):
        complaints(written(tmp_path, "cut.csv.gz", packed[: len(packed) - 12]))
    begun = one("SELECT count(*) FROM complaints")
    outcome = complaints(written(tmp_path, "cases.csv.gz", packed))
    assert 0 < begun < 10
    assert (outcome.known, outcome.new) == (begun, 10 - begun)


def test_two_imports_at_once_bring_each_case_once(
    database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 5)
    file = written(tmp_path, "cases.csv", HEAD + "".join(case(number) for number in range(40)))
    with ThreadPoolExecutor(4) as hands:
        outcomes = list(hands.map(lambda _: complaints(file), range(4)))
    assert (sum(each.new for each in outcomes), sum(each.known for each in outcomes)) == (40, 120)
    assert one("SELECT count(*) FROM work_items") == 40


def test_what_was_not_known_at_the_as_of_moment_is_not_told(database: None, tmp_path: Path) -> None:
    later = case(2, closed="03/01/2015 09:00:00 AM") + case(3, opened="02/20/2015 09:00:00 AM")
    file = written(tmp_path, "cases.csv", HEAD + case(1, closed=CLOSED) + later)
    with clock.frozen(NOON):
        outcome = complaints(file, as_of=datetime.fromisoformat("2015-02-01T00:00-05:00"))
    assert (outcome.new, outcome.later) == (2, 1)
    assert rows("SELECT status FROM work_items ORDER BY external_ref") == [("resolved",), ("open",)]
    moved = NOON - datetime.fromisoformat("2015-02-01T00:00-05:00")
    opened = datetime.fromisoformat("2015-01-05T09:00-05:00")
    assert set(rows("SELECT created_at FROM work_items")) == {(opened + moved,)}
    assert set(rows("SELECT sla_deadline FROM work_items")) == {(opened + moved + timedelta(days=5, hours=8),)}


def test_a_case_without_a_target_never_comes_due(database: None, tmp_path: Path) -> None:
    complaints(written(tmp_path, "cases.csv", HEAD + case(1, due="")))
    assert rows("SELECT sla_deadline, at_risk_at, first_response_due_at FROM work_items") == [(None, None, None)]


HOTEL = (
    "hotel,is_canceled,lead_time,arrival_date_year,arrival_date_month,arrival_date_day_of_month,stays_in_weekend_nights,"
    "stays_in_week_nights,adults,children,babies,deposit_type,adr,reservation_status,reservation_status_date\n"
)


def test_equal_rows_are_distinct_bookings_and_known_when_the_file_has_grown(database: None, tmp_path: Path) -> None:
    stay = "City Hotel,0,10,2016,March,4,1,2,2,0,0,No Deposit,80,Check-Out,2016-03-07\n"
    first = run(OPERATOR, "bookings", written(tmp_path, "a.csv", HOTEL + stay * 3), "hotel-demand")
    other = stay.replace("City", "Resort")
    again = run(OPERATOR, "bookings", written(tmp_path, "b.csv", HOTEL + other + stay * 4), "hotel-demand")
    assert (first.new, again.known, again.new) == (3, 3, 2)


def test_an_impossible_booking_is_kept_as_it_is_and_put_before_somebody(database: None, tmp_path: Path) -> None:
    stay = "City Hotel,0,10,2016,March,4,1,2,0,0,0,No Deposit,-6.38,Check-Out,2016-03-07\n"
    outcome = run(OPERATOR, "bookings", written(tmp_path, "a.csv", HOTEL + stay), "hotel-demand")
    assert (outcome.new, outcome.flagged) == (1, 1)
    assert one("SELECT amount::text FROM bookings") == "-19.14"
    assert one("SELECT reason FROM work_items") == "the rate is negative; a booking for nobody"


MAPPING = """
source = "helpdesk"
reference = "ticket"
zone = "Europe/Berlin"
date_formats = ["%d.%m.%Y %H:%M"]
missing = ["", "-"]
[fields]
title = "subject"
created_at = "opened"
priority = "level"
[constants]
item_type = "incident"
[context]
floor = "floor"
[words.priority]
"P1" = "critical"
"P2" = "high"
"""


def _mapped(tmp_path: Path, file: Path, mapping: str = MAPPING) -> Outcome:
    return run(
        OPERATOR, "work_items", file, mapping=written(tmp_path, "map.toml", mapping), rejects=tmp_path / "no.csv"
    )


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_any_other_file_comes_in_by_a_mapping(database: None, tmp_path: Path, kind: str) -> None:
    told = [
        {"ticket": "7", "subject": "Printer on fire", "opened": "02.03.2026 09:30", "level": "P1", "floor": "3"},
        {"ticket": "8", "subject": "No toner", "opened": "-", "level": "P9", "floor": "-"},
    ]
    if kind == "csv":
        body = "\n".join([",".join(told[0]), *(",".join(row.values()) for row in told)])
    else:
        body = "\n".join(map(json.dumps, told)) + '\n[1]\n{"ticket": NaN}\n{"ticket": 9}'
    outcome = _mapped(tmp_path, written(tmp_path, f"tickets.{kind}", body))
    assert (outcome.new, outcome.rejected) == (1, 1 if kind == "csv" else 4)
    assert rows("SELECT title, priority, context, external_ref, created_at FROM work_items") == [
        ("Printer on fire", "critical", {"floor": "3"}, "helpdesk:7", datetime.fromisoformat("2026-03-02T08:30Z"))
    ]


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ('source = "x"\n[fields]\nid = "a"', "mapping: id"),
        ('source = "x"\n[fields]\nassigned_to = "a"', "mapping: assigned_to"),
        ('source = "x"\nzone = "Mars/Base"', "mapping: zone"),
        ("source = ", "mapping: is no TOML"),
        ('source = "x"\ncolour = 1', "mapping: colour"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_with_its_place(tmp_path: Path, wrong: str, place: str) -> None:
    with pytest.raises(Invalid, match=place):
        _mapped(tmp_path, written(tmp_path, "rows.csv", "a\n1\n"), wrong)


def test_a_record_that_a_batch_refuses_is_rejected_alone(database: None, tmp_path: Path) -> None:
    mapping = 'source = "till"\nreference = "id"\n[fields]\nbooking_ref = "b"\namount = "m"\nstatus = "s"\n'
    bookings = 'source = "shop"\nreference = "id"\n[fields]\nservice = "s"\namount = "m"\n'
    shop = written(tmp_path, "shop.csv", "id,s,m\n1,Massage,60\n")
    run(OPERATOR, "bookings", shop, mapping=written(tmp_path, "shop.toml", bookings))
    file = written(tmp_path, "till.csv", "id,b,m,s\n1,shop:1,60,failed\n2,shop:99,60,paid\n")
    outcome = run(OPERATOR, "payments", file, mapping=written(tmp_path, "till.toml", mapping))
    assert (outcome.read, outcome.new, outcome.rejected) == (2, 1, 1)
    assert rows("SELECT item_type, resource_type FROM work_items") == [("booking", "booking")]


@pytest.mark.parametrize(
    ("kind", "form", "content", "said"),
    [
        ("complaints", "boston-311", "a,b\n1,2\n", "lacks the columns"),
        ("complaints", "boston-311", "a,a\n1,2\n", "names each column once"),
        ("bookings", "boston-311", HEAD, "kind: is complaints"),
        ("complaints", "nothing", HEAD, "format: is one of"),
        ("nothing", "boston-311", HEAD, "kind: is one of"),
    ],
)
def test_a_file_that_is_another_is_refused(tmp_path: Path, kind: str, form: str, content: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        run(OPERATOR, kind, written(tmp_path, "x.csv", content), form)


@pytest.mark.parametrize("content", ["", HEAD, "\ufeff" + HEAD])
def test_a_file_without_rows_brings_nothing(database: None, tmp_path: Path, content: str) -> None:
    assert complaints(written(tmp_path, "x.csv", content)) == Outcome()


@pytest.mark.parametrize("content", [b"\x1f\x8b", b"\x1f\x8bnonsense", b"\x00" * 50])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid, match="file:"):
        complaints(written(tmp_path, "x.csv", content))


def test_only_administrators_import(cast: Cast, tmp_path: Path) -> None:
    file = written(tmp_path, "cases.csv", HEAD + case(1))
    for person in (cast.reviewer, cast.manager):
        with pytest.raises(NotPermitted, match=r"ops\.admin"):
            run(person, "complaints", file, "boston-311")
    assert run(cast.admin, "complaints", file, "boston-311").new == 1


def test_each_batch_is_one_row_of_the_trail_and_each_record_another(database: None, tmp_path: Path) -> None:
    complaints(written(tmp_path, "cases.csv", HEAD + case(1) + case(2)))
    actions = dict(rows("SELECT action, count(*) FROM ops_audit_log GROUP BY action"))
    assert actions == {"import.batch": 1, "complaints.received": 1, "complaint.received": 2, "item.opened": 2}
    assert taking.take_batch.__declared__.leaves == "import.batch"  # type: ignore[attr-defined]
