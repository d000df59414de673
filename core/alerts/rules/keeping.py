"""Keeping rules: made, changed, switched on and off, taken away; every version stays on record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from core.alerts.clearing import clear
from core.alerts.rules import firing
from core.alerts.rules.language import AnyRule, ToStaff
from core.alerts.rules.parsing import parse
from core.errors import Conflict, Invalid, NotFound
from core.permissions import Permission, requires
from core.text import checked_text
from core.uow import UnitOfWork

NAME_LENGTH = 80
MOST_RULES = 200


@dataclass(frozen=True)
class KeptRule:
    """A rule as its managers see it: its JSON, whether it is on, how it fared. Moments are UTC."""

    id: int
    name: str
    kind: str
    definition: Mapping[str, Any]
    enabled: bool
    version: int
    failures: int
    last_error: str | None
    owner: str | None
    changed_at: datetime
    since: datetime | None
    fired: int
    last_fired_at: datetime | None


_LISTED = """
SELECT r.id, r.name, r.kind, r.definition, r.enabled, r.version, r.failures, r.last_error, s.full_name AS owner,
    r.changed_at, r.since, f.fired, f.last_fired_at
FROM alert_rules r LEFT JOIN staff s ON s.id = r.owner_id,
    LATERAL (SELECT count(*) AS fired, max(at) AS last_fired_at FROM rule_firings WHERE rule_id = r.id) f
WHERE {} ORDER BY lower(r.name), r.id"""


@requires(Permission.ALERTS_MANAGE, leaves=None)
def rules(uow: UnitOfWork) -> list[KeptRule]:
    """All rules, by name."""
    return [KeptRule(**row._mapping) for row in uow.rows(_LISTED.format("true"))]


@requires(Permission.ALERTS_MANAGE, leaves=None)
def rule(uow: UnitOfWork, number: int) -> KeptRule:
    """One rule. Raises NotFound."""
    found = uow.rows(_LISTED.format("r.id = :id"), {"id": number})
    if not found:
        raise NotFound("rule", number)
    return KeptRule(**found[0]._mapping)


@requires(Permission.ALERTS_MANAGE, leaves="rule.created")
def create(uow: UnitOfWork, name: str, definition: Any) -> int:
    """Keep a new rule, switched off. Returns its number. Raises Invalid with the place that is wrong, Conflict when
    another has that name."""
    called, said = checked_text("name", name, NAME_LENGTH), _checked(uow, definition)
    if uow.execute("SELECT count(*) FROM alert_rules").scalar_one() >= MOST_RULES:
        raise Conflict(f"There are {MOST_RULES} rules already; take one away first.")
    number = int(
        _named(
            uow,
            "INSERT INTO alert_rules (name, kind, definition, created_by, owner_id, created_at, changed_at) "
            "VALUES (:name, :kind, CAST(:definition AS jsonb), :by, :by, :now, :now) RETURNING id",
            {**_values(uow, said, definition), "name": called},
        )
    )
    _note(uow, number, "created")
    uow.record("rule.created", "alert_rule", number, name=called, kind=said.kind)
    return number


@requires(Permission.ALERTS_MANAGE, leaves="rule.changed")
def change(uow: UnitOfWork, number: int, version: int, name: str, definition: Any) -> int:
    """Say a rule anew; from now on it runs for the caller, begins afresh, and its standing alerts are over.

    Returns the new version. Raises Invalid with the place that is wrong, Conflict when somebody changed it since
    `version`, NotFound.
    """
    called, said = checked_text("name", name, NAME_LENGTH), _checked(uow, definition)
    _expect(uow, number, version)
    _named(
        uow,
        "UPDATE alert_rules SET name = :name, kind = :kind, definition = CAST(:definition AS jsonb), owner_id = :by, "
        f"version = version + 1, changed_at = :now, {_AFRESH} WHERE id = :id RETURNING id",
        {**_values(uow, said, definition), "name": called, "id": number},
    )
    firing.end(uow, number)
    _note(uow, number, "changed")
    uow.record("rule.changed", "alert_rule", number, name=called, kind=said.kind, version=version + 1)
    return version + 1


@requires(Permission.ALERTS_MANAGE, leaves="rule.switched")
def switch(uow: UnitOfWork, number: int, version: int, *, on: bool) -> int:
    """Switch a rule on, from this moment and for the caller, or off, when its standing alerts are over.

    Returns the new version. Raises Conflict when somebody changed it since `version`, NotFound.
    """
    kept = _expect(uow, number, version)
    if on:
        _checked(uow, kept.definition)
    owner = ", owner_id = :by" if on else ""
    uow.execute(
        f"UPDATE alert_rules SET enabled = :on, version = version + 1, changed_at = :now{owner}, {_AFRESH} "
        "WHERE id = :id",
        {"on": on, "id": number, "now": uow.now, "by": uow.principal.staff_id},
    )
    if on:
        clear(uow, [f"system|rule|{number}"])
    else:
        firing.end(uow, number)
    _note(uow, number, "switched on" if on else "switched off")
    uow.record("rule.switched", "alert_rule", number, on=on, version=version + 1)
    return version + 1


@requires(Permission.ALERTS_MANAGE, leaves="rule.deleted")
def delete(uow: UnitOfWork, number: int, version: int) -> None:
    """Take a rule away; its standing alerts are over, its history stays. Raises Conflict, NotFound."""
    kept = _expect(uow, number, version)
    firing.end(uow, number)
    clear(uow, [f"system|rule|{number}"])
    _note(uow, number, "taken away")
    uow.execute("UPDATE alerts SET rule_id = NULL WHERE rule_id = :id", {"id": number})
    uow.execute("DELETE FROM rule_firings WHERE rule_id = :id", {"id": number})
    uow.execute("DELETE FROM alert_rules WHERE id = :id", {"id": number})
    uow.record("rule.deleted", "alert_rule", number, name=kept.name)


@dataclass(frozen=True)
class Deed:
    """One entry of a rule's history: what was done (UTC), by whom, and how the rule read from then on."""

    version: int
    deed: str
    name: str
    definition: Mapping[str, Any]
    by_name: str
    at: datetime


@requires(Permission.ALERTS_MANAGE, leaves=None)
def history(uow: UnitOfWork, number: int) -> list[Deed]:
    """What was done to a rule, the last first."""
    rows = uow.rows(
        "SELECT version, deed, name, definition, by_name, at FROM alert_rule_versions WHERE rule_id = :id "
        "ORDER BY id DESC LIMIT 100",
        {"id": number},
    )
    return [Deed(**row._mapping) for row in rows]


_AFRESH = (
    "since = :now, last_event = (SELECT coalesce(max(id), 0) FROM rule_events), last_record = 0, "
    "last_moment = NULL, state = '{}', failures = 0, last_error = NULL"
)
"""Whatever happened before this moment is none of the rule's business."""


def _checked(uow: UnitOfWork, definition: Any) -> AnyRule:
    said = parse(definition)
    if isinstance(said.audience, ToStaff):
        known = set(
            uow.execute(
                "SELECT id FROM staff WHERE is_active AND id = ANY(:ids)", {"ids": list(said.audience.ids)}
            ).scalars()
        )
        for place, each in enumerate(said.audience.ids):
            if each not in known:
                raise Invalid(f"audience.ids.{place}", f"there is no member of staff {each}")
    return said


def _values(uow: UnitOfWork, said: AnyRule, definition: Any) -> dict[str, Any]:
    return {"kind": said.kind, "definition": json.dumps(definition), "by": uow.principal.staff_id, "now": uow.now}


def _named(uow: UnitOfWork, statement: str, values: Mapping[str, Any]) -> Any:
    try:
        with uow.attempt():
            return uow.execute(statement, values).scalar_one()
    except IntegrityError:
        raise Conflict(f"There is a rule called {values['name']} already.") from None


def _expect(uow: UnitOfWork, number: int, version: int) -> Any:
    kept = uow.execute(
        "SELECT id, name, version, definition, enabled FROM alert_rules WHERE id = :id FOR UPDATE", {"id": number}
    ).one_or_none()
    if kept is None:
        raise NotFound("rule", number)
    if kept.version != version:
        raise Conflict("This rule was changed by somebody else in the meantime.", {"version": kept.version})
    return kept


def _note(uow: UnitOfWork, number: int, deed: str) -> None:
    uow.execute(
        "INSERT INTO alert_rule_versions (rule_id, version, deed, name, definition, by_name, at) "
        "SELECT id, version, :deed, name, definition, :by, :now FROM alert_rules WHERE id = :id",
        {"id": number, "deed": deed, "by": uow.principal.full_name or uow.principal.name, "now": uow.now},
    )


def others(uow: UnitOfWork, number: int | None) -> Sequence[tuple[str, Any]]:
    """The names and definitions of the rules that are on, but this one: part of the guarded lint."""
    rows = uow.rows(
        "SELECT name, definition FROM alert_rules "
        "WHERE enabled AND id IS DISTINCT FROM CAST(:id AS bigint) ORDER BY id",
        {"id": number},
    )
    return [(row.name, row.definition) for row in rows]
