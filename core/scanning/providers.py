"""The scan of the provider records: those that have changed are looked through for twins and for gaps."""

from __future__ import annotations

from core.permissions import Permission, requires
from core.queue.opening import open_items
from core.scanning.duplicates import duplicates
from core.scanning.gaps import gaps
from core.tables.providers import UNSCANNED
from core.uow import UnitOfWork

SOURCE = "scan_providers"
# What a record was when it was scanned is kept, not when: a change that commits late is scanned too.
_TURN = f"""
WITH due AS (
    SELECT id AS due_id FROM individual_providers WHERE {UNSCANNED} ORDER BY id LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE individual_providers SET scanned_as_of = updated_at FROM due WHERE id = due_id RETURNING id"""


@requires(Permission.OPS_ADMIN, leaves=None)
def scan_providers(uow: UnitOfWork, limit: int = 500) -> int:
    """Raise `duplicate_check` and `missing_data` items for provider records that are new or have changed: one batch.

    Returns how many records were looked at; call again while it is `limit`. No pair and no gap is raised twice, and
    none that was judged.
    """
    with uow.housekeeping():  # that a record was looked at is no action; what comes of it is on record
        ids = uow.execute(_TURN, {"limit": limit}).scalars().all()
    if ids:
        found = [*duplicates(uow, ids, SOURCE), *gaps(uow, ids, SOURCE)]
        if found:
            open_items(uow, found)
    return len(ids)
