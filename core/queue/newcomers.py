"""What is known of an item to be, and how every field of it is checked before it becomes one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import uuid4

from core.clock import checked_moment
from core.errors import Invalid
from core.resolutions.declaring import ItemType, item_type
from core.text import checked_text
from core.uow import UnitOfWork
from core.words import Priority, Queue, Status

LONGEST_SLA_HOURS = 87_600.0
_IDENTIFIER = re.compile(r"[\w.:-]+", re.ASCII)
_VARYING = re.compile(r"https?://\S+|\b[0-9a-fA-F-]{16,}\b|\d[\d.,:/T-]*")


@dataclass(frozen=True)
class NewItem:
    """What is known of an item to be. Only the type is needed; the rest has the type's defaults.

    `sla_hours` or `due_at` (a deadline that the source already set) go before the policy; `open_ended` says that
    the source knows of none, and then there is none. `created_at` lies in the past for imports, which may also
    bring items that are decided: `status`, `resolved_at`, `resolution`.
    """

    item_type: str
    resource_type: str | None = None
    resource_id: str | int | None = None
    title: str = ""
    reason: str = ""
    priority: str | None = None
    queue: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    confidence_score: float = 1.0
    stake_amount: Decimal | float | None = None
    customer_id: int | None = None
    session_id: str | None = None
    sla_hours: float | None = None
    due_at: datetime | None = None
    open_ended: bool = False
    created_at: datetime | None = None
    dedup_key: str | None = None
    source: str = "manual"
    external_ref: str | None = None
    status: Status = Status.OPEN
    responded_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None


def checked(uow: UnitOfWork, new: NewItem) -> dict[str, Any]:
    """The columns of the item to be, every field checked."""
    declared = item_type(_identifier("item_type", new.item_type))
    if declared.is_retired:
        raise Invalid("item_type", f"{declared.name} is retired, and takes no new items")
    created_at = checked_moment("created_at", new.created_at or uow.now)
    resource_id = _reference("resource_id", new.resource_id)
    resource_type = _reference("resource_type", new.resource_type)
    resource_type = resource_type or (declared.resource_type if resource_id is not None else None)
    chosen = _word("priority", new.priority or declared.default_priority, Priority)
    reason = _optional("reason", new.reason, 16_000)
    return {
        "queue": _word("queue", new.queue or declared.queue, Queue),
        "item_type": new.item_type,
        "resource_type": resource_type,
        "resource_id": resource_id,
        "session_id": _reference("session_id", new.session_id),
        "customer_id": new.customer_id,
        "title": _optional("title", new.title, 500) or _title(declared, resource_type, resource_id),
        "reason": reason,
        "context": _document("context", new.context),
        "priority": chosen,
        "confidence_score": _share("confidence_score", new.confidence_score),
        "stake_amount": None if new.stake_amount is None else str(new.stake_amount),
        "status": new.status,
        "created_at": created_at.isoformat(),
        "sla_hours": _hours(new.sla_hours) or declared.sla_hours,
        "due_at": new.due_at and checked_moment("due_at", new.due_at),
        "open_ended": new.open_ended,
        "first_responded_at": _iso("responded_at", new.responded_at),
        "resolved_at": _iso("resolved_at", new.resolved_at),
        "resolution": new.resolution,
        "dedup_key": new.dedup_key or _dedup_key(new, resource_type, resource_id),
        "failure_signature": signature(new.item_type, reason),
        "source": _identifier("source", new.source),
        "external_ref": _reference("external_ref", new.external_ref),
    }


def _identifier(field_name: str, text: str) -> str:
    said = checked_text(field_name, text, 100)
    if not _IDENTIFIER.fullmatch(said):
        raise Invalid(field_name, "is a short name of letters, digits, dots, dashes and underscores")
    return said


def _optional(field_name: str, text: str, longest: int) -> str:
    return checked_text(field_name, text, longest) if text.strip() else ""


def _reference(field_name: str, given: str | int | None) -> str | None:
    """What something is known by elsewhere; blank is nothing."""
    return _optional(field_name, "" if given is None else str(given), 500) or None


def _word(field_name: str, given: str, allowed: type[StrEnum]) -> str:
    if given not in set(allowed):
        raise Invalid(field_name, f"is one of {', '.join(allowed)}")
    return str(given)


def _share(field_name: str, given: float) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise Invalid(field_name, "lies between 0 and 1")
    return float(given)


def _hours(given: float | None) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= LONGEST_SLA_HOURS:
        raise Invalid("sla_hours", f"is a number of hours above 0 and up to {LONGEST_SLA_HOURS:,.0f}")
    return float(given)


def _document(field_name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(dict(given), default=str, allow_nan=False)
    except (ValueError, RecursionError, TypeError):
        raise Invalid(field_name, "is a JSON object without NaN or infinity") from None
    if len(text) > 64_000 or "\\u0000" in text or re.search(r"\\ud[89a-f]", text):
        raise Invalid(field_name, "has at most 64,000 characters, all of them text")
    document: dict[str, Any] = json.loads(text)
    return document


def _iso(field_name: str, given: datetime | None) -> str | None:
    return None if given is None else checked_moment(field_name, given).isoformat()


def signature(item_type_name: str, reason: str) -> str:
    """What failures of one kind share: the type and the reason without its ids, links, numbers and times."""
    return f"{item_type_name}|{_VARYING.sub('#', reason).strip().lower()}"[:500]


def _title(declared: ItemType, resource_type: str | None, resource_id: str | None) -> str:
    about = f": {resource_type.replace('_', ' ')} {resource_id}" if resource_type and resource_id else ""
    return f"{declared.label}{about}"


def _dedup_key(new: NewItem, resource_type: str | None, resource_id: str | None) -> str:
    """By default an item is known by its type and resource; one about nothing in particular is always new."""
    if resource_id is not None:
        return f"{new.item_type}|{resource_type}|{resource_id}"
    if new.external_ref is not None:
        return f"{new.item_type}|{new.source}|{new.external_ref}"
    return f"{new.item_type}|{uuid4()}"
