"""How deep the queue is, how old, and how quickly it is worked off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.metrics.periods import Asked
from core.metrics.tally import OpenItems, Percentiles, Tally
from core.words import OPEN_STATUSES, Priority, Queue

NEEDS = ("arrived", "decided", "resolved", "open")


@dataclass(frozen=True)
class QueueHealth:
    """Depth and age count the open items as they stand now; times and rates are of the period.

    `avg_resolution_hours_by_type` has the types of which something was resolved, `resolution_percentiles_by_type`
    beside it. `resolutions_per_person_per_day`: over the people who resolved anything and the local days begun.
    `escalation_rate`: of the `opened` items of the period, the share in percent that went up a level.
    """

    total_pending: int
    by_priority: Mapping[str, int]
    by_queue: Mapping[str, int]
    by_status: Mapping[str, int]
    oldest_item_hours: float | None
    items_breaching_sla: int
    opened: int
    decided: int
    avg_resolution_hours_by_type: Mapping[str, float]
    resolution_percentiles_by_type: Mapping[str, Percentiles]
    resolutions_per_person_per_day: float | None
    escalation_rate: float | None


def queue_health(tally: Tally, asked: Asked) -> QueueHealth:
    """The figures of the queue."""
    items = tally.open_items
    opened, resolved = tally.sum("arrived", asked.current), tally.by("a", "resolved", asked.current)
    hours = {name: each.average_hours for name, each in sorted(resolved.items())}
    return QueueHealth(
        total_pending=sum(each.count for each in items),
        by_priority=depth(items, "priority", Priority),
        by_queue=depth(items, "queue", Queue),
        by_status=depth(items, "status", OPEN_STATUSES),
        oldest_item_hours=oldest_hours(tally, asked),
        items_breaching_sla=sum(each.breached for each in items),
        opened=opened.count,
        decided=tally.sum("decided", asked.current).count,
        avg_resolution_hours_by_type={name: average for name, average in hours.items() if average is not None},
        resolution_percentiles_by_type={name: tally.times("resolved", name) for name in hours},
        resolutions_per_person_per_day=_per_person_and_day(tally, asked),
        escalation_rate=100 * opened.marked / opened.count if opened.count else None,
    )


def depth(items: Iterable[OpenItems], word: str, words: Iterable[str]) -> dict[str, int]:
    """How many open items there are of each of these words: of a queue, a priority, a status."""
    found = Counter[str]()
    for each in items:
        found[getattr(each, word)] += each.count
    return {str(each): found[each] for each in words}


def oldest_hours(tally: Tally, asked: Asked) -> float | None:
    """How long the oldest open item has been there."""
    oldest = min((each.oldest_at for each in tally.open_items), default=None)
    return None if oldest is None else (asked.now - oldest) / timedelta(hours=1)


def _per_person_and_day(tally: Tally, asked: Asked) -> float | None:
    by_person = {
        who: each.count for who, each in tally.by("b", "resolved", asked.current).items() if who and each.count
    }
    since = max(asked.current.since, tally.first_resolved_at or asked.now)
    days = (asked.now.astimezone(asked.zone).date() - since.astimezone(asked.zone).date()).days + 1
    return sum(by_person.values()) / len(by_person) / days if by_person else None
