"""What is known of the settlings of failure groups: who is at it, how far it is, what came of each item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import NotFound
from core.looking import looked
from core.permissions import Permission, requires
from core.resolutions.declaring import item_type
from core.tables.groups import MOVING
from core.uow import UnitOfWork

SILENCE = timedelta(seconds=60)
"""A run that has not been taken forward for so long has lost its screen: it pauses, and others may begin anew."""


@dataclass(frozen=True)
class Run:
    """One settling of a group. `state` says where it is: its first few, the rest, stopped (with `why`), or done.

    `done`, `failed` and `under_way` count items by what came of them last; `untried` are those it has not come to,
    as of `stepped_at` (UTC). `mine`: whether the caller began it, and alone may go on with it.
    """

    id: int
    by: str
    mine: bool
    option: str
    justification: str
    canaries: int
    most_failures: int
    state: str
    why: str | None
    done: int
    failed: int
    under_way: int
    untried: int
    started_at: datetime
    stepped_at: datetime
    is_paused: bool

    @property
    def size(self) -> int:
        """How many items it is about, as far as it knows."""
        return self.done + self.failed + self.under_way + self.untried

    @property
    def is_moving(self) -> bool:
        """Whether somebody's screen is taking it forward."""
        return self.state in MOVING and not self.is_paused

    @property
    def has_more(self) -> bool:
        """Whether going on with it would do anything."""
        return bool(self.failed + self.under_way + self.untried)


# What is under way may have arrived since its run was taken forward.
ANSWER = "SELECT state, last_error FROM outbox WHERE item_id = {0}.item_id ORDER BY id DESC LIMIT 1"
BECAME = (
    "CASE WHEN e.state = 'done' AND e.last_error IS NULL THEN 'done' "
    "WHEN e.state IN ('done', 'parked', 'cancelled') THEN 'failed' ELSE {0}.state END"
)
WHY = "CASE WHEN e.state = 'cancelled' THEN 'It was taken back before it left.' ELSE e.last_error END"

_RUNS = f"""
SELECT DISTINCT ON (i.id) i.id AS example, r.*, s.full_name, n.*
FROM work_items i JOIN group_runs r ON r.failure_signature = i.failure_signature
JOIN staff s ON s.id = r.staff_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE became = 'done') AS done, count(*) FILTER (WHERE became = 'failed') AS failed,
        count(*) FILTER (WHERE became = 'under_way') AS under_way
    FROM (
        SELECT {BECAME.format("o")} AS became FROM group_outcomes o
        LEFT JOIN LATERAL ({ANSWER.format("o")}) e ON o.state = 'under_way' WHERE o.run_id = r.id
    ) each
) n WHERE i.id = ANY(:examples) ORDER BY i.id, r.id DESC"""


@requires(Permission.OPS_READ, leaves=None)
def runs(uow: UnitOfWork, examples: Sequence[int]) -> dict[int, Run]:
    """The latest settling of the group of each of these items, by the item's number."""
    return {row.example: _run(uow, row) for row in uow.rows(_RUNS, {"examples": list(examples)})}


def _run(uow: UnitOfWork, row: Any) -> Run:
    option = item_type(row.item_type).option(row.option)
    return Run(
        id=row.id,
        by=row.full_name,
        mine=row.staff_id == uow.principal.staff_id,
        option=option.label if option else row.option,
        justification=uow.principal.lens.text(row.justification) or "",
        canaries=row.canaries,
        most_failures=row.most_failures,
        state=row.state,
        why=row.why,
        done=row.done,
        failed=row.failed,
        under_way=row.under_way,
        untried=row.untried,
        started_at=row.started_at,
        stepped_at=row.stepped_at,
        is_paused=row.state in MOVING and row.stepped_at < uow.now - SILENCE,
    )


@dataclass(frozen=True)
class ItemOutcome:
    """What came of one item: under_way, done, or failed with `why`."""

    item_id: int
    state: str
    why: str
    at: datetime


_OUTCOMES = f"""
SELECT o.item_id, {BECAME.format("o")} AS became, coalesce(o.why, {WHY}) AS why, o.at
FROM group_outcomes o LEFT JOIN LATERAL ({ANSWER.format("o")}) e ON o.state = 'under_way'
WHERE o.run_id = :run ORDER BY o.state = 'done', o.at DESC, o.item_id LIMIT :limit"""


@requires(Permission.OPS_READ, leaves="group_run.read")
def outcomes(uow: UnitOfWork, run_id: int, limit: int = 100) -> tuple[ItemOutcome, ...]:
    """What came of each item of a run so far, what failed or is under way first, then the newest. Raises NotFound."""
    if uow.execute("SELECT 1 FROM group_runs WHERE id = :run", {"run": run_id}).one_or_none() is None:
        raise NotFound("settling of a group", run_id)
    rows = uow.rows(_OUTCOMES, {"run": run_id, "limit": limit})
    looked(uow, "group_run.read", "group_run", run_id)
    lens = uow.principal.lens
    return tuple(ItemOutcome(row.item_id, row.became, lens.text(row.why) or "", row.at) for row in rows)
