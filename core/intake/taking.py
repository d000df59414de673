"""Taking in an import batch by batch, each whole or not at all; a refused record harms no other."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import Invalid
from core.intake.drafts import Draft, Format, Reject
from core.intake.flagging import Doubtful, flag
from core.intake.forms import Form, WorkForm
from core.intake.kinds import Kind, Received
from core.permissions import Permission, Principal, requires
from core.uow import UnitOfWork, perform


@dataclass(frozen=True)
class Shift:
    """What was "now" in the file, and how far that lies behind the present."""

    as_of: datetime
    by: timedelta


class Tried(Exception):
    """Ends a unit of work that was only tried."""

    def __init__(self, counted: Counter[str]) -> None:
        self.counted = counted


class Batches:
    """Takes in one batch after the other."""

    def __init__(self, told: Format, kind: Kind, shift: Shift | None, dry_run: bool) -> None:
        self._format, self._kind, self._shift, self._dry_run = told, kind, shift, dry_run

    @property
    def as_of(self) -> datetime | None:
        """When the file was "now", where that matters."""
        return self._shift.as_of if self._shift else None

    def take(
        self, principal: Principal, drafts: Sequence[Draft | Reject], reject: Callable[[Reject], None]
    ) -> Counter[str]:
        """Take in a batch as one unit of work; where one of its records is refused, each by itself."""
        counted: Counter[str] = Counter()
        good: list[Draft] = []
        for draft in drafts:
            if isinstance(draft, Reject):
                reject(draft)
                counted.update(read=1, rejected=1)
            else:
                counted["read"] += draft.lines
                good.append(draft)
        if not good:
            return counted
        try:
            return counted + self._performed(principal, good)
        except Invalid:
            for draft in good:
                counted += self._alone(principal, draft, reject)
            return counted

    def _alone(self, principal: Principal, draft: Draft, reject: Callable[[Reject], None]) -> Counter[str]:
        try:
            return self._performed(principal, [draft])
        except Invalid as error:
            reject(Reject(draft.number, error.sentence, {"external_ref": draft.form and draft.form.external_ref}))
            return Counter(rejected=draft.lines)

    def _performed(self, principal: Principal, drafts: Sequence[Draft]) -> Counter[str]:
        try:
            return perform(principal, take_batch, self._format.name, self._kind, self._as_known(drafts), self._dry_run)
        except Tried as tried:
            return tried.counted

    def _as_known(self, drafts: Sequence[Draft]) -> list[tuple[Draft, Form | None]]:
        return [(draft, self._moved(draft.form)) for draft in drafts]

    def _moved(self, form: Form | None) -> Form | None:
        if form is None or self._shift is None:
            return form
        known = form.known_at(self._shift.as_of)
        return known and known.moved(self._shift.by)


@requires(Permission.OPS_ADMIN, leaves="import.batch")
def take_batch(
    uow: UnitOfWork, source: str, kind: Kind, drafts: Sequence[tuple[Draft, Form | None]], dry_run: bool = False
) -> Counter[str]:
    """Take in one batch of an import: records, their items, and an item for each that is doubtful. Returns counts."""
    # Two imports of one source take turns, so that neither counts as new what the other is just bringing in.
    uow.execute("SELECT pg_advisory_xact_lock(:key)", {"key": zlib.crc32(f"import:{source}".encode())})
    there = [(draft, form) for draft, form in drafts if form is not None]
    received = kind.receive(uow, [form for _, form in there], source) if there else []
    doubtful = [
        _doubtful(kind, form, record, draft)
        for (draft, form), record in zip(there, received, strict=True)
        if draft.problems and record.outcome != "known"
    ]
    counted = Counter(record.outcome for record in received)
    counted["later"] = sum(draft.form is not None and form is None for draft, form in drafts)
    counted["quiet"] = sum(draft.form is None for draft, _ in drafts)
    counted["flagged"] = flag(uow, doubtful, source=source) if doubtful else 0
    lines = [draft.number for draft, _ in drafts]
    uow.record("import.batch", "import", source, counts=dict(counted), lines=[lines[0], lines[-1]])
    if dry_run:
        raise Tried(counted)
    return counted


def _doubtful(kind: Kind, form: Form, record: Received, draft: Draft) -> Doubtful:
    if isinstance(form, WorkForm):
        about = form.resource_type or "work_item", form.resource_id or str(record.id)
    else:
        about = kind.resource_type or "record", str(record.id)
    return Doubtful(*about, form.external_ref, draft.problems)
