"""What rules are evaluated over: recorded events that meet a condition, and the metric records of each minute."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.alerts.rules.compiling import Compiled
from core.alerts.rules.fields import METRICS, SUBJECTS, Metric
from core.alerts.rules.language import EventRule, SlaRule, event_of, subject_of
from core.uow import UnitOfWork


@dataclass(frozen=True)
class Happened:
    """One recorded event that meets a rule's condition. Numbers among `facts` are int or Decimal."""

    id: int
    at: datetime
    subject_id: int
    facts: dict[str, Any]
    holder: int | None
    queue: str
    deadline: datetime | None


def newest_event(uow: UnitOfWork) -> int:
    """The number of the event recorded last; events appear in the order of their numbers."""
    return int(uow.execute("SELECT coalesce(max(id), 0) FROM rule_events").scalar_one())


def matches(
    uow: UnitOfWork,
    rule: EventRule | SlaRule,
    numbered: tuple[int, int],
    since: datetime,
    before: datetime | None,
    limit: int,
) -> list[Happened]:
    """The next events numbered above the first number and up to the second, that happened in [since, before) and meet
    the rule's condition."""
    compiled = Compiled(SUBJECTS[subject_of(rule)].fields)
    condition = compiled.sql(rule.condition)
    rows = uow.rows(
        "SELECT e.id, e.at, e.subject_id, CAST(e.facts AS text) AS facts, e.holder, e.queue, e.deadline "
        "FROM rule_events e WHERE e.kind = :event AND e.id > :after AND e.id <= :newest AND e.at >= :since "
        f"AND e.at < coalesce(CAST(:before AS timestamptz), 'infinity') AND {condition} ORDER BY e.id LIMIT :limit",
        {
            "event": event_of(rule),
            "after": numbered[0],
            "newest": numbered[1],
            "since": since,
            "before": before,
            "limit": limit,
            **compiled.values,
        },
    )
    return [Happened(**{**row._mapping, "facts": json.loads(row.facts, parse_float=Decimal)}) for row in rows]


@dataclass(frozen=True)
class Reading:
    """What a metric was at one minute; None where there was nothing to measure."""

    id: int
    at: datetime
    value: Decimal | None


def readings(
    uow: UnitOfWork, metric: str, after: int, since: datetime, before: datetime | None, limit: int
) -> Sequence[Reading]:
    """The next readings of a metric numbered above `after`, of [since, before)."""
    rows = uow.rows(
        f"SELECT id, at, {_value(METRICS[metric])} AS value FROM metric_records WHERE id > :after AND at >= :since "
        "AND at < coalesce(CAST(:before AS timestamptz), 'infinity') ORDER BY id LIMIT :limit",
        {"after": after, "since": since, "before": before, "limit": limit},
    )
    return [Reading(row.id, row.at, row.value) for row in rows]


def figures(uow: UnitOfWork, at: datetime) -> dict[str, Decimal | None]:
    """Every metric as the last record by this moment has it; all None where there is none."""
    listed = ", ".join(f"{_value(metric)} AS {name}" for name, metric in METRICS.items())
    row = uow.execute(
        f"SELECT {listed} FROM metric_records WHERE at <= :at ORDER BY at DESC, id DESC LIMIT 1", {"at": at}
    ).one_or_none()
    return dict(row._mapping) if row else dict.fromkeys(METRICS)


def reach(uow: UnitOfWork, kind: str) -> datetime | None:
    """Since when there is something to try a rule of this kind against (UTC)."""
    table = "metric_records" if kind == "threshold" else "rule_events"
    found: datetime | None = uow.execute(f"SELECT min(at) FROM {table}").scalar_one()
    return found


def _value(metric: Metric) -> str:
    path = ",".join(metric.path)
    return f"CAST(record #>> '{{{path}}}' AS numeric)"
