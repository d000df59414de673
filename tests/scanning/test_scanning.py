"""The scan raises each doubtful pair and each gap once, looks again at what has changed, and at nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count as numbers
from typing import Any

import pytest

from core import clock
from core.checking import checked_form
from core.errors import NotPermitted
from core.intake.forms import ProviderForm
from core.intake.providers import receive_providers
from core.permissions import process
from core.queue import claiming, deciding
from core.queue.deciding import Decision
from core.scanning.duplicates import MOST_WITH_NPI
from core.scanning.providers import scan_providers
from core.uow import perform
from tests.builders import count, rows
from tests.cast import NOON, Cast

JOB = process("job", "scan_providers")
NPI, OTHER_NPI = "1245545789", "1043699168"
CLINIC = {
    "organisation": "Harbour Street Clinic, LLC",
    "phone": "(555) 201-3344",
    "address_line1": "12 Harbour Street",
    "city": "Dover",
    "state": "DE",
    "postal_code": "19901",
}
_refs = numbers(1)


def provider(**told: Any) -> int:
    """A record that has come in, complete but for what is said to be None."""
    ref = told.pop("ref", f"T-{next(_refs)}")
    form = checked_form(ProviderForm, {**CLINIC, "external_ref": ref, **told})
    return perform(process("cli", "import"), receive_providers, [form])[0].id


def scan() -> int:
    """One batch of a run: how many records were looked at."""
    return perform(JOB, scan_providers, 500)


def pairs() -> list[list[int]]:
    """The pairs that were raised."""
    found = rows("SELECT context -> 'provider_ids' FROM work_items WHERE item_type = 'duplicate_check' ORDER BY id")
    return [row[0] for row in found]


def decided(cast: Cast, item_type: str, option: str, **parameters: Any) -> None:
    """The reviewer has settled the only open item of this type."""
    (found,) = rows("SELECT id FROM work_items WHERE item_type = :kind AND status = 'open'", kind=item_type)
    perform(cast.senior, claiming.claim, found.id)
    perform(cast.senior, deciding.decide, found.id, Decision(option, "looked at both", parameters))


@pytest.mark.parametrize(
    ("told", "evidence"),
    [
        ({"npi": NPI, "organisation": "Another name", "phone": None, "address_line1": None}, "the same NPI"),
        ({"organisation": "HARBOUR STREET CLINIC"}, "names 100% alike"),
        ({"organisation": "Harbor Street Clinic", "address_line1": "12 Harbour St"}, "names 98% alike"),
    ],
)
def test_what_looks_like_one_provider_is_raised_with_its_evidence(cast: Cast, told: Any, evidence: str) -> None:
    ids = [provider(npi=NPI), provider(**told)]
    scan()
    assert pairs() == [ids]
    (found,) = rows("SELECT title, context, confidence_score FROM work_items WHERE item_type = 'duplicate_check'")
    assert found.context["evidence"][0] == evidence
    assert found.context["similarity"] == found.confidence_score >= 0.85
    assert "201" not in str(found), "the evidence names no telephone number"


@pytest.mark.parametrize(
    "told",
    [
        {"npi": OTHER_NPI},
        {"organisation": "Bakery of Dover"},
        {"address_line1": "99 Harbour Street", "phone": "(555) 999-0000"},
        {"phone": None, "address_line1": None, "postal_code": "94103", "state": "CA"},
    ],
)
def test_two_providers_are_not_raised(cast: Cast, told: Any) -> None:
    provider(npi=NPI)
    provider(**told)
    scan()
    assert pairs() == []


def test_a_number_of_many_sites_makes_no_two_of_them_one(cast: Cast) -> None:
    for site in range(MOST_WITH_NPI + 1):
        provider(npi=NPI, organisation=f"{chr(65 + site) * 9} House", phone=None, address_line1=f"{site} Quay")
    scan()
    assert pairs() == []


def test_a_number_beside_the_record_counts_as_its_own(cast: Cast) -> None:
    ids = [
        provider(npi=NPI, organisation="One", phone=None),
        provider(npi=OTHER_NPI, organisation="Two", phone=None, details={"npis": [OTHER_NPI, NPI]}),
    ]
    scan()
    assert pairs() == [ids]


def test_a_pair_is_raised_once_however_often_its_records_change(cast: Cast) -> None:
    provider(npi=NPI, ref="A")
    provider(npi=NPI, ref="B")
    assert (scan(), scan()) == (2, 0)
    with clock.frozen(NOON + timedelta(days=4000)):
        provider(npi=NPI, ref="A", city="Smyrna")
        assert scan() == 1
    assert (len(pairs()), count("work_items", "occurrences > 1")) == (1, 0)


def test_a_newcomer_is_held_against_records_that_were_scanned_before(cast: Cast) -> None:
    first = provider(npi=NPI)
    scan()
    second = provider(npi=NPI)
    assert scan() == 1
    assert pairs() == [[first, second]]


@pytest.mark.parametrize("settle", [
    lambda cast: decided(cast, "duplicate_check", "not_duplicate"),
    lambda cast: decided(cast, "duplicate_check", "merge", survivor="1"),
], ids=["judged to be two", "merged"])  # fmt: skip
def test_a_pair_that_was_settled_is_not_raised_again(cast: Cast, settle: Callable[[Cast], None]) -> None:
    provider(npi=NPI, ref="A")
    provider(npi=NPI, ref="B")
    scan()
    settle(cast)
    with clock.frozen(NOON + timedelta(days=4000)):
        provider(npi=NPI, ref="A", city="Smyrna")
        provider(npi=NPI, ref="B", city="Smyrna")
        scan()
    assert len(pairs()) == 1


def test_a_pair_judged_before_the_scan_ever_ran_is_not_raised(cast: Cast) -> None:
    provider(npi=NPI)
    provider(npi=NPI)
    scan()
    decided(cast, "duplicate_check", "not_duplicate")
    with clock.frozen(NOON + timedelta(days=4000)):
        _forget_that_it_was_raised()
        scan()
    assert len(pairs()) == 1


def _forget_that_it_was_raised() -> None:
    from sqlalchemy import text

    from core import db

    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE work_items SET external_ref = NULL"))
        connection.execute(text("UPDATE individual_providers SET scanned_as_of = NULL"))


def test_gaps_are_raised_once_and_each_with_its_fields(cast: Cast) -> None:
    lacking = provider(npi=None, phone=None)
    provider(npi=OTHER_NPI, organisation="Whole", phone="5559990000")
    provider(npi=None, is_active=False, organisation="Closed", phone="5559990001")
    scan()
    (found,) = rows("SELECT resource_id, context, title FROM work_items WHERE item_type = 'missing_data'")
    assert (found.resource_id, found.context) == (str(lacking), {"fields": ["npi", "phone"]})
    assert found.title == f"Provider {lacking} lacks NPI, phone"


def test_what_cannot_be_had_is_not_asked_for_again(cast: Cast) -> None:
    provider(npi=NPI, phone=None, ref="A")
    scan()
    decided(cast, "missing_data", "mark_unobtainable")
    assert scan() == 1
    assert count("work_items", "item_type = 'missing_data'") == 1


def test_what_is_still_missing_after_a_decision_is_asked_for(cast: Cast) -> None:
    provider(npi=None, phone=None, ref="A")
    scan()
    decided(cast, "missing_data", "update_fields", npi=NPI)
    scan()
    found = rows("SELECT context -> 'fields' AS fields FROM work_items WHERE status = 'open'")
    assert [row.fields for row in found] == [["phone"]]


def test_only_a_job_or_an_administrator_scans(cast: Cast, noon: datetime) -> None:
    with pytest.raises(NotPermitted):
        perform(cast.manager, scan_providers)
