"""What was done to one thing, as the audit log has it: the history beside what administrators change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.uow import UnitOfWork

MOST_CHANGES = 100


@dataclass(frozen=True)
class Change:
    """One deed: when, by whom, which, and what the trail tells of it."""

    at: datetime
    who: str
    action: str
    told: Mapping[str, Any]


def changes_of(uow: UnitOfWork, resource_type: str, resource_id: object) -> list[Change]:
    """The last 100 deeds to one thing, newest first; to look at it is none."""
    rows = uow.rows(_CHANGES, {"type": resource_type, "id": str(resource_id), "most": MOST_CHANGES})
    return [Change(row.at, row.actor_name, row.action, row.metadata) for row in rows]


_CHANGES = """
SELECT at, actor_name, action, metadata FROM ops_audit_log
WHERE resource_type = :type AND resource_id = :id AND action NOT LIKE '%.read' ORDER BY at DESC, id DESC LIMIT :most"""
