"""What one may ask of the queue: filters and sorts, each checked, and the SQL conditions that they mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from core.clock import checked_moment
from core.errors import Invalid
from core.tables.work import SORT_KEYS
from core.words import OPEN_STATUSES, REVIEWED_STATUSES, Priority, Queue, SlaState, Status

Part = Literal["open", "reviewed"]
COARSE: Mapping[str, tuple[Status, ...]] = MappingProxyType(
    {"pending": OPEN_STATUSES, "reviewed": REVIEWED_STATUSES, "all": (*OPEN_STATUSES, *REVIEWED_STATUSES)}
)
_MOMENTS = {
    "created_from": "created_at >=",
    "created_to": "created_at <",
    "decided_from": "resolved_at >=",
    "decided_to": "resolved_at <",
}
_PARTS: tuple[tuple[Part, tuple[Status, ...]], ...] = (("open", OPEN_STATUSES), ("reviewed", REVIEWED_STATUSES))
_OTHERS_WORDS = {"assigned": "in_progress", **{status.value.upper(): status.value for status in Status}}
SLA = {
    SlaState.BREACHED: "sla_deadline <= :now",
    SlaState.AT_RISK: "sla_deadline > :now AND at_risk_at <= :now",
    SlaState.PAUSED: "sla_paused AND sla_deadline IS NULL",
    SlaState.ON_TRACK: "(sla_deadline IS NULL OR sla_deadline > :now) AND (at_risk_at IS NULL OR at_risk_at > :now) "
    "AND NOT (sla_paused AND sla_deadline IS NULL)",
}
"""How an open item stands to its deadline, as SQL conditions that exclude each other."""


@dataclass(frozen=True)
class Filter:
    """Which items, in which order. `status`: pending, reviewed, all, escalated, or one exact status.

    `assignee`: "me", "nobody" or a staff number. `score_min` and `score_max`: 0 to 100. `reference` finds an item by
    its own number, its record's number or its source's reference, exactly. `text` finds items by the beginnings of
    words in title, reason, type and references, all of which must be there, as far as everybody may see them; and the
    item whose own number it is.
    """

    status: str = "pending"
    queue: str | None = None
    item_type: str | None = None
    priority: tuple[str, ...] = ()
    score_min: float | None = None
    score_max: float | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    decided_from: datetime | None = None
    decided_to: datetime | None = None
    assignee: str | int | None = None
    sla: str | None = None
    reference: str | None = None
    text: str | None = None
    sort_by: str = "priority_score"
    sort_order: Literal["asc", "desc"] = "desc"

    def told(self) -> dict[str, Any]:
        """What was asked for beyond the defaults, for the audit log: no personal values, so not what was searched."""
        return self._asked() | ({"text": f"{len(_words(self.text))} words"} if self.text else {})

    def _asked(self) -> dict[str, Any]:
        return {
            each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default
        }

    def kept(self) -> str:
        """As JSON, to be kept and `restored`."""
        return json.dumps(self._asked(), default=str)

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Filter:
        """As it was when it was kept. Raises Invalid when it asks for what this program does not know."""
        unknown = set(kept) - {each.name for each in fields(cls)}
        if unknown:
            raise Invalid(sorted(unknown)[0], "is no filter of the queue")
        moments = {name: datetime.fromisoformat(kept[name]) for name in _MOMENTS if name in kept}
        return cls(**{**kept, **moments, "priority": tuple(kept.get("priority", ()))})


@dataclass(frozen=True)
class Conditions:
    """The SQL of a filter: which part of the items its indexes cover, further conditions, and their values."""

    parts: tuple[Part, ...]
    where: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)


def conditions(wanted: Filter, me: int | None, now: datetime) -> Conditions:
    """The SQL conditions of a filter. Raises Invalid naming the field that cannot be used and what is allowed."""
    statuses = _statuses(wanted.status)
    where: list[str] = []
    values: dict[str, Any] = {"now": now}
    for check in (_closed_words, _ranges, _people, _reference, _text):
        check(wanted, me, where, values)
    if wanted.status == "escalated":
        where.append("escalation_level > 0")
    elif wanted.status not in COARSE:
        where.append(f"status = '{statuses[0]}'")
    if wanted.sort_by not in SORT_KEYS or wanted.sort_order not in {"asc", "desc"}:
        raise Invalid("sort_by", f"is one of {', '.join(SORT_KEYS)}, and sort_order asc or desc")
    parts = tuple(part for part, asked in _PARTS if set(statuses) & set(asked))
    return Conditions(parts, tuple(where), values)


def _statuses(status: str) -> tuple[Status, ...]:
    if status == "escalated":
        return OPEN_STATUSES
    if status in COARSE:
        return COARSE[status]
    exact = _OTHERS_WORDS.get(status, status)
    if exact not in set(Status):
        raise Invalid("status", f"is one of {', '.join([*COARSE, 'escalated', *Status])}")
    return (Status(exact),)


def _closed_words(wanted: Filter, _me: int | None, where: list[str], values: dict[str, Any]) -> None:
    if wanted.queue is not None:
        where.append(f"queue = '{_word('queue', wanted.queue, Queue)}'")
    if wanted.item_type is not None:
        where.append("item_type = :item_type")
        values["item_type"] = wanted.item_type[:100]
    if wanted.priority:
        named = [Priority.heard(given) or str(given) for given in wanted.priority]
        where.append("priority = ANY(:priorities)")
        values["priorities"] = [_word("priority", name, Priority) for name in named]
    if wanted.sla is not None:
        where.append(f"({SLA[SlaState(_word('sla', wanted.sla, SlaState))]})")


def _word(name: str, given: str, allowed: type[Queue] | type[Priority] | type[SlaState]) -> str:
    if given not in set(allowed):
        raise Invalid(name, f"is one of {', '.join(allowed)}")
    return str(given)


def _ranges(wanted: Filter, _me: int | None, where: list[str], values: dict[str, Any]) -> None:
    for name, column, sign in (("score_min", "priority_score", ">="), ("score_max", "priority_score", "<=")):
        given = getattr(wanted, name)
        if given is not None:
            if isinstance(given, bool) or not 0 <= given <= 100:
                raise Invalid(name, "lies between 0 and 100")
            where.append(f"{column} {sign} :{name}")
            values[name] = given
    for name, condition in _MOMENTS.items():
        moment = getattr(wanted, name)
        if moment is not None:
            where.append(f"{condition} :{name}")
            values[name] = checked_moment(name, moment)


def _people(wanted: Filter, me: int | None, where: list[str], values: dict[str, Any]) -> None:
    if wanted.assignee is None:
        return
    if wanted.assignee == "nobody":
        where.append("assigned_to IS NULL")
        return
    given = me if wanted.assignee == "me" else wanted.assignee
    if given is not None and not str(given).isdecimal():
        raise Invalid("assignee", "is me, nobody or the number of a member of staff")
    where.append("assigned_to = :assignee")
    values["assignee"] = None if given is None else int(given)


def _reference(wanted: Filter, _me: int | None, where: list[str], values: dict[str, Any]) -> None:
    given = (wanted.reference or "").strip().lstrip("#")
    if not given:
        return
    if len(given) > 200 or "\x00" in given:
        raise Invalid("reference", "has at most 200 characters")
    where.append("(id = :number OR resource_id = :reference OR external_ref = :reference)")
    values["reference"] = given
    values["number"] = _number(given)


def _number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def _text(wanted: Filter, _me: int | None, where: list[str], values: dict[str, Any]) -> None:
    """Words are letters and digits alone: nothing in them means anything to the database."""
    if not (wanted.text or "").strip():
        return
    words = _words(wanted.text)
    if len(str(wanted.text)) > 200 or not words:
        raise Invalid("text", "is up to 200 characters, with a word or a number among them")
    found = "SELECT item_id FROM item_words WHERE words @@ to_tsquery('simple', :words)"
    own = _number(words[0]) if len(words) == 1 else None
    where.append(f"id IN ({found})" if own is None else f"id IN ({found} UNION ALL SELECT CAST(:own AS bigint))")
    values["words"] = " & ".join(f"'{word}':*" for word in words)
    values["own"] = own


def _words(text: str | None) -> list[str]:
    return re.findall(r"[^\W_]+", text or "")
