"""The table of moves: what may happen to a work item, from where to where, by whom. docs/lifecycle.md shows it."""

from __future__ import annotations

from core.queue.movement import (
    DECIDED,
    IN_HAND_AGAIN,
    LEASE,
    NO_HOLDER,
    NOT_DEFERRED,
    NOT_PROPOSED,
    TAKEN,
    UNDECIDED,
    Move,
)
from core.sla.events import EventKind
from core.tables.work import OPEN
from core.words import OPEN_STATUSES, REVIEWED_STATUSES, ActionKind, Status

CLAIM = Move(
    ActionKind.CLAIM,
    (Status.OPEN, Status.DEFERRED),
    Status.IN_PROGRESS,
    "ops.write",
    "item.claimed",
    sets={"assigned_to": ":actor_id"} | TAKEN | NOT_DEFERRED,
    guard="(status = 'open' OR deferred_until <= :now) AND proposed_by IS DISTINCT FROM :actor_id",
)
ASSIGN = Move(
    ActionKind.ASSIGN,
    (Status.OPEN, Status.IN_PROGRESS),
    Status.IN_PROGRESS,
    "manager",
    "item.assigned",
    sets={"assigned_to": ":assignee"} | TAKEN,
    guard="assigned_to IS DISTINCT FROM :assignee AND proposed_by IS DISTINCT FROM :assignee",
)
HAND_OUT = Move(
    ActionKind.ASSIGN,
    (Status.OPEN,),
    Status.IN_PROGRESS,
    "the clock, where a queue's items find hands by themselves",
    "item.handed_out",
    # Nobody has taken charge yet: the first response is still to come.
    sets={"assigned_to": ":assignee", "assigned_at": ":now", "lease_expires_at": LEASE},
    guard="proposed_by IS DISTINCT FROM :assignee",
)
RELEASE = Move(
    ActionKind.RELEASE,
    (Status.IN_PROGRESS,),
    Status.OPEN,
    "holder",
    "item.released",
    sets=NO_HOLDER,
    holder_only=True,
)
EXPIRE = Move(
    ActionKind.RELEASE,
    (Status.IN_PROGRESS,),
    Status.OPEN,
    "the clock",
    "item.lease_expired",
    sets=NO_HOLDER,
    guard="lease_expires_at <= :now",
)
WAIT = Move(
    ActionKind.WAIT,
    (Status.IN_PROGRESS,),
    Status.WAITING,
    "holder",
    "item.waiting",
    sets={"waiting_on": ":waiting_on"} | TAKEN | {"assigned_at": "assigned_at", "lease_expires_at": "NULL"},
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
    sets={"deferred_until": ":until"} | NO_HOLDER,
    guard="(status = 'open' OR assigned_to = :actor_id)",
)
WAKE = Move(
    ActionKind.WAKE,
    (Status.DEFERRED,),
    Status.OPEN,
    "the clock",
    "item.woken",
    sets=NOT_DEFERRED,
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
    sets=DECIDED,
    holder_only=True,
    clock=EventKind.FULFIL,
)
REJECT = Move(
    ActionKind.REJECT,
    (Status.IN_PROGRESS,),
    Status.REJECTED,
    "holder",
    "item.rejected",
    sets=DECIDED,
    holder_only=True,
    clock=EventKind.FULFIL,
)
REOPEN = Move(
    ActionKind.REOPEN,
    REVIEWED_STATUSES,
    Status.OPEN,
    "manager",
    "item.reopened",
    sets={"sla_cycle": "sla_cycle + 1", "sla_started_at": ":now", "first_responded_at": "NULL"} | UNDECIDED | NO_HOLDER,
    clock=EventKind.REOPEN,
)
UNDO = Move(
    ActionKind.UNDO,
    REVIEWED_STATUSES,
    Status.IN_PROGRESS,
    "who decided, within the undo window and before any effect has left",
    "item.decision_undone",
    sets={
        "assigned_to": ":actor_id",
        "lease_expires_at": LEASE,
        "sla_told": "NULL",
        "proposal": "resolution_metadata->'proposal'",
        "proposed_by": "CAST(resolution_metadata->'proposal'->>'by' AS bigint)",
    }
    | UNDECIDED,
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
    sets=IN_HAND_AGAIN,
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
    }
    | NOT_PROPOSED,
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
    sets=IN_HAND_AGAIN
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
    sets=IN_HAND_AGAIN,
    under_way=True,
)
COME_BACK = Move(
    ActionKind.EFFECT,
    (Status.IN_PROGRESS,),
    None,
    "the outbox, when the effect failed",
    "item.came_back",
    sets=IN_HAND_AGAIN | {"context": "context || CAST(:learnt AS jsonb)"},
    under_way=True,
)
PROPOSE = Move(
    ActionKind.PROPOSE,
    (Status.IN_PROGRESS,),
    Status.OPEN,
    "holder, with an option that gives back more than one person may",
    "item.proposed",
    sets={"proposal": "CAST(:proposal AS jsonb)", "proposed_by": ":actor_id", "draft_note": "NULL"} | NO_HOLDER,
    holder_only=True,
)
SEND_BACK = Move(
    ActionKind.SEND_BACK,
    (Status.IN_PROGRESS,),
    Status.OPEN,
    "holder, when another proposed",
    "item.sent_back",
    sets=NOT_PROPOSED | NO_HOLDER,
    guard="proposed_by <> :actor_id",
    holder_only=True,
)
WITHDRAW = Move(
    ActionKind.UNDO,
    (Status.OPEN, Status.DEFERRED),
    Status.IN_PROGRESS,
    "who proposed",
    "item.decision_undone",
    sets={"assigned_to": ":actor_id"} | TAKEN | NOT_DEFERRED | NOT_PROPOSED,
    guard="proposed_by = :actor_id",
)
WITHDRAW_UNSEEN = Move(
    ActionKind.UNDO,
    (Status.IN_PROGRESS, Status.WAITING),
    None,
    "who proposed, before the holder has approved",
    "item.decision_undone",
    sets=NOT_PROPOSED,
    guard="proposed_by = :actor_id",
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
FOLLOW = Move(
    ActionKind.FIELD_UPDATE,
    OPEN_STATUSES,
    None,
    "the clock, when one of its two records was merged into a third",
    "item.redirected",
    sets={
        "resource_id": ":about",
        "context": "context || jsonb_build_object('provider_ids', CAST(:pair AS jsonb))",
    },
)
BECOME_ONE = Move(
    ActionKind.RESOLVE,
    OPEN_STATUSES,
    Status.RESOLVED,
    "the clock, when its two records have become one",
    "item.resolved",
    sets=DECIDED | NOT_DEFERRED | {"waiting_on": "NULL", "first_responded_at": "first_responded_at"},
    clock=EventKind.FULFIL,
)
MOVES = tuple(known for known in tuple(globals().values()) if isinstance(known, Move))
"""All of them, in the order of this page."""
