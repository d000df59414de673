"""When the demo's stories happen and how they end: 90 days of arrivals, and a present with something to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from core.demonstration import wording
from core.demonstration.casting import Scene, Subject
from core.demonstration.subjects import SUBJECTS
from core.resolutions.declaring import item_type
from core.settings import settings
from core.words import Priority, Queue

DAYS = 90
LONG_AGO, LATELY = timedelta(days=30), timedelta(days=10)
_PACE = {
    Priority.CRITICAL: (-1.0, 0.6),
    Priority.HIGH: (-1.45, 0.8),
    Priority.MEDIUM: (-1.2, 0.75),
    Priority.LOW: (-1.2, 0.8),
}
"""The share of its target that a decision takes: the mean and spread of its logarithm."""
_LEAST = timedelta(minutes=30)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
Ending = Literal["decided", "open", "held", "waiting", "deferred", "escalated"]


@dataclass(frozen=True)
class Sort:
    """How often items of one type arrive, how pressing they are (critical to low), and who mostly decides them."""

    queue: Queue
    resource_type: str
    share: int
    pressing: tuple[int, int, int, int]
    hands: tuple[str, ...]


SORTS = {
    "complaint": Sort(Queue.CUSTOMER, "complaint", 23, (10, 35, 45, 10), ("reviewer", "reviewer", "senior")),
    "booking": Sort(Queue.CUSTOMER, "booking", 15, (5, 55, 35, 5), ("reviewer", "reviewer", "reviewer2")),
    "refund": Sort(Queue.CUSTOMER, "booking", 9, (0, 30, 60, 10), ("senior", "senior", "manager")),
    "cancellation": Sort(Queue.CUSTOMER, "booking", 10, (0, 25, 60, 15), ("reviewer", "reviewer2")),
    "pdf_deletion_failed": Sort(
        Queue.AUTOMATION, "meal_plan", 11, (2, 8, 70, 20), ("reviewer2", "reviewer2", "reviewer")
    ),
    "quiz_orphaned": Sort(Queue.AUTOMATION, "quiz_response", 7, (0, 5, 55, 40), ("reviewer2",)),
    "blacklist_disputed": Sort(Queue.AUTOMATION, "blacklist_entry", 3, (0, 60, 40, 0), ("senior",)),
    "retention_exception": Sort(Queue.AUTOMATION, "retention_hold", 2, (35, 45, 20, 0), ("manager", "senior")),
    "foreign_key_violation": Sort(Queue.AUTOMATION, "record", 3, (5, 35, 60, 0), ("reviewer2", "senior")),
    "duplicate_check": Sort(Queue.PROVIDER_DATA, "provider", 8, (0, 10, 60, 30), ("reviewer2", "senior")),
    "missing_data": Sort(Queue.PROVIDER_DATA, "provider", 5, (0, 15, 55, 30), ("reviewer2",)),
    "validation_flag": Sort(Queue.PROVIDER_DATA, "provider", 4, (0, 20, 60, 20), ("reviewer2", "reviewer2", "senior")),
}


@dataclass(frozen=True)
class Story:
    """One item's fate: when it came, who decided it when and how, or how it stands now."""

    number: int
    kind: str
    priority: Priority
    at: datetime
    ending: Ending
    decided_at: datetime | None
    by: str
    option: str
    rejects: bool
    why: str
    subject: Subject


def stories(dice: Random, base: datetime, count: int) -> list[Story]:
    """So many stories, the last of them about to come due, by the moment at which they begin."""
    pressing = [_pressing(dice, base, number) for number in range(count // 20)]
    fresh = [(base - timedelta(minutes=dice.uniform(1, 150)), None) for _ in range(count // 60)]
    usual = [(_arrival(dice, base), None) for _ in range(count - len(pressing) - len(fresh))]
    begun = [_begin(dice, base, number, *when) for number, when in enumerate([*usual, *fresh, *pressing])]
    return sorted(_with_endings(dice, begun), key=lambda story: story.at)


def _arrival(dice: Random, base: datetime) -> datetime:
    """Some moment of the 90 days: mostly in office hours, half as much at weekends."""
    while True:
        day = base - timedelta(days=dice.uniform(0, DAYS))
        hour = dice.gauss(*dice.choice(((10.5, 1.8), (15.0, 2.2), (20.0, 1.5))))
        at = day.replace(hour=int(hour) % 24, minute=dice.randrange(60), second=dice.randrange(60))
        if base - timedelta(days=DAYS) < at < base and (at.weekday() < 5 or dice.random() < 0.5):
            return at


def _pressing(dice: Random, base: datetime, number: int) -> tuple[datetime, Priority]:
    """An item that comes due soon: the first in minutes, the later ones in hours; a few are late already."""
    priority = dice.choices(list(Priority), (4, 10, 5, 1))[0]
    left = timedelta(minutes=3 + 0.12 * number**2) if number % 10 else -timedelta(hours=dice.uniform(0.2, 9))
    return base + min(left, target(priority) * 0.9) - target(priority), priority


def target(priority: Priority) -> timedelta:
    """How long an item of that priority may take."""
    return timedelta(hours=settings().sla_hours[priority])


def _begin(dice: Random, base: datetime, number: int, at: datetime, wanted: Priority | None) -> Story:
    kind = dice.choices(list(SORTS), [_share(sort, wanted) for sort in SORTS.values()])[0]
    sort = SORTS[kind]
    priority = wanted or dice.choices(list(Priority), sort.pressing)[0]
    decided_at = at + max(_LEAST, target(priority) * dice.lognormvariate(*_PACE[priority]))
    if wanted or decided_at > base - _LEAST:
        return _tell(dice, number, kind, priority, at, None)
    return _tell(dice, number, kind, priority, at, decided_at)


def _share(sort: Sort, priority: Priority | None) -> int:
    """How often items of this sort arrive, all of them or those of one priority."""
    return sort.share * (100 if priority is None else sort.pressing[priority.rank])


def _tell(dice: Random, number: int, kind: str, priority: Priority, at: datetime, decided_at: datetime | None) -> Story:
    options = [known for known in item_type(kind).options if known.settles in {"resolve", "reject"}]
    chosen = dice.choices(options, [8, 3, 2, *[1] * len(options)][: len(options)])[0]
    rejects = chosen.settles == "reject"
    why = dice.choice(wording.REJECTIONS if rejects else wording.WHY[kind])
    scene = Scene(dice, number, at, decided_at, chosen.name if decided_at else None)
    return Story(
        number=number,
        kind=kind,
        priority=priority,
        at=at,
        ending="decided" if decided_at else "open",
        decided_at=decided_at,
        by=dice.choice(SORTS[kind].hands),
        option=chosen.name,
        rejects=rejects,
        why=why,
        subject=SUBJECTS[kind](scene, priority),
    )


_STANDING: Mapping[Ending, int] = {"held": 18, "waiting": 16, "deferred": 14, "escalated": 10}


def _with_endings(dice: Random, begun: list[Story]) -> list[Story]:
    """Some of the open ones are in somebody's hands, wait, are put off or were escalated."""
    open_ones = [story for story in begun if story.ending == "open" and story.kind in SORTS]
    dice.shuffle(open_ones)
    fates = iter([ending for ending, count in _STANDING.items() for _ in range(min(count, len(open_ones) // 8))])
    marked = {story.number: fate for story, fate in zip(open_ones, fates, strict=False)}
    return [replace(story, ending=marked.get(story.number, story.ending)) for story in begun]


def seen_at(story: Story, base: datetime) -> datetime:
    """When the system that noticed it has reported it: a critical matter at once, others with its next report."""
    if story.priority is Priority.CRITICAL:
        return story.at
    reported = _next(story.at, _span(story, base))
    if base - story.at > LATELY:
        return reported
    return min(reported, max(story.at, (story.decided_at or base) - timedelta(minutes=28)))


def sits_at(story: Story, base: datetime) -> datetime:
    """When somebody sits down to decide it: about when it was to be decided, and after it was seen."""
    assert story.decided_at is not None
    span = _span(story, base)
    soonest = max(seen_at(story, base), story.decided_at - timedelta(minutes=27))
    offset = timedelta(minutes=20 + 7 * len(story.by))  # no two people sit down at the same moment
    planned = _next(max(seen_at(story, base), story.decided_at - span / 2) - offset, span) + offset
    critical = story.priority is Priority.CRITICAL
    return soonest if critical or planned > base - _LEAST else planned


def _span(story: Story, base: datetime) -> timedelta:
    """How often systems report and people sit down: the longer ago, the coarser the story may be told."""
    age, is_high = base - story.at, story.priority is Priority.HIGH
    if age > LONG_AGO:
        return timedelta(hours=12 if is_high else 48)
    if age > LATELY:
        return timedelta(hours=8 if is_high else 24)
    return timedelta(hours=4)


def _next(moment: datetime, span: timedelta) -> datetime:
    return _EPOCH + ((moment - _EPOCH) // span + 1) * span
