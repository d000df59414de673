"""Counted allowances: how many full records one person may open in an hour, exact across all processes and doors."""

from __future__ import annotations

from datetime import timedelta

from core import config
from core.errors import LimitReached
from core.uow import UnitOfWork

WINDOW = timedelta(hours=1)
EXPAND = "expand"


def spend(uow: UnitOfWork, count: int = 1) -> int:
    """Use `count` of the caller's full records of the last hour; returns how many are left.

    One guarded statement decides, so that no two processes grant the same one. Raises LimitReached with the
    moment at which the next one frees up; nothing is used then.
    """
    limit = int(config.number("MAX_EXPAND_PER_HOUR"))
    me = uow.principal.staff_id
    uow.execute(
        "INSERT INTO allowances (staff_id, kind) VALUES (:me, :kind) ON CONFLICT DO NOTHING", {"me": me, "kind": EXPAND}
    )
    used = uow.execute(
        "UPDATE allowances SET used_at = recent.stamps || "
        "array_fill(CAST(:now AS timestamptz), ARRAY[CAST(:count AS int)]) FROM (SELECT a.staff_id, a.kind, "
        "ARRAY(SELECT stamp FROM unnest(a.used_at) stamp WHERE stamp > :since ORDER BY stamp) AS stamps "
        "FROM allowances a WHERE a.staff_id = :me AND a.kind = :kind FOR UPDATE) recent "
        "WHERE allowances.staff_id = recent.staff_id AND allowances.kind = recent.kind "
        "AND cardinality(recent.stamps) + :count <= :limit RETURNING cardinality(used_at) AS used",
        {"me": me, "kind": EXPAND, "now": uow.now, "since": uow.now - WINDOW, "count": count, "limit": limit},
    ).scalar_one_or_none()
    if used is None:
        raise _refusal(uow, count, limit)
    return limit - int(used)


def _refusal(uow: UnitOfWork, count: int, limit: int) -> LimitReached:
    """Who waits until the oldest of their looks is an hour old may have another."""
    stamps = uow.execute(
        "SELECT ARRAY(SELECT stamp FROM unnest(used_at) stamp WHERE stamp > :since ORDER BY stamp) FROM allowances "
        "WHERE staff_id = :me AND kind = :kind",
        {"me": uow.principal.staff_id, "kind": EXPAND, "since": uow.now - WINDOW},
    ).scalar_one()
    place = len(stamps) + count - limit - 1
    frees_at = stamps[place] + WINDOW if 0 <= place < len(stamps) else uow.now + WINDOW
    sentence = f"You have opened {limit} full records in the last hour; the next is free at {frees_at:%H:%M} UTC."
    return LimitReached(sentence, frees_at)
