"""Rules as they run: each taken on to now, by itself; one that fails, or whose owner may not, is switched off aloud."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import config
from core.alerts.raising import Audience, NewAlert, raise_alerts
from core.alerts.rules import firing
from core.alerts.rules.advancing import Advance, Place, advance
from core.alerts.rules.folding import Holding
from core.alerts.rules.language import AnyRule, ScheduleRule
from core.alerts.rules.parsing import parse
from core.errors import OpsError, Unavailable
from core.permissions import MANAGES, ROLES, Permission, Role, requires
from core.running import Superseded
from core.uow import UnitOfWork
from core.words import AlertType, Severity


@dataclass(frozen=True)
class Evaluation:
    """What came of evaluating a rule: how often it fired, and whether there is more to look at."""

    fired: int
    more: bool


@requires(Permission.OPS_ADMIN, leaves=None)
def due(uow: UnitOfWork) -> list[int]:
    """The rules that are switched on."""
    return list(uow.execute("SELECT id FROM alert_rules WHERE enabled ORDER BY id").scalars())


_HELD = """
SELECT r.*, s.is_active AS owner_active, s.role AS owner_role
FROM alert_rules r LEFT JOIN staff s ON s.id = r.owner_id WHERE r.id = :id AND r.enabled FOR UPDATE OF r"""
_GONE_ON = """
UPDATE alert_rules SET last_event = :last_event, last_record = :last_record, last_moment = :last_moment,
    state = CAST(:state AS jsonb), failures = 0, last_error = NULL WHERE id = :id"""


@requires(Permission.OPS_ADMIN, leaves=None)
def evaluate(uow: UnitOfWork, number: int) -> Evaluation:
    """Take one rule on, holding it: whoever comes second goes on from where this one ends. Call again while there is
    more. A rule that is off does nothing."""
    row = uow.execute(_HELD, {"id": number}).one_or_none()
    if row is None:
        return Evaluation(0, more=False)
    if not _may_own(row):
        _switch_off(uow, row, "whoever saved it last may not manage rules any more. Another manager can save it anew.")
        return Evaluation(0, more=False)
    rule = parse(row.definition)
    gone = advance(uow, rule, place_of(row), lambda keys: _last_fired(uow, row, keys), until=uow.now)
    fired = firing.fire(uow, number, row.name, rule, _due_now(rule, gone))
    if gone.cleared:
        firing.end(uow, number)
    _keep(uow, number, gone.place)
    return Evaluation(fired, gone.more)


def _may_own(row: Any) -> bool:
    """A rule of nobody in particular is the installation's own."""
    if row.owner_id is None:
        return True
    allowed = ROLES[Role(row.owner_role)]
    return bool(row.owner_active) and (MANAGES in allowed or Permission.OPS_ADMIN in allowed)


def _due_now(rule: AnyRule, gone: Advance) -> Sequence[Any]:
    """Of a schedule's moments that were slept through, only the last is told of."""
    return gone.firings[-1:] if isinstance(rule, ScheduleRule) else gone.firings


def place_of(row: Any) -> Place:
    """How far a rule is, as its row tells."""
    since: datetime = row.since or row.changed_at
    return Place(since, row.last_event, row.last_record, row.last_moment, Holding.restored(row.state))


def _last_fired(uow: UnitOfWork, row: Any, keys: Sequence[str]) -> Mapping[str, datetime]:
    rows = uow.rows(
        "SELECT f.key, l.at FROM unnest(CAST(:keys AS text[])) AS f(key), LATERAL (SELECT at FROM rule_firings "
        "WHERE rule_id = :rule AND subject_key = f.key AND at >= :since ORDER BY id DESC LIMIT 1) l",
        {"keys": list(keys), "rule": row.id, "since": place_of(row).since},
    )
    return {found.key: found.at for found in rows}


def _keep(uow: UnitOfWork, number: int, place: Place) -> None:
    bound = {"last_event": place.last_event, "last_record": place.last_record, "last_moment": place.last_moment}
    with uow.housekeeping():
        uow.execute(_GONE_ON, {**bound, "id": number, "state": json.dumps(place.holding.kept())})


@requires(Permission.OPS_ADMIN, leaves="rule.failed")
def note_failure(uow: UnitOfWork, number: int, why: str) -> bool:
    """Note that evaluating a rule failed; after RULE_FAILURES in a row it is switched off, which is told. Returns
    whether it was."""
    row = uow.execute(
        "UPDATE alert_rules SET failures = failures + 1, last_error = :why WHERE id = :id AND enabled "
        "RETURNING id, name, version, definition, failures",
        {"id": number, "why": why[:500]},
    ).one_or_none()
    uow.record("rule.failed", "alert_rule", number, why=why[:500])
    if row is None or row.failures < config.number("RULE_FAILURES"):
        return False
    _switch_off(uow, row, f"it failed {row.failures} times in a row: {why[:300]}")
    return True


def _switch_off(uow: UnitOfWork, row: Any, why: str) -> None:
    uow.execute("UPDATE alert_rules SET enabled = false, last_error = :why WHERE id = :id", {"id": row.id, "why": why})
    uow.execute(
        "INSERT INTO alert_rule_versions (rule_id, version, deed, name, definition, by_name, at) "
        "SELECT id, version, 'switched off', name, definition, :by, :now FROM alert_rules WHERE id = :id",
        {"id": row.id, "by": uow.principal.name, "now": uow.now},
    )
    uow.record("rule.switched_off", "alert_rule", row.id, why=why)
    new = NewAlert(
        AlertType.SYSTEM,
        Severity.WARNING,
        f"The rule “{row.name}” was switched off",
        f"It watches nothing now: {why}",
        f"system|rule|{row.id}",
        Audience(role=Role.MANAGER),
        resource=("alert_rule", row.id),
    )
    raise_alerts(uow, [new])


Do = Callable[..., Any]


def evaluate_all(do: Do) -> Mapping[str, int]:
    """Evaluate every rule that is on, each in units of work of its own by `do`: one that fails stops no other."""
    fired = failed = 0
    for number in do(due):
        try:
            fired += _evaluate(do, number)
        except (Superseded, Unavailable):
            raise
        except Exception as error:
            failed += 1
            do(note_failure, number, error.sentence if isinstance(error, OpsError) else type(error).__name__)
    return {"fired": fired, "failed": failed}


def _evaluate(do: Do, number: int) -> int:
    fired = 0
    while True:
        came: Evaluation = do(evaluate, number)
        fired += came.fired
        if not came.more:
            return fired
