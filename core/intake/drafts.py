"""Rows on their way in: a line of a file, the record that a format makes of it, and what is impossible in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import Invalid
from core.intake.forms import Form


@dataclass(frozen=True)
class Line:
    """One row of a file: the number of the line on which it ends, and its columns by name."""

    number: int
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Reject:
    """A row that cannot be used, and why."""

    number: int
    reason: str
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """Something impossible in a row, which is kept as it came: the fields that it is about, and what is wrong."""

    fields: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Draft:
    """A record to be. `form` is None for a row that is in order and calls for nothing."""

    number: int
    form: Form | None
    problems: tuple[Problem, ...] = ()
    lines: int = 1


Rows = Iterator[Line | Reject]
Drafts = Iterator[Draft | Reject]
Reader = Callable[[Rows, datetime | None], Drafts]


def row_by_row(read: Callable[[Line], Draft]) -> Reader:
    """A reader for files whose every row is a record by itself."""

    def reader(rows: Rows, _as_of: datetime | None) -> Drafts:
        for row in rows:
            yield row if isinstance(row, Reject) else drafted(row, read)

    return reader


def drafted(line: Line, read: Callable[[Line], Draft]) -> Draft | Reject:
    """What `read` makes of a line, or the reason why nothing can be made of it."""
    try:
        return read(line)
    except Invalid as error:
        return Reject(line.number, error.sentence, line.columns)
    except KeyError as error:
        return Reject(line.number, f"{error.args[0]}: is missing", line.columns)


@dataclass(frozen=True)
class Format:
    """How to read files of one sort: what kind of records they hold, the columns that they need, and the reader.

    `name` is what the records' source is called. `plain` means that every column is text.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    reader: Reader
    plain: bool = True
