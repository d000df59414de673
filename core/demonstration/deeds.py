"""What people and systems do in the demo: each deed is done by the queue's own verbs and moves, at its own time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.demonstration import wording
from core.demonstration.casting import Ref
from core.demonstration.planning import SORTS, Story
from core.demonstration.storing import Numbers, resolved
from core.queue import claiming, deciding, deferring, escalating, moves, noting, waiting
from core.queue.lifecycle import move, these
from core.queue.newcomers import NewItem
from core.queue.opening import open_items
from core.sla import deadlines
from core.uow import UnitOfWork

SOURCE = "demo"


@dataclass
class Stage:
    """The numbers of the records, and of the items that the stories have become (by the story's number)."""

    numbers: Numbers
    items: dict[int, int] = field(default_factory=dict)

    def ids(self, over: Sequence[Story]) -> list[int]:
        """The items of these stories."""
        return [self.items[story.number] for story in over]


Act = Callable[[UnitOfWork, Stage, Sequence[Story]], None]


@dataclass(frozen=True)
class Deed:
    """What `who` (None: a system) did to these stories at `moment`."""

    moment: datetime
    who: str | None
    act: Act
    over: tuple[Story, ...]


def arrive(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """Systems report what needs a decision."""
    opened = open_items(uow, [_newcomer(stage, story) for story in over])
    stage.items |= {story.number: item.id for story, item in zip(over, opened, strict=True)}


def _newcomer(stage: Stage, story: Story) -> NewItem:
    subject, sort = story.subject, SORTS[story.kind]
    return NewItem(
        item_type=story.kind,
        resource_type=sort.resource_type,
        resource_id=stage.numbers[subject.about],
        title=subject.title,
        reason=subject.reason,
        priority=story.priority,
        queue=sort.queue,
        context={name: resolved(value, stage.numbers) for name, value in subject.context.items()},
        confidence_score=subject.confidence,
        stake_amount=subject.stake,
        customer_id=stage.numbers[subject.customer] if isinstance(subject.customer, Ref) else None,
        session_id=subject.session_id,
        created_at=story.at,
        source=SOURCE,
        external_ref=reference(story),
    )


def reference(story: Story) -> str:
    """By which a story's item is known."""
    return f"demo-{story.number}"


def claim(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """Somebody takes items in hand."""
    move(uow, moves.CLAIM, these(stage.ids(over)))


def decide(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """Somebody decides items, those of one type alike; their records came as the decisions left them."""
    alike: dict[str, list[Story]] = defaultdict(list)
    for story in over:
        alike[story.kind].append(story)
    for group in alike.values():
        _decide(uow, stage.ids(group), group[0])
    deadlines.recompute(uow, stage.ids(over))


def _decide(uow: UnitOfWork, ids: Sequence[int], like: Story) -> None:
    told: dict[str, Any] = {"option": like.option, "justification": like.why, "outcome": {}, "parameters": []}
    what, decision = moves.REJECT if like.rejects else moves.RESOLVE, json.dumps(told)
    move(uow, what, these(ids), payload=told, resolution=like.option, decision=decision, journal="[]")
    uow.record("item.decided", "work_item", None, option=like.option, item_type=like.kind, count=len(ids))


def comment(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """Somebody notes something."""
    for story in over:
        noting.comment(uow, stage.items[story.number], wording.COMMENTS[story.number % len(wording.COMMENTS)])


def wait(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """The holder waits for an answer."""
    for story in over:
        whom = ("customer", "supplier", "colleague")[story.number % 3]
        waiting.wait_on(uow, stage.items[story.number], whom, "asked for the receipt")


def defer(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """Nobody can do anything before a later hour."""
    for story in over:
        until = uow.now + timedelta(hours=4 + story.number % 60)
        deferring.defer(uow, stage.items[story.number], until, "nothing can be done before then")


def escalate(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """Somebody asks for help."""
    for story in over:
        escalating.escalate(uow, stage.items[story.number], "needs a decision above my head")


def release(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """Somebody gives items back."""
    for story in over:
        claiming.release(uow, stage.items[story.number])


def reopen(uow: UnitOfWork, stage: Stage, over: Sequence[Story]) -> None:
    """A manager finds that a matter is not settled after all."""
    for story in over:
        deciding.reopen(uow, stage.items[story.number], "the customer has written again")
