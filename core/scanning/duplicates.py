"""Pairs of provider records that may be one: likely candidates from the indexes, then a closer look at each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.queue.newcomers import NewItem
from core.scanning.likeness import Likeness, likeness
from core.tables.providers import ALIKE
from core.uow import UnitOfWork

MOST_SHARING = 50
"""What more records than these share tells no two apart: a switchboard, a placeholder, a hospital's address."""
MOST_WITH_NPI = 10
"""An NPI that more records carry is that of an organisation with many sites, and makes no two of them one."""

_FIELDS = (
    "id, npi, organisation, first_name, last_name, phone, address_line1, address_line2, city, state, postal_code, "
    "details"
)
_NPIS = """SELECT p.id, named.npi AS key FROM individual_providers p CROSS JOIN LATERAL (
    SELECT p.npi UNION SELECT jsonb_array_elements_text(
        CASE jsonb_typeof(p.details -> 'npis') WHEN 'array' THEN p.details -> 'npis' ELSE '[]' END)) named(npi)
WHERE p.id = ANY(:ids) AND named.npi ~ '^[12][0-9]{9}$'"""
_WITH_NPI = (
    "SELECT id FROM individual_providers WHERE npi = one.key AND merged_into IS NULL UNION "
    "SELECT id FROM individual_providers WHERE details -> 'npis' ? one.key AND merged_into IS NULL"
)


def _sharing(keys: str, found: str, most: int, is_npi: bool) -> str:
    """Who has the same key as the records at hand; what is too common is no key."""
    return (
        f"SELECT one.id, unnest(sharing.others) AS other, {is_npi} AS by_npi FROM ({keys}) one CROSS JOIN LATERAL ("
        f"SELECT array_agg(id) AS others FROM ({found} LIMIT {most + 1}) found) sharing "
        f"WHERE cardinality(sharing.others) <= {most}"
    )


def _alike_by(key: str) -> str:
    return _sharing(
        f"SELECT id, {key} AS key FROM individual_providers WHERE id = ANY(:ids)",
        f"SELECT id FROM individual_providers WHERE {key} = one.key AND merged_into IS NULL",
        MOST_SHARING,
        is_npi=False,
    )


_LIKELY = [_sharing(_NPIS, _WITH_NPI, MOST_WITH_NPI, is_npi=True), *map(_alike_by, ALIKE.values())]
_CANDIDATES = f"""
WITH sharing AS ({" UNION ".join(_LIKELY)}),
pairs AS (SELECT least(id, other) AS low, greatest(id, other) AS high, bool_or(by_npi) AS by_npi FROM sharing
    WHERE id <> other GROUP BY low, high)
SELECT low, high, by_npi FROM pairs
WHERE NOT EXISTS (SELECT FROM distinct_provider_pairs d WHERE d.lower_id = low AND d.higher_id = high)
AND NOT EXISTS (SELECT FROM work_items i WHERE i.source = :source AND i.external_ref = 'pair:' || low || ':' || high)
ORDER BY low, high"""


def duplicates(uow: UnitOfWork, ids: Sequence[int], source: str) -> list[NewItem]:
    """An item to be for each pair of one of these records and any other that look like one provider.

    A pair that was raised before, or judged to be two, is left out.
    """
    pairs = uow.rows(_CANDIDATES, {"ids": list(ids), "source": source})
    named = {number for pair in pairs for number in (pair.low, pair.high)}
    found = uow.execute(f"SELECT {_FIELDS} FROM individual_providers WHERE id = ANY(:ids)", {"ids": list(named)})
    return list(_items(pairs, {row["id"]: row for row in found.mappings()}, source))


def _items(pairs: Sequence[Any], records: dict[int, Any], source: str) -> Iterator[NewItem]:
    for low, high, by_npi in pairs:
        alike = likeness(records[low], records[high], same_npi=by_npi)
        if alike is not None:
            yield _item(low, high, alike, source)


def _item(low: int, high: int, alike: Likeness, source: str) -> NewItem:
    return NewItem(
        item_type="duplicate_check",
        resource_id=low,
        title=f"Providers {low} and {high} may be one: {alike.evidence[0]}",
        reason="; ".join(alike.evidence),
        context={"provider_ids": [low, high], "similarity": alike.score, "evidence": list(alike.evidence)},
        confidence_score=alike.score,
        dedup_key=f"duplicate_check|{low}|{high}",
        source=source,
        external_ref=f"pair:{low}:{high}",
    )
