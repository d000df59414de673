"""Playing the demo's stories in the order in which they happened, each deed in a unit of work at its own moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from core import clock
from core.demonstration import deeds
from core.demonstration.casting import Row, customers
from core.demonstration.deeds import Deed, Stage
from core.demonstration.planning import DAYS, LATELY, Story, seen_at, sits_at, stories
from core.demonstration.storing import store, stored
from core.permissions import Principal
from core.uow import UnitOfWork, perform

SEED = 20_260_311
_SITTING = timedelta(minutes=24)
_SOON = timedelta(minutes=4)


def play(loader: Principal, people: Mapping[str, Principal], base: datetime, count: int) -> int:
    """Play `count` stories that lead up to `base`. Returns how many items there are.

    Safe to run again: it goes on behind the last deed that is on record.
    """
    dice = Random(SEED)  # noqa: S311 - the same stories every time; no secret
    cast = customers(dice, base)
    told = stories(dice, base, count)
    with clock.frozen(base - timedelta(days=DAYS + 1)):
        stage = perform(loader, _set, [*cast, *(row for story in told for row in story.subject.rows)], told)
    played = perform(loader, _played_until, base)
    for deed in sorted(_all(dice, told, base), key=lambda deed: deed.moment):
        if deed.moment > played:
            with clock.frozen(deed.moment):
                perform(people[deed.who] if deed.who else loader, _do, stage, deed)
    return len(stage.items)


def _set(uow: UnitOfWork, rows: Sequence[Row], told: Sequence[Story]) -> Stage:
    """The records, stored now or before, and the items that there are already."""
    known = uow.rows("SELECT id, external_ref FROM work_items WHERE source = :source", {"source": deeds.SOURCE})
    items = {row.external_ref: row.id for row in known}
    numbers = stored(uow, rows) or store(uow, rows)
    return Stage(numbers, {story.number: items[ref] for story in told if (ref := deeds.reference(story)) in items})


def _played_until(uow: UnitOfWork, base: datetime) -> datetime:
    """The moment of the last deed on record: deeds are done in order, and each is there whole or not at all."""
    found = uow.execute("SELECT max(at) FROM ops_audit_log WHERE at < :base", {"base": base}).scalar_one()
    return found or base - timedelta(days=DAYS + 1)


def _do(uow: UnitOfWork, stage: Stage, deed: Deed) -> None:
    # A power cut may take the end of the demo with it; the next start plays that again.
    uow.execute("SET LOCAL synchronous_commit TO off")
    deed.act(uow, stage, deed.over)


def _all(dice: Random, told: Sequence[Story], base: datetime) -> Iterator[Deed]:
    waves: dict[datetime, list[Story]] = defaultdict(list)
    sittings: dict[tuple[str, datetime], list[Story]] = defaultdict(list)
    for story in told:
        waves[seen_at(story, base)].append(story)
        if story.decided_at is not None:
            sittings[story.by, sits_at(story, base)].append(story)
    for moment, wave in waves.items():
        yield Deed(moment, None, deeds.arrive, tuple(wave))
    for (who, at), over in sittings.items():
        yield from _sitting(who, at, over, detailed=base - at < LATELY)
    for story in told:
        yield from _standing(dice, story, base)


def _sitting(who: str, at: datetime, over: Sequence[Story], *, detailed: bool) -> Iterator[Deed]:
    """Somebody takes items in hand and decides them within the lease: of late those alike together, before all."""
    yield Deed(at + timedelta(seconds=1), who, deeds.claim, tuple(over))
    alike: dict[tuple[str, str] | None, list[Story]] = defaultdict(list)
    for story in over:
        alike[(story.kind, story.option) if detailed else None].append(story)
    for place, group in enumerate(alike.values(), 1):
        yield Deed(at + _SITTING * place / len(alike), who, deeds.decide, tuple(group))


def _standing(dice: Random, story: Story, base: datetime) -> Iterator[Deed]:
    """What happens to a story beside its decision, and how an open one came to stand where it does."""
    seen = seen_at(story, base) + timedelta(seconds=1)
    some_time = seen + (base - seen) * dice.random() * 0.9
    just_now = max(some_time, base - timedelta(minutes=dice.uniform(2, 18)))
    alone = (story,)
    if dice.random() < 0.06:
        yield Deed(some_time, story.by, deeds.comment, alone)
    if story.ending == "held":
        yield Deed(just_now, story.by, deeds.claim, alone)
    if story.ending == "waiting":
        yield Deed(some_time, story.by, deeds.claim, alone)
        yield Deed(min(base, some_time + _SOON), story.by, deeds.wait, alone)
    if story.ending == "deferred":
        yield Deed(just_now, story.by, deeds.defer, alone)
    if story.ending == "escalated":
        yield Deed(some_time, story.by, deeds.escalate, alone)
    if story.ending == "decided" and story.number % 400 == 7 and base - sits_at(story, base) > timedelta(days=1):
        yield Deed(base - timedelta(hours=dice.uniform(1, 10)), "manager", deeds.reopen, alone)
