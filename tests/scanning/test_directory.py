"""The scan over a real directory, held against the clusters that its makers found: they are read here alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import pandas as pd
import pytest
from sqlalchemy import text

from core import clock, db
from core.intake import importing
from core.permissions import process
from core.scanning.likeness import npis
from core.scanning.providers import scan_providers
from core.uow import perform
from tests.cast import NOON
from tests.conftest import empty
from tests.intake.shared import DATA, OPERATOR, needs_data, rows

pytestmark = needs_data
JOB = process("job", "scan_providers")
FOLDER = DATA / "providers"
Pair = frozenset[str]


@dataclass(frozen=True)
class Directory:
    """What the file says of its records: who is one by the clusters, and who carries which valid NPIs."""

    true: set[Pair]
    npis: dict[str, frozenset[str]]

    def settled(self, pair: Pair) -> bool:
        """Whether the file tells true from false here: both have valid NPIs, and no common one that it leaves out."""
        one, other = (self.npis[record] for record in pair)
        return pair in self.true or (bool(one and other) and not one & other)


def scan() -> None:
    """One hour's run."""
    while perform(JOB, scan_providers, 500) == 500:
        pass


def _raised() -> set[Pair]:
    found = rows(
        "SELECT one.external_ref, other.external_ref FROM work_items i "
        "JOIN individual_providers one ON one.id = (i.context -> 'provider_ids' ->> 0)::bigint "
        "JOIN individual_providers other ON other.id = (i.context -> 'provider_ids' ->> 1)::bigint "
        "WHERE i.item_type = 'duplicate_check' AND i.source = 'scan_providers'"
    )
    return {frozenset(ref.removeprefix("ehr-directory:") for ref in pair) for pair in found}


def _true() -> set[Pair]:
    told = pd.read_csv(FOLDER / "ehr_directory_share_clusters.csv", dtype=str)
    clusters = told.groupby("npi_cluster")["record_id"].apply(list)
    return {frozenset(pair) for members in clusters for pair in combinations(members, 2)}


@pytest.fixture(scope="module")
def directory(server: None) -> Iterator[Directory]:
    """The directory, imported and scanned."""
    with clock.frozen(NOON):
        importing.run(OPERATOR, "providers", FOLDER / "ehr_directory_share.csv", "ehr-directory")
        told = rows("SELECT external_ref, npi, details FROM individual_providers")
        numbers = {ref.removeprefix("ehr-directory:"): npis({"npi": npi, "details": more}) for ref, npi, more in told}
        scan()
        yield Directory(_true(), numbers)
    empty()


def _figures(raised: set[Pair], directory: Directory) -> dict[str, float]:
    settled = {pair for pair in raised if directory.settled(pair)}
    right = len(raised & directory.true)
    return {
        "raised": len(raised),
        "right": right,
        "wrong": len(settled) - right,
        "precision": round(right / len(raised), 3),
        "precision_where_settled": round(right / len(settled), 3),
        "recall": round(right / len(directory.true), 3),
    }


def test_the_scan_finds_what_the_makers_of_the_directory_found(directory: Directory) -> None:
    found = _figures(_raised(), directory)
    assert found["recall"] >= 0.97, found
    assert found["precision"] >= 0.82, found
    assert found["precision_where_settled"] >= 0.99, found


def test_without_numbers_alike_names_and_addresses_are_raised_and_little_else(directory: Directory) -> None:
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE work_items SET source = 'before', dedup_key = id::text"))
        forget = "UPDATE individual_providers SET npi = NULL, details = details - 'npis', scanned_as_of = NULL"
        connection.execute(text(forget))
    scan()
    found = _figures(_raised(), directory)
    assert found["precision_where_settled"] >= 0.95, found
    assert found["recall"] >= 0.45, found
