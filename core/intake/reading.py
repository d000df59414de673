"""Reading files of rows, CSV or JSON Lines, plain or gzipped, so that no damage in one row harms another."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from core.errors import Invalid
from core.intake.drafts import Line, Reject, Rows
from core.text import is_text

LONGEST_LINE = 1_000_000
LONGEST_CELL = 64_000
_GZIP = b"\x1f\x8b"


class Source:
    """A file of rows. `share` says how much of it has been read, 0 to 1, for a progress bar."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[bytes] = path.open("rb")
            self._size = path.stat().st_size or 1
        except OSError as error:
            raise Invalid("file", f"cannot be read: {(error.strerror or 'it is no file').lower()}") from None

    @property
    def share(self) -> float:
        """How much has been read, 0 to 1."""
        return min(1.0, self._file.tell() / self._size) if not self._file.closed else 1.0

    def rows(self) -> Rows:
        """Every row, or the reason why it is none. Raises Invalid when the file as a whole cannot be read."""
        with self._file as raw:
            begin = raw.read(2)
            raw.seek(0)
            packed = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if begin == _GZIP else raw
            lines = self._lines(packed)
            yield from _json_rows(lines) if self._is_json else _csv_rows(lines)

    @property
    def _is_json(self) -> bool:
        return bool({".jsonl", ".ndjson", ".json"} & set(self._path.suffixes))

    def _lines(self, packed: IO[bytes]) -> Iterator[str]:
        """The text line by line; what is no UTF-8 stays marked in it and is refused with its row."""
        text = io.TextIOWrapper(packed, "utf-8-sig", errors="surrogateescape", newline="")
        try:
            while line := text.readline(LONGEST_LINE):
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Invalid("file", "is damaged or ends too early; what came before has been taken in") from None


def columns_of(rows: Rows) -> tuple[frozenset[str], Rows]:
    """The names of the columns, and the rows with none lost. Without a single row there are no names."""
    held: list[Line | Reject] = []
    for row in rows:
        held.append(row)
        if isinstance(row, Line):
            return frozenset(row.columns), _chained(held, rows)
    return frozenset(), iter(held)


def _chained(held: Sequence[Line | Reject], rows: Rows) -> Rows:
    yield from held
    yield from rows


def _csv_rows(lines: Iterator[str]) -> Rows:
    reader = csv.reader(lines)
    header: list[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Reject(reader.line_num, f"is no CSV: {error}", {})
            continue
        if header is None:
            header = _header(cells)
        elif cells:
            yield _csv_row(reader.line_num, header, cells)


def _header(cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(set(names)) < len(names) or not all(names) or not is_text("".join(names)):
        raise Invalid("file", "needs a first line that names each column once")
    return names


def _csv_row(number: int, header: Sequence[str], cells: Sequence[str]) -> Line | Reject:
    columns = dict(zip(header, cells, strict=False))
    if len(cells) != len(header):
        return Reject(number, f"has {len(cells)} columns instead of {len(header)}", columns)
    return _whole(number, columns)


def _whole(number: int, columns: Mapping[str, Any]) -> Line | Reject:
    for name, cell in columns.items():
        if isinstance(cell, str) and not is_text(cell):
            return Reject(number, f"{name}: holds characters that are no text", columns)
        if isinstance(cell, str) and len(cell) > LONGEST_CELL:
            return Reject(number, f"{name}: has more than {LONGEST_CELL:,} characters", {})
    return Line(number, columns)


def _json_rows(lines: Iterator[str]) -> Rows:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> Line | Reject:
    try:
        told = json.loads(line, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return Reject(number, "is no JSON object on one line", {})
    if not isinstance(told, dict):
        return Reject(number, "is no JSON object on one line", {})
    return _whole(number, {name: _plain(value) for name, value in told.items()})


def _plain(value: Any) -> Any:
    """Numbers stay as they are written, and nothing is an empty cell, as in a CSV; objects and lists stay."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
