"""Items whose record was merged into another: from then on they are about the one that stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.queue import moves
from core.queue.lifecycle import Picks, move
from core.queue.summaries import refresh
from core.uow import UnitOfWork


def redirect(uow: UnitOfWork, where: str, values: Mapping[str, Any], old: str, new: str) -> list[int]:
    """Let the open items picked be about record `new` instead of `old`; their numbers. Part of merging and its undo.

    An item known by its record is known by the new one from then on, unless another open item is already.
    """
    moved = move(uow, moves.REDIRECT, Picks(where, values), payload={"from": old, "to": new}, about=new)
    refresh(uow, [item.id for item in moved])
    return sorted(item.id for item in moved)
