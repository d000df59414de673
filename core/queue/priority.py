"""The priority score: a sum of named parts between 0 and 100, counted in one place, in one set-based statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import config
from core.permissions import Permission, requires
from core.spans import format_span
from core.tables.work import OPEN
from core.uow import UnitOfWork

WEIGHTS = ("SLA", "AMOUNT", "TIER", "REPEAT", "DOUBT", "PAYMENT", "SERVICE")
_BASES = ("critical", "high", "medium", "low")

_PARTS = {
    "base": "(CAST(:bases AS jsonb) ->> i.priority)::numeric",
    "deadline": ":w_sla * CASE WHEN i.sla_deadline IS NULL THEN 0 ELSE least(1, greatest(0, "
    "extract(epoch FROM CAST(:now AS timestamptz) - i.sla_started_at) "
    "/ greatest(1, extract(epoch FROM i.sla_deadline - i.sla_started_at)))) END",
    "amount": ":w_amount * least(1, ln(1 + greatest(0, coalesce(i.stake_amount, 0))) / ln(100001))",
    "tier": ":w_tier * CASE c.tier WHEN 'premium' THEN 1 WHEN 'plus' THEN 0.5 ELSE 0 END",
    "repeat": ":w_repeat * least(3, greatest(0, r.others))",
    "doubt": ":w_doubt * (1 - i.confidence_score)",
    "payment": ":w_payment * CASE WHEN b.payment_status = 'failed' THEN 1 ELSE 0 END",
    "service": ":w_service * CASE WHEN b.scheduled_at > CAST(:now AS timestamptz) THEN "
    "greatest(0, 1 - extract(epoch FROM b.scheduled_at - CAST(:now AS timestamptz)) / 86400) ELSE 0 END",
}


def _select(which: str) -> str:
    parts = ", ".join(f"round(({sql})::numeric, 1) AS {name}" for name, sql in _PARTS.items())
    return (
        f"SELECT i.id, {parts} FROM work_items i LEFT JOIN customers c ON c.id = i.customer_id "
        "LEFT JOIN bookings b ON i.resource_type = 'booking' AND b.id = "
        "CASE WHEN i.resource_id ~ '^[0-9]{1,18}$' THEN i.resource_id::bigint END "
        "LEFT JOIN LATERAL (SELECT count(*) - 1 AS others FROM work_items o WHERE o.customer_id = i.customer_id "
        f"AND o.{OPEN}) r ON i.customer_id IS NOT NULL "
        f"WHERE {which}"
    )


_TOTAL = "least(100, greatest(0, " + " + ".join(f"coalesce({name}, 0)" for name in _PARTS) + "))"
_DOCUMENT = (
    "(SELECT jsonb_agg(jsonb_build_object('part', part, 'points', points) ORDER BY place) FROM (VALUES "
    + ", ".join(f"({place}, '{name}', {name})" for place, name in enumerate(_PARTS))
    + ") AS v(place, part, points) WHERE points <> 0)"
)


def _statement(which: str) -> str:
    return (
        f"WITH parts AS ({_select(which)}), scored AS (SELECT id, {_TOTAL} AS score, "
        f"coalesce({_DOCUMENT}, '[]'::jsonb) AS document FROM parts) "
        "UPDATE work_items w SET priority_score = score, score_parts = document FROM scored "
        "WHERE w.id = scored.id AND (w.priority_score <> score::float OR w.score_parts <> document)"
    )


_THESE = _statement("i.id = ANY(:ids)")
_OPEN = _statement(f"i.{OPEN}")


def rescore(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Count the scores of these items anew: part of whatever changed them."""
    uow.execute(_THESE, {"ids": list(ids), **_bound(uow)})


@requires(Permission.OPS_ADMIN, leaves=None)
def refresh_scores(uow: UnitOfWork) -> int:
    """Count the score of every open item anew, in one statement. Returns how many changed.

    A score follows from the record and the time: it is no action of anybody's and leaves no trail.
    """
    with uow.housekeeping():
        return uow.execute(_OPEN, _bound(uow)).rowcount


def _bound(uow: UnitOfWork) -> dict[str, Any]:
    bases = {name: config.number(f"SCORE_BASE_{name.upper()}") for name in _BASES}
    weights = {f"w_{name.lower()}": config.number(f"SCORE_{name}") for name in WEIGHTS}
    return {"now": uow.now, "bases": json.dumps(bases), **weights}


@dataclass(frozen=True)
class Part:
    """One named part of a score: `points` add to it, `because` says why in the reader's words."""

    name: str
    points: float
    because: str


def told(parts: Sequence[Mapping[str, Any]], item: Any, now: datetime) -> tuple[Part, ...]:
    """The stored parts of an item's score, each with its reason in the reader's words."""
    reasons = {
        "base": item.priority,
        "deadline": _deadline(item.sla_deadline, now),
        "amount": f"amount {item.stake_amount or 0:,.2f}",
        "tier": "the customer's tier",
        "repeat": "other open items of this customer",
        "doubt": f"confidence {item.confidence_score:.0%}",
        "payment": "the payment failed",
        "service": "the service is near",
    }
    return tuple(Part(part["part"], float(part["points"]), reasons.get(part["part"], part["part"])) for part in parts)


def _deadline(due_at: datetime | None, now: datetime) -> str:
    if due_at is None:
        return "no deadline"
    return (
        f"deadline in {format_span(due_at - now)}" if due_at > now else f"{format_span(now - due_at)} past the deadline"
    )
