"""What each field of a provider record accepts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from core.errors import Invalid
from core.resolutions.npi import is_npi
from core.resolutions.provider_fields import checked_fields
from core.settings import PROJECT

SHARED: Path = PROJECT / "../shared/data/providers/nppes_organizations.csv"


def test_a_check_digit_is_right_for_one_number_in_ten() -> None:
    for start in ("123456789", "145698712", "299999999"):
        assert sum(is_npi(f"{start}{last}") for last in range(10)) == 1


def test_a_single_wrong_digit_and_most_swaps_are_noticed() -> None:
    good = "1234567893"
    assert is_npi(good)
    assert not any(is_npi(changed) for changed in _one_digit_off(good))
    assert not is_npi("1243567893")


def _one_digit_off(good: str) -> Iterator[str]:
    for place, digit in enumerate(good):
        yield from (good[:place] + other + good[place + 1 :] for other in "0123456789" if other != digit)


@pytest.mark.parametrize("odd", ["", "123456789", "12345678931", "3234567893", "١٢٣٤٥٦٧٨٩٣", "12345 7893", "N/A"])
def test_what_is_no_npi_at_all_is_none(odd: str) -> None:
    assert not is_npi(odd)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not here")
def test_every_npi_of_the_registry_passes() -> None:
    found = pd.read_csv(SHARED, dtype=str, usecols=lambda name: name.lower() == "npi").iloc[:, 0].dropna()
    assert len(found) > 100
    assert [npi for npi in found if not is_npi(npi)] == []


@pytest.mark.parametrize(
    ("country", "field", "given", "kept"),
    [
        (None, "phone", "(617) 555-0123", "+16175550123"),
        ("GB", "phone", "020 7946 0958", "+442079460958"),
        ("US", "fax", "+49 30 901820", "+4930901820"),
        ("N/A", "postal_code", " 02118 ", "02118"),
        ("US", "postal_code", "021181234", "021181234"),
        ("GB", "postal_code", "sw1a 1aa", "SW1A 1AA"),
        ("CA", "postal_code", "K1A 0B1", "K1A 0B1"),
        ("NL", "postal_code", "1011 AB", "1011 AB"),
        ("US", "country", "de", "DE"),
        ("US", "organisation", "  Lee Clinic ", "Lee Clinic"),
    ],
)
def test_values_are_kept_in_one_form(country: str | None, field: str, given: str, kept: str) -> None:
    assert checked_fields({"country": country}, {field: given}) == {field: kept}


@pytest.mark.parametrize(
    ("country", "field", "given"),
    [
        ("US", "postal_code", "2118"),
        ("US", "postal_code", "٠٢١١٨"),
        ("DE", "postal_code", "SW1A 1AA"),
        ("US", "phone", "555"),
        ("US", "phone", "call me"),
        ("US", "npi", "0000000000"),
        ("US", "city", "two\nlines"),
        ("US", "city", "x" * 201),
    ],
)
def test_what_does_not_fit_is_refused_by_name(country: str, field: str, given: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_fields({"country": country}, {field: given})
    assert refused.value.field == field
