"""Keeping customers findable: the hashes that are missing are filled in, and made anew after the key has changed."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core import marking
from core.permissions import Permission, requires
from core.tables.customers import UNMARKED
from core.uow import UnitOfWork

_OTHER_KEYS = " OR ".join(
    f"EXISTS (SELECT 1 FROM customers WHERE {field}_hash {beyond})"
    for field in marking.MARKED["customers"]
    for beyond in ("< :first", "> :last")
)
_STALE = " OR ".join(f"{field}_hash NOT BETWEEN :first AND :last" for field in marking.MARKED["customers"])


@dataclass(frozen=True)
class Standing:
    """Whether every customer can be found: some may have no hash yet, or one that another key made."""

    unmarked: bool
    other_key: bool


@requires(leaves=None)
def standing(uow: UnitOfWork) -> Standing:
    """How things stand: some steps down three indexes."""
    first, last = marking.bounds()
    row = uow.execute(
        f"SELECT EXISTS (SELECT 1 FROM customers WHERE {UNMARKED}) AS unmarked, {_OTHER_KEYS} AS other_key",
        {"first": first, "last": last},
    ).one()
    return Standing(row.unmarked, row.other_key)


@requires(Permission.OPS_ADMIN, leaves=None)
def mark_customers(uow: UnitOfWork, limit: int = 1000) -> int:
    """Fill in the hashes of customers that have none: one batch. Returns how many customers.

    A hash says nothing that the record does not, so this is no action of anybody's and leaves no trail.
    """
    with uow.housekeeping():
        return _mark(uow, UNMARKED, limit)


@requires(Permission.OPS_ADMIN, leaves="customer.remarked")
def remark_customers(uow: UnitOfWork, limit: int = 1000) -> int:
    """Make the hashes anew that another key made: one batch. Returns how many customers; call again while it is
    `limit`."""
    done = _mark(uow, _STALE, limit)
    uow.record("customer.remarked", "customer", None, count=done)
    return done


def _mark(uow: UnitOfWork, which: str, limit: int) -> int:
    first, last = marking.bounds()
    fields = marking.MARKED["customers"]
    found = uow.rows(
        f"SELECT id, {', '.join(fields)} FROM customers WHERE {which} LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED",
        {"limit": limit, "first": first, "last": last},
    )
    marked = marking.with_marks("customers", [dict(row._mapping) for row in found])
    told = [{name: value for name, value in row.items() if name not in fields} for row in marked]
    sets = ", ".join(f"{field}_hash = r.{field}_hash" for field in fields)
    typed = ", ".join(f"{field}_hash bytea" for field in fields)
    uow.execute(
        f"UPDATE customers c SET {sets} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, {typed}) "
        "WHERE c.id = r.id",
        {"rows": json.dumps(told, default=marking.as_json)},
    )
    return len(found)
