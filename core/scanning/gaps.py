"""Provider records in use that lack what everybody needs to know of a provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.queue.newcomers import NewItem
from core.resolutions.provider_fields import LABELS
from core.tables.work import OPEN
from core.uow import UnitOfWork

NEEDED = ("npi", "phone", "address_line1", "city", "postal_code")
"""What a record in use must tell, beside a name."""

_LACKING = {
    "organisation": "coalesce(nullif(organisation, ''), nullif(last_name, '')) IS NULL",
    "first_name": "nullif(last_name, '') IS NOT NULL AND nullif(organisation, '') IS NULL "
    "AND nullif(first_name, '') IS NULL",
    **{field: f"nullif({field}, '') IS NULL" for field in NEEDED},
}
_LISTED = ", ".join(f"CASE WHEN {lacks} THEN '{field}' END" for field, lacks in _LACKING.items())
_GAPS = f"""
WITH lacking AS MATERIALIZED (
    SELECT p.id, array(SELECT field FROM unnest(ARRAY[{_LISTED}]) field
        WHERE field IS NOT NULL AND NOT p.unobtainable ? field) AS fields
    FROM individual_providers p WHERE p.id = ANY(:ids) AND p.is_active AND p.merged_into IS NULL
)
SELECT id, fields FROM lacking WHERE cardinality(fields) > 0
AND NOT EXISTS (SELECT FROM work_items i WHERE i.source = :source
    AND i.external_ref = 'gaps:' || lacking.id || ':' || array_to_string(lacking.fields, ','))
AND NOT EXISTS (SELECT FROM work_items i WHERE i.dedup_key = 'missing_data|provider|' || lacking.id AND i.{OPEN})
ORDER BY id"""


def gaps(uow: UnitOfWork, ids: Sequence[int], source: str) -> list[NewItem]:
    """An item to be for each of these records that lacks something obtainable, unless that was raised before."""
    return [_item(row, source) for row in uow.rows(_GAPS, {"ids": list(ids), "source": source})]


def _item(row: Any, source: str) -> NewItem:
    told = ", ".join(LABELS[field].lower() if field != "npi" else LABELS[field] for field in row.fields)
    return NewItem(
        item_type="missing_data",
        resource_id=row.id,
        title=f"Provider {row.id} lacks {told}",
        reason=f"lacks {told}",
        context={"fields": row.fields},
        source=source,
        external_ref=f"gaps:{row.id}:{','.join(row.fields)}",
    )
