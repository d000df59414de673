"""Which targets apply to an item: the most specific policy in force, else the priorities' usual hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from core.settings import settings
from core.sla.calendars import AROUND_THE_CLOCK, Calendar
from core.sla.events import Targets
from core.uow import UnitOfWork

FIRST_RESPONSE_SHARE = 0.25
"""The first response is due after this share of the resolution target, where no policy says otherwise."""


@dataclass(frozen=True)
class Wanted:
    """What decides an item's targets."""

    queue: str
    item_type: str
    priority: str
    sla_hours: float | None = None
    due_at: datetime | None = None
    open_ended: bool = False


@dataclass(frozen=True)
class Promise:
    """The targets of an item and the version of the calendar that they count in (None: around the clock)."""

    targets: Targets
    calendar_id: int | None = None


class PolicyBook:
    """The policies and calendars in force at one moment, read once for a whole batch of items."""

    def __init__(self, policies: Sequence[Any], calendars: dict[str, int]) -> None:
        self._policies = {(row.queue, row.item_type, row.priority): row for row in policies}
        self._calendars = calendars

    @classmethod
    def at(cls, uow: UnitOfWork, moment: datetime | None = None) -> PolicyBook:
        """The book as it was at `moment` (now by default)."""
        current = "valid_from <= :at AND (valid_until IS NULL OR valid_until > :at)"
        at = {"at": moment or uow.now}
        policies = uow.rows(f"SELECT * FROM sla_policies WHERE {current}", at)
        calendars = uow.rows(f"SELECT name, id FROM calendars WHERE {current}", at) if policies else []
        return cls(policies, {row.name: row.id for row in calendars})

    def promise(self, wanted: Wanted) -> Promise:
        """The targets of one item. Its own hours or deadline go before every policy's target."""
        if wanted.open_ended:
            return Promise(Targets(label="its source, which sets no deadline"))
        row = self._most_specific(wanted)
        hours = settings().sla_hours[wanted.priority]
        label = wanted.priority
        if row is not None and row.resolution_hours is not None:
            hours, label = row.resolution_hours, _label(row)
        if wanted.sla_hours is not None:
            hours, label = wanted.sla_hours, "the item's own"
        if wanted.due_at is not None:
            label = "its source's deadline"
        first = row.first_response_hours if row is not None else None
        targets = Targets(
            resolution=timedelta(hours=hours),
            first_response=timedelta(hours=first or hours * FIRST_RESPONSE_SHARE),
            resolution_due_at=wanted.due_at,
            label=label,
        )
        return Promise(targets) if row is None else self._with_terms(targets, row)

    def _with_terms(self, targets: Targets, row: Any) -> Promise:
        terms = replace(targets, at_risk_share=row.at_risk_share, pauses_when_waiting=row.pauses_when_waiting)
        return Promise(terms, self._calendars.get(row.calendar_name))

    def _most_specific(self, wanted: Wanted) -> Any | None:
        """Type before queue before priority: the first of the combinations that has a policy."""
        for item_type in (wanted.item_type, None):
            for queue in (wanted.queue, None):
                for priority in (wanted.priority, None):
                    found = self._policies.get((queue, item_type, priority))
                    if found is not None:
                        return found
        return None


def _label(row: Any) -> str:
    return "policy for " + (", ".join(filter(None, (row.item_type, row.queue, row.priority))) or "everything")


def calendars(uow: UnitOfWork, ids: Iterable[int | None]) -> dict[int | None, Calendar]:
    """The calendars with these ids, and around the clock for None."""
    wanted = sorted({known for known in ids if known is not None})
    rows = uow.rows("SELECT id, definition FROM calendars WHERE id = ANY(:ids)", {"ids": wanted}) if wanted else []
    return {None: AROUND_THE_CLOCK} | {row.id: Calendar.from_json(row.definition) for row in rows}
