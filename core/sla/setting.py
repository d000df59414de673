"""Setting policies and calendars: a new version from now on, the open items follow, and a preview says which would."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.errors import Invalid
from core.permissions import Permission, requires
from core.sla import deadlines
from core.sla.calendars import Calendar
from core.sla.clock import Reading
from core.tables.work import OPEN
from core.uow import UnitOfWork
from core.words import Priority, Queue, SlaState


@dataclass(frozen=True)
class Policy:
    """Targets in hours for a queue, type and priority (None: any), and the terms under which they count."""

    queue: str | None = None
    item_type: str | None = None
    priority: str | None = None
    resolution_hours: float | None = None
    first_response_hours: float | None = None
    calendar_name: str | None = None
    pauses_when_waiting: bool = False
    at_risk_share: float | None = None


@dataclass(frozen=True)
class Change:
    """What a new version does to one open item: its deadline and its state, before and after."""

    item_id: int
    due_before: datetime | None
    due_after: datetime | None
    state_before: SlaState
    state_after: SlaState


@requires(Permission.OPS_ADMIN, leaves="sla.policy_set")
def set_policy(uow: UnitOfWork, policy: Policy) -> int:
    """Put a policy in force from now on, and give the open items that it covers their new deadlines.

    Returns how many items were aimed anew. Raises Invalid naming the field that cannot be used.
    """
    _check(uow, policy)
    told = asdict(policy)
    columns = ", ".join(told)
    uow.execute(
        f"UPDATE sla_policies SET valid_until = :now WHERE valid_until IS NULL AND valid_from < :now AND {_SAME}",
        told | {"now": uow.now},
    )
    uow.execute(
        f"INSERT INTO sla_policies ({columns}, valid_from) VALUES ({', '.join(f':{name}' for name in told)}, :now)",
        told | {"now": uow.now},
    )
    uow.record("sla.policy_set", "sla_policy", None, **{key: told[key] for key in told if told[key] is not None})
    return _retarget(uow, _covered(policy), told, "policy changed")


@requires(Permission.OPS_ADMIN, leaves="sla.calendar_set")
def set_calendar(uow: UnitOfWork, name: str, definition: Mapping[str, Any]) -> int:
    """Put a version of a business calendar in force from now on; the open items counted in it follow.

    Returns how many items were aimed anew. Raises Invalid naming the place that is wrong.
    """
    if not name.strip() or len(name) > 100:
        raise Invalid("name", "has between 1 and 100 characters")
    calendar = Calendar.from_json(definition)
    uow.execute(
        "UPDATE calendars SET valid_until = :now WHERE name = :name AND valid_until IS NULL AND valid_from < :now",
        {"name": name, "now": uow.now},
    )
    uow.execute(
        "INSERT INTO calendars (name, definition, valid_from) VALUES (:name, CAST(:definition AS jsonb), :now)",
        {"name": name, "definition": json.dumps(calendar.to_json()), "now": uow.now},
    )
    uow.record("sla.calendar_set", "calendar", name)
    return _retarget(uow, _IN_CALENDAR, {"name": name}, f"calendar {name} changed")


@requires(Permission.OPS_ADMIN, leaves="sla.policy_previewed")
def preview_policy(uow: UnitOfWork, policy: Policy) -> list[Change]:
    """Which open items would change deadline or state if `policy` were in force: nothing is kept."""
    uow.record("sla.policy_previewed", "sla_policy")
    return _preview(uow, _covered(policy), asdict(policy), lambda: set_policy(uow, policy))


@requires(Permission.OPS_ADMIN, leaves="sla.calendar_previewed")
def preview_calendar(uow: UnitOfWork, name: str, definition: Mapping[str, Any]) -> list[Change]:
    """Which open items would change deadline or state with this version of a calendar: nothing is kept."""
    uow.record("sla.calendar_previewed", "calendar", name)
    return _preview(uow, _IN_CALENDAR, {"name": name}, lambda: set_calendar(uow, name, definition))


_SAME = (
    "queue IS NOT DISTINCT FROM :queue AND item_type IS NOT DISTINCT FROM :item_type "
    "AND priority IS NOT DISTINCT FROM :priority"
)
_IN_CALENDAR = (
    "EXISTS (SELECT 1 FROM clock_events e JOIN calendars c ON c.id = e.calendar_id "
    "WHERE e.item_id = i.id AND c.name = :name)"
)


def _check(uow: UnitOfWork, policy: Policy) -> None:
    for name, allowed in (("queue", Queue), ("priority", Priority)):
        given = getattr(policy, name)
        if given is not None and given not in set(allowed):
            raise Invalid(name, f"is one of {', '.join(allowed)}, or empty for any")
    for name in ("resolution_hours", "first_response_hours"):
        given = getattr(policy, name)
        if given is not None and (isinstance(given, bool) or not 0 < given <= 87_600):
            raise Invalid(name, "is a number of hours above 0 and up to 87,600")
    if policy.at_risk_share is not None and not 0 < policy.at_risk_share < 1:
        raise Invalid("at_risk_share", "lies between 0 and 1")
    known = "SELECT 1 FROM calendars WHERE name = :name AND valid_until IS NULL"
    if policy.calendar_name is not None and not uow.rows(known, {"name": policy.calendar_name}):
        raise Invalid("calendar_name", "names no calendar")


def _covered(policy: Policy) -> str:
    """Open items that the policy might concern; the most specific policy decides for each."""
    told = [f"i.{name} = :{name}" for name in ("queue", "item_type", "priority") if getattr(policy, name) is not None]
    return " AND ".join(told) or "true"


def _ids(uow: UnitOfWork, where: str, values: Mapping[str, Any]) -> list[int]:
    rows = uow.rows(f"SELECT id FROM work_items i WHERE {OPEN} AND {where} ORDER BY id FOR NO KEY UPDATE", values)
    return [row.id for row in rows]


def _retarget(uow: UnitOfWork, where: str, values: Mapping[str, Any], reason: str) -> int:
    ids = _ids(uow, where, values)
    for start in range(0, len(ids), deadlines.BATCH):
        deadlines.retarget(uow, ids[start : start + deadlines.BATCH], reason)
    return len(ids)


def _preview(uow: UnitOfWork, where: str, values: Mapping[str, Any], change: Callable[[], object]) -> list[Change]:
    ids = _ids(uow, where, values)
    before = _readings(uow, ids)
    with uow.rehearsal():
        change()
        after = _readings(uow, ids)
    changes = (_change(item, before[item], after[item]) for item in ids)
    return [each for each in changes if (each.due_before, each.state_before) != (each.due_after, each.state_after)]


def _readings(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, Reading]:
    return {item: story.read(uow.now) for item, story in deadlines.stories(uow, ids).items()}


def _change(item: int, before: Reading, after: Reading) -> Change:
    return Change(item, before.resolution_due_at, after.resolution_due_at, before.state, after.state)
