"""Forgetting what an undo would have needed: it holds what was deleted, and must not outlive the undo window."""

from __future__ import annotations

from datetime import timedelta

from core import config
from core.permissions import Permission, requires
from core.uow import UnitOfWork


@requires(Permission.OPS_ADMIN, leaves=None)
def forget_journals(uow: UnitOfWork, limit: int = 1000) -> int:
    """Empty the journals of decisions that can no longer be undone: one batch. Returns how many."""
    closed = uow.now - timedelta(seconds=config.number("UNDO_SECONDS"))
    with uow.housekeeping():
        return uow.execute(_FORGET, {"closed": closed, "limit": limit}).rowcount


_FORGET = (
    "UPDATE work_items SET undo_journal = NULL WHERE id IN (SELECT id FROM work_items WHERE undo_journal IS NOT NULL "
    "AND resolved_at <= :closed ORDER BY resolved_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)"
)
