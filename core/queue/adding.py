"""The one call by which a script of ours hands a failure over to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.permissions import process
from core.queue import opening
from core.queue.newcomers import NewItem
from core.uow import perform


def add_to_queue(
    item_type: str,
    resource_type: str | None = None,
    resource_id: str | int | None = None,
    *,
    priority: str | None = None,
    reason: str = "",
    context: Mapping[str, Any] | None = None,
    sla_hours: float | None = None,
    source: str = "script",
) -> int:
    """Put one item into the queue and return its number; one about the same thing that is open takes it in.

    Runs as the named process `source`, in a transaction of its own. Raises Invalid naming the field that cannot
    be used, Unavailable when the database does not answer.
    """
    new = NewItem(
        item_type,
        resource_type,
        resource_id,
        priority=priority,
        reason=reason,
        context=context or {},
        sla_hours=sla_hours,
        source=source,
    )
    return perform(process("cli", source), opening.open_item, new).id
