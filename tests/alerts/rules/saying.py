"""Short ways to say rules, to let things happen and be recorded, and to read what fired."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import text

from core import clock, db
from core.alerts.rules import evaluating, keeping, recording
from core.alerts.rules.backtesting import replay
from core.alerts.rules.parsing import parse
from core.permissions import Principal, process
from core.sealing import seal
from core.uow import UnitOfWork, perform
from tests.builders import rows

JOB = process("job", "evaluate_rules")
EVERYBODY = {"to": "everybody"}


def rule(kind: str = "event", **said: Any) -> dict[str, Any]:
    """A rule's JSON, with what every rule needs."""
    own: dict[str, Any] = {"event": {"event": "item.opened"}, "sla": {"mark": "due"}}.get(kind, {})
    return (
        {"kind": kind, "title": "Item {number}" if kind in {"event", "sla"} else "Look", "audience": EVERYBODY}
        | own
        | said
    )


def threshold(**said: Any) -> dict[str, Any]:
    """A threshold rule's JSON."""
    return rule("threshold", metric="total_pending", operator="more_than", value=10) | said


def kept(who: Principal, definition: dict[str, Any], name: str = "Trial") -> int:
    """A rule that is switched on; returns its number."""
    number = perform(who, keeping.create, name, definition)
    perform(who, keeping.switch, number, 1, on=True)
    return number


def evaluate() -> dict[str, int]:
    """One run of the job, as `jobs` carries it out."""
    perform(JOB, seal)
    perform(JOB, recording.record_events)
    return dict(evaluating.evaluate_all(lambda verb, *args: perform(JOB, verb, *args)))


def fired(number: int) -> list[tuple[str, datetime]]:
    """What a rule fired for and when, in order."""
    found = rows("SELECT subject_key, at FROM rule_firings WHERE rule_id = :id ORDER BY at, id", id=number)
    return [(row.subject_key, row.at) for row in found]


def alerts(where: str = "true") -> list[str]:
    """The titles of the alerts, oldest first."""
    return [row.title for row in rows(f"SELECT title FROM alerts WHERE {where} ORDER BY id")]


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Time stands still at this moment."""
    with clock.frozen(moment):
        yield


def record(points: Iterable[tuple[datetime, float | None]]) -> None:
    """Metric records in which so many items are pending."""
    told = [{"at": moment.isoformat(), "record": {"total_pending": value}} for moment, value in points]
    with db.engine("app").begin() as connection:
        connection.execute(
            text(
                "INSERT INTO metric_records (at, record) SELECT at, record FROM "
                "jsonb_to_recordset(CAST(:told AS jsonb)) AS r(at timestamptz, record jsonb) ORDER BY at"
            ),
            {"told": json.dumps(told)},
        )


def forget_records() -> None:
    """No metric was ever recorded."""
    with db.engine("app").begin() as connection:
        connection.execute(text("DELETE FROM metric_records"))


def past(who: Principal, definition: dict[str, Any], since: datetime, until: datetime) -> list[tuple[str, datetime]]:
    """What the back-test says fires in [since, until)."""
    with UnitOfWork(who) as uow:
        count, by_day, found = replay(uow, parse(definition), since, until, listed=100_000)
    assert count == sum(by_day.values()) == len(found)
    return [(each.key, each.at) for each in found]
