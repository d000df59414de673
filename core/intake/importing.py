"""Importing a file: rows become records and items in batches, each whole or not at all, safe to run twice."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from core.clock import aware
from core.errors import Invalid
from core.intake import mapping as mappings
from core.intake.drafts import Draft, Drafts, Format, Line, Reject, Rows
from core.intake.formats import READY
from core.intake.kinds import KINDS
from core.intake.reading import Source, columns_of
from core.intake.taking import Batches, Shift
from core.permissions import Principal
from core.uow import perform

BATCH = 1000
Progress = Callable[["Outcome", float], None]


@dataclass(frozen=True)
class Outcome:
    """What an import came to.

    `read` rows of the file; of the records that they tell of, `new` ones, `known` ones that were left as they are,
    `merged` ones that an open item takes in, `later` ones that did not exist yet at the as-of moment, and `quiet`
    ones that call for nothing; `rejected` rows that cannot be used. `flagged` records came in and are doubtful.
    """

    read: int = 0
    new: int = 0
    known: int = 0
    merged: int = 0
    later: int = 0
    quiet: int = 0
    flagged: int = 0
    rejected: int = 0

    def plus(self, counted: Mapping[str, int]) -> Outcome:
        """This outcome with more counted."""
        return replace(self, **{name: getattr(self, name) + count for name, count in counted.items()})


def run(
    principal: Principal,
    kind: str,
    file: Path,
    format: str | None = None,
    *,
    mapping: Path | None = None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Import `file`, whose rows are of `kind`, by a ready `format` or a `mapping`.

    `as_of` is when the file was "now": what was not known then is left out, and all times move so that this moment
    becomes the present. A dry run counts and keeps nothing. Rejected rows go to `rejects` with line and reason.
    Raises Invalid naming what cannot be used; what earlier batches brought in stays, and a second run goes on.
    """
    told = _format(kind, format, mapping)
    source = Source(file)
    columns, rows = columns_of(source.rows())
    if missing := [name for name in told.columns if columns and name not in columns]:
        raise Invalid("file", f"lacks the columns {', '.join(missing)}")
    batch = Batches(told, KINDS[kind], _shift(principal, as_of), dry_run)
    outcome = Outcome()
    with _rejecting(rejects) as reject:
        for drafts in _batches(told.reader(_plain(rows) if told.plain else rows, batch.as_of)):
            counted = batch.take(principal, drafts, reject)
            outcome = outcome.plus(counted)
            if progress is not None:
                progress(outcome, source.share)
    return outcome


def _format(kind: str, name: str | None, mapping: Path | None) -> Format:
    if kind not in KINDS:
        raise Invalid("kind", f"is one of {', '.join(KINDS)}")
    if (name is None) == (mapping is None):
        raise Invalid("format", "is needed, or else a mapping")
    if mapping is not None:
        return mappings.mapped_format(mappings.read_mapping(mapping), kind, KINDS[kind].form)
    found = READY.get(name or "")
    if found is None:
        raise Invalid("format", f"is one of {', '.join(READY)}")
    if found.kind != kind:
        raise Invalid("kind", f"is {found.kind} for the format {found.name}")
    return found


def _shift(principal: Principal, as_of: datetime | None) -> Shift | None:
    if as_of is None:
        return None
    try:
        moment = aware(as_of)
    except (ValueError, OverflowError) as error:
        raise Invalid("as_of", str(error)) from None
    return Shift(moment, perform(principal, lambda uow: uow.now) - moment)


def _batches(drafts: Drafts) -> Iterator[list[Draft | Reject]]:
    while batch := list(islice(drafts, BATCH)):
        yield batch


def _plain(rows: Rows) -> Rows:
    """The rows of a format in which every column is text."""
    for row in rows:
        nested = isinstance(row, Line) and next(
            (n for n, cell in row.columns.items() if not isinstance(cell, str)), None
        )
        yield Reject(row.number, f"{nested}: is no text", row.columns) if nested else row


@contextmanager
def _rejecting(path: Path | None) -> Iterator[Callable[[Reject], None]]:
    """Where rejected rows go: a CSV that its owner alone may read, since rows may tell of people."""
    if path is None:
        yield lambda _: None
        return
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise Invalid("rejects", f"cannot be written: {(error.strerror or 'no such place').lower()}") from None
    with os.fdopen(opened, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        written = csv.writer(file)
        written.writerow(("line", "reason", "row"))
        yield lambda row: written.writerow((row.number, row.reason, json.dumps(dict(row.columns), default=str)))
