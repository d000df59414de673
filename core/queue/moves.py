"""The table of moves: what may happen to a work item, from where to where, by whom. docs/lifecycle.md shows it."""

from __future__ import annotations

from core.queue.movement import LEASE, Move
from core.sla.events import EventKind
from core.tables.work import OPEN
from core.words import OPEN_STATUSES, REVIEWED_STATUSES, ActionKind, Status

_NO_HOLDER = {"assigned_to": "NULL", "assigned_at": "NULL", "lease_expires_at": "NULL"}
_NOT_DEFERRED = {"deferred_until": "NULL"}
_TAKEN = {
    "assigned_at": ":now",
    "lease_expires_at": LEASE,
    "first_responded_at": "CASE WHEN item_type = ANY(:answered_by_reply) THEN first_responded_at "
    "ELSE coalesce(first_responded_at, :now) END",
}
_DECIDED = {
    "resolved_at": ":now",
    "resolved_by": ":actor_id",
    "resolution": ":resolution",
    "resolution_metadata": "CAST(:decision AS jsonb)",
    "undo_journal": "CAST(:journal AS jsonb)",
    "lease_expires_at": "NULL",
    "draft_note": "NULL",
    "first_responded_at": "coalesce(first_responded_at, :now)",
}
_UNDECIDED = {
    "resolved_at": "NULL",
    "resolved_by": "NULL",
    "resolution": "NULL",
    "resolution_metadata": "'{}'",
    "undo_journal": "NULL",
}
_IN_HAND_AGAIN = _UNDECIDED | {"lease_expires_at": LEASE}

CLAIM = Move(
    ActionKind.CLAIM,
    (Status.OPEN, Status.DEFERRED),
    Status.IN_PROGRESS,
    "ops.write",
    "item.claimed",
    sets={"assigned_to": ":actor_id"} | _TAKEN | _NOT_DEFERRED,
    guard="(status = 'open' OR deferred_until <= :now)",
)
ASSIGN = Move(
    ActionKind.ASSIGN,
    (Status.OPEN, Status.IN_PROGRESS),
    Status.IN_PROGRESS,
    "manager",
    "item.assigned",
    sets={"assigned_to": ":assignee"} | _TAKEN,
    guard="assigned_to IS DISTINCT FROM :assignee",
)
RELEASE = Move(
    ActionKind.RELEASE,
    (Status.IN_PROGRESS,),
    Status.OPEN,
    "holder",
    "item.released",
    sets=_NO_HOLDER,
    holder_only=True,
)
EXPIRE = Move(
    ActionKind.RELEASE,
    (Status.IN_PROGRESS,),
    Status.OPEN,
    "the clock",
    "item.lease_expired",
    sets=_NO_HOLDER,
    guard="lease_expires_at <= :now",
)
WAIT = Move(
    ActionKind.WAIT,
    (Status.IN_PROGRESS,),
    Status.WAITING,
    "holder",
    "item.waiting",
    sets={"waiting_on": ":waiting_on", "lease_expires_at": "NULL"},
    holder_only=True,
    clock=EventKind.PAUSE,
)
RESUME = Move(
    ActionKind.RESUME,
    (Status.WAITING,),
    Status.IN_PROGRESS,
    "holder, or an answer arriving",
    "item.resumed",
    sets={"waiting_on": "NULL", "lease_expires_at": LEASE},
    guard="(NOT :by_holder OR assigned_to = :actor_id)",
    clock=EventKind.RESUME,
)
DEFER = Move(
    ActionKind.DEFER,
    (Status.OPEN, Status.IN_PROGRESS),
    Status.DEFERRED,
    "holder, or ops.write while nobody holds it",
    "item.deferred",
    sets={"deferred_until": ":until"} | _NO_HOLDER,
    guard="(status = 'open' OR assigned_to = :actor_id)",
)
WAKE = Move(
    ActionKind.WAKE,
    (Status.DEFERRED,),
    Status.OPEN,
    "the clock",
    "item.woken",
    sets=_NOT_DEFERRED,
    guard="deferred_until <= :now",
)
ESCALATE = Move(
    ActionKind.ESCALATE,
    OPEN_STATUSES,
    None,
    "ops.write; the clock",
    "item.escalated",
    sets={"escalation_level": "escalation_level + 1", "escalated_at": ":now"},
)
RESOLVE = Move(
    ActionKind.RESOLVE,
    (Status.IN_PROGRESS,),
    Status.RESOLVED,
    "holder",
    "item.resolved",
    sets=_DECIDED,
    holder_only=True,
    clock=EventKind.FULFIL,
)
REJECT = Move(
    ActionKind.REJECT,
    (Status.IN_PROGRESS,),
    Status.REJECTED,
    "holder",
    "item.rejected",
    sets=_DECIDED,
    holder_only=True,
    clock=EventKind.FULFIL,
)
REOPEN = Move(
    ActionKind.REOPEN,
    REVIEWED_STATUSES,
    Status.OPEN,
    "manager",
    "item.reopened",
    sets={"sla_cycle": "sla_cycle + 1", "sla_started_at": ":now", "first_responded_at": "NULL"}
    | _UNDECIDED
    | _NO_HOLDER,
    clock=EventKind.REOPEN,
)
UNDO = Move(
    ActionKind.UNDO,
    REVIEWED_STATUSES,
    Status.IN_PROGRESS,
    "who decided, within the undo window and before any effect has left",
    "item.decision_undone",
    sets={"assigned_to": ":actor_id", "lease_expires_at": LEASE, "sla_told": "NULL"} | _UNDECIDED,
    guard="resolved_by = :actor_id AND resolved_at > :decided_after AND undo_journal IS NOT NULL",
    clock=EventKind.UNFULFIL,
)
SEND_OFF = Move(
    ActionKind.EFFECT,
    (Status.IN_PROGRESS,),
    None,
    "holder, with an option that acts outside",
    "item.sent_off",
    sets={"resolution": ":resolution", "resolution_metadata": "CAST(:decision AS jsonb)"},
    holder_only=True,
)
RECALL = Move(
    ActionKind.UNDO,
    (Status.IN_PROGRESS,),
    None,
    "holder, before the effect has left",
    "item.decision_undone",
    sets=_IN_HAND_AGAIN,
    holder_only=True,
    under_way=True,
)
ARRIVE = Move(
    ActionKind.RESOLVE,
    (Status.IN_PROGRESS,),
    Status.RESOLVED,
    "the outbox, when the effect is done",
    "item.resolved",
    sets={
        "resolved_at": ":now",
        "resolved_by": "assigned_to",
        "resolution_metadata": "resolution_metadata || jsonb_build_object('outcome', CAST(:outcome AS jsonb))",
        "lease_expires_at": "NULL",
        "draft_note": "NULL",
        "first_responded_at": "coalesce(first_responded_at, :now)",
    },
    clock=EventKind.FULFIL,
    under_way=True,
)
ANSWERED = Move(
    ActionKind.RESPOND,
    (Status.IN_PROGRESS,),
    None,
    "the outbox, when the answer has left",
    "item.responded",
    # It was given when it was decided: the undo window and the delivery are the house's own time.
    sets=_IN_HAND_AGAIN
    | {
        "first_responded_at": "coalesce(first_responded_at, "
        "CAST(resolution_metadata->>'decided_at' AS timestamptz), :now)"
    },
    under_way=True,
)
FOUND_OUT = Move(
    ActionKind.EFFECT,
    (Status.IN_PROGRESS,),
    None,
    "the outbox, when what was asked outside is answered",
    "item.found_out",
    sets=_IN_HAND_AGAIN,
    under_way=True,
)
COME_BACK = Move(
    ActionKind.EFFECT,
    (Status.IN_PROGRESS,),
    None,
    "the outbox, when the effect failed",
    "item.came_back",
    sets=_IN_HAND_AGAIN | {"context": "context || CAST(:learnt AS jsonb)"},
    under_way=True,
)
RESPOND = Move(
    ActionKind.RESPOND,
    (Status.IN_PROGRESS, Status.WAITING),
    None,
    "holder",
    "item.responded",
    sets={"first_responded_at": "coalesce(first_responded_at, :now)"},
    holder_only=True,
)
REPRIORITISE = Move(
    ActionKind.PRIORITY_CHANGE,
    OPEN_STATUSES,
    None,
    "ops.write",
    "item.priority_changed",
    sets={"priority": ":priority"},
    guard="priority <> :priority",
)
_KEY = "concat_ws('|', {0}.item_type, {0}.resource_type, {1})"
REDIRECT = Move(
    ActionKind.FIELD_UPDATE,
    OPEN_STATUSES,
    None,
    "whoever merges the item's record into another",
    "item.redirected",
    sets={
        "resource_id": ":about",
        # Known by its record, and no other open item is known by the new one already.
        "dedup_key": f"CASE WHEN dedup_key = {_KEY.format('work_items', 'work_items.resource_id')} AND NOT EXISTS ("
        f"SELECT FROM work_items o WHERE o.dedup_key = {_KEY.format('work_items', 'CAST(:about AS text)')} "
        f"AND o.{OPEN}) THEN {_KEY.format('work_items', 'CAST(:about AS text)')} ELSE dedup_key END",
    },
)
MOVES = (
    CLAIM,
    ASSIGN,
    RELEASE,
    EXPIRE,
    WAIT,
    RESUME,
    DEFER,
    WAKE,
    ESCALATE,
    RESOLVE,
    REJECT,
    REOPEN,
    UNDO,
    SEND_OFF,
    RECALL,
    ARRIVE,
    ANSWERED,
    FOUND_OUT,
    COME_BACK,
    RESPOND,
    REPRIORITISE,
    REDIRECT,
)
