"""What happened, recorded with what rules may know of it: from the sealed audit log, and deadlines as they pass.

Only sealed rows are read: nothing numbered at or below them can still appear, so that none is lost or told twice.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from core import config
from core.alerts.rules.fields import EVENTS, SUBJECTS, Mark, Subject
from core.permissions import Permission, requires
from core.tables.work import OPEN
from core.uow import UnitOfWork

BATCH = 5_000
REACHES_BACK = timedelta(days=30)
"""How far back the first recording goes. Of what came before it, the fields are told as they stand that day."""
LOOKS_BACK = timedelta(hours=2)
"""For how long after its moment a mark is still recorded, where a deadline was moved to before now."""

_BEGIN = """
INSERT INTO rule_recording (role, last_row, marked_at)
SELECT 'recorder', coalesce((SELECT min(id) - 1 FROM ops_audit_log WHERE at >= :since), 0), :now
ON CONFLICT (role) DO NOTHING"""
_HOLD = "SELECT last_row, marked_at FROM rule_recording WHERE role = 'recorder' FOR UPDATE"
_UNTIL = """
SELECT max(id) AS row_id, count(*) AS looked FROM (SELECT id FROM ops_audit_log WHERE id > :after
    AND id <= (SELECT coalesce(max(last_id), 0) FROM audit_seals) ORDER BY id LIMIT :limit) w"""


def _facts(subject: Subject) -> str:
    return ", ".join(f"'{each.name}', {each.sql}" for each in subject.fields.values())


def _told(subject: Subject) -> str:
    return f"""
    SELECT n.row_id, n.source_key, n.kind, n.at, t.id AS subject_id, jsonb_build_object({_facts(subject)}) AS facts,
        {subject.holder} AS holder, {subject.queue} AS queue, {subject.deadline} AS deadline
    FROM news n JOIN {subject.table} t ON t.id = n.number LEFT JOIN customers c ON c.id = {subject.customer}
    WHERE n.subject = '{subject.name}'"""


_KEEP = """
INSERT INTO rule_events (source_key, kind, at, subject_id, facts, holder, queue, deadline)
SELECT source_key, kind, at, subject_id, facts, holder, queue, deadline FROM told ORDER BY row_id, source_key
ON CONFLICT (source_key) DO NOTHING"""
_RECORD = f"""
WITH news AS (
    SELECT l.id AS row_id, 'audit:' || l.id AS source_key, k.kind, k.subject, l.at, l.metadata AS facts,
        CAST(l.resource_id AS bigint) AS number
    FROM jsonb_to_recordset(CAST(:kinds AS jsonb))
        AS k(kind text, subject text, action text, resource text, merged boolean)
    JOIN ops_audit_log l ON l.action = k.action AND l.resource_type = k.resource
        AND coalesce(CAST(l.metadata ->> 'merged' AS boolean), false) = k.merged
    WHERE l.id > :after AND l.id <= :until AND l.resource_id ~ '^[0-9]{{1,18}}$'
), told AS ({" UNION ALL ".join(_told(subject) for subject in SUBJECTS.values())})
{_KEEP}"""
_MARK = f"""
WITH news AS (
    SELECT m.place AS row_id, concat_ws(':', m.kind, i.id, extract(epoch FROM i.sla_deadline)) AS source_key,
        m.kind, 'item' AS subject, i.sla_deadline + m.span AS at, CAST('{{}}' AS jsonb) AS facts, i.id AS number
    FROM jsonb_to_recordset(CAST(:marks AS jsonb)) AS m(kind text, span interval, place int)
    JOIN work_items i ON i.{OPEN} AND i.sla_deadline > :since - m.span AND i.sla_deadline <= :now - m.span
), told AS ({_told(SUBJECTS["item"])} AND NOT EXISTS (SELECT 1 FROM rule_events k WHERE k.source_key = n.source_key))
{_KEEP}"""


@requires(Permission.OPS_ADMIN, leaves=None)
def record_events(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Record what has happened since the last time, from at most `limit` rows of the audit log, and the deadlines'
    marks that were passed. Returns how many rows were looked through; call again while it is `limit`."""
    bound: dict[str, Any] = {"now": uow.now, "limit": limit, "kinds": _KINDS, "marks": _MARKS}
    with uow.housekeeping():
        uow.execute(_BEGIN, bound | {"since": uow.now - REACHES_BACK})
        held = uow.execute(_HOLD).one()
        until = uow.execute(_UNTIL, bound | {"after": held.last_row}).one()
        if until.looked:
            uow.execute(_RECORD, bound | {"after": held.last_row, "until": until.row_id})
        uow.execute(_MARK, bound | {"since": min(held.marked_at, uow.now - LOOKS_BACK)})
        uow.execute(
            "UPDATE rule_recording SET last_row = coalesce(:until, last_row), marked_at = :now WHERE role = 'recorder'",
            {"until": until.row_id, "now": uow.now},
        )
    return int(until.looked)


_KINDS = json.dumps(
    [
        {
            "kind": each.name,
            "subject": each.subject,
            "action": "item.opened" if each.name == "item.merged" else each.action,
            "resource": each.resource,
            "merged": each.name == "item.merged",
        }
        for each in EVENTS.values()
    ]
)
_MARKS = json.dumps(
    [
        {"kind": mark.event, "span": f"{int(mark.offset.total_seconds())} seconds", "place": place}
        for place, mark in enumerate(Mark)
    ]
)


@requires(Permission.OPS_ADMIN, leaves=None)
def forget_events(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Forget events and firings of more than RULE_EVENT_DAYS ago: one batch. Returns how many events."""
    bound = {"before": uow.now - timedelta(days=config.number("RULE_EVENT_DAYS")), "limit": limit}
    with uow.housekeeping():
        uow.execute(
            "DELETE FROM rule_firings WHERE id IN (SELECT id FROM rule_firings WHERE at < :before LIMIT :limit)", bound
        )
        gone = uow.execute(
            "DELETE FROM rule_events WHERE id IN (SELECT id FROM rule_events WHERE at < :before LIMIT :limit)", bound
        )
    return gone.rowcount
