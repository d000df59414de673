"""Impossible records: kept as they came, and put before somebody who knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.intake.drafts import Problem
from core.permissions import Permission, requires
from core.queue.newcomers import NewItem
from core.queue.opening import open_items
from core.uow import UnitOfWork
from core.words import Queue

_QUEUES: Mapping[str, Queue] = {
    "booking": Queue.CUSTOMER,
    "complaint": Queue.CUSTOMER,
    "provider": Queue.PROVIDER_DATA,
}


@dataclass(frozen=True)
class Doubtful:
    """A record with something impossible in it: which one it is, what its source calls it, and what is wrong."""

    resource_type: str
    resource_id: str | int
    external_ref: str
    problems: tuple[Problem, ...]


@requires(Permission.OPS_WRITE, leaves="item.opened")
def flag(uow: UnitOfWork, doubtful: Sequence[Doubtful], *, source: str) -> int:
    """Open a `validation_flag` item for each of these records, once. Returns how many are new."""
    opened = open_items(uow, [_item(record, source) for record in doubtful])
    return sum(item.outcome == "new" for item in opened)


def _item(record: Doubtful, source: str) -> NewItem:
    named = [field for problem in record.problems for field in problem.fields]
    words = "; ".join(problem.words for problem in record.problems)
    return NewItem(
        item_type="validation_flag",
        resource_type=record.resource_type,
        resource_id=record.resource_id,
        queue=_QUEUES.get(record.resource_type, Queue.AUTOMATION),
        title=f"{record.resource_type.capitalize()} {record.resource_id}: {words}"[:500],
        reason=words,
        context={"fields": named, "problem": words},
        confidence_score=0.5,
        source=source,
        external_ref=f"flag:{record.external_ref}",
    )
