"""The audit log: rows written in the transaction of what they cover; only ever appended to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from core import clock, db
from core.permissions import Principal

COLUMNS = (
    "at, actor_kind, staff_id, actor_name, action, resource_type, resource_id, pii_accessed, metadata, ip, user_agent"
)


@dataclass(frozen=True)
class Entry:
    """One row to come: what was done or seen, to what, and whether personal data was shown in clear."""

    action: str
    resource_type: str
    resource_id: str | None
    pii: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)


_INSERT = text(
    f"INSERT INTO ops_audit_log ({COLUMNS}) SELECT :at, :kind, :staff_id, :name, e.action, e.resource_type, "
    "e.resource_id, e.pii, e.metadata, :ip, :agent "
    "FROM jsonb_to_recordset(CAST(:entries AS jsonb)) "
    "AS e(action text, resource_type text, resource_id text, pii boolean, metadata jsonb)"
)


def actor_values(principal: Principal) -> dict[str, Any]:
    """Who acts, as the bound values :kind, :staff_id, :name, :ip, :agent of a statement that writes audit rows."""
    return {
        "kind": principal.kind,
        "staff_id": principal.staff_id,
        "name": principal.name,
        "ip": principal.ip,
        "agent": principal.user_agent,
    }


def write(session: Session, principal: Principal, at: datetime, entries: Sequence[Entry]) -> None:
    """Append `entries` as `principal` in the transaction of `session`, all in one statement."""
    rows = [
        {
            "action": entry.action,
            "resource_type": entry.resource_type,
            "resource_id": entry.resource_id,
            "pii": entry.pii,
            "metadata": dict(entry.metadata),
        }
        for entry in entries
    ]
    session.execute(_INSERT, {**actor_values(principal), "at": at, "entries": json.dumps(rows, default=str)})


def write_apart(principal: Principal, entry: Entry) -> None:
    """Append one row in a transaction of its own: refused attempts and failed sign-ins."""
    with Session(db.engine("app")) as session:
        at = clock.frozen_at() or session.execute(text("SELECT clock_timestamp()")).scalar_one()
        write(session, principal, at, [entry])
        session.commit()
