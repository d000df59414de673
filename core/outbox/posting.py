"""Putting effects into the outbox, in the transaction that causes them, and taking them out before they leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core import config
from core.uow import UnitOfWork


def post(
    uow: UnitOfWork,
    kind: str,
    payload: Mapping[str, Any],
    key: str,
    *,
    item_id: int | None = None,
    due_at: datetime | None = None,
) -> bool:
    """Have an effect sent at `due_at`, else when the undo window has closed. Returns whether it is new.

    `key` names the effect for good: a second one under it is the same and is not sent again.
    """
    row = {
        "kind": kind,
        "payload": json.dumps(dict(payload), default=str),
        "key": key,
        "item": item_id,
        "due": due_at or uow.now + timedelta(seconds=config.number("UNDO_SECONDS")),
        "now": uow.now,
    }
    posted = uow.execute(_POST, row).rowcount == 1
    uow.record("effect.posted", "work_item" if item_id else "outbox", item_id, kind=kind, key=key)
    return posted


_POST = """
INSERT INTO outbox (kind, idempotency_key, item_id, payload, due_at, created_at)
VALUES (:kind, :key, :item, CAST(:payload AS jsonb), :due, :now) ON CONFLICT (idempotency_key) DO NOTHING"""


def withdraw(uow: UnitOfWork, item_id: int) -> bool:
    """Cancel what an item's decision was to set off. Returns False when it has left, or may have."""
    cancelled = uow.execute(
        "UPDATE outbox SET state = 'cancelled', done_at = :now, payload = payload - 'letter' "
        "WHERE item_id = :item AND state = 'waiting' AND attempts = 0",
        {"item": item_id, "now": uow.now},
    )
    uow.record("effect.withdrawn", "work_item", item_id, cancelled=cancelled.rowcount)
    return cancelled.rowcount == 1
