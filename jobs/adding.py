"""The command that puts items into the queue: one by its options, or one for each line on standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from core.errors import Invalid
from jobs.operators import operator

if TYPE_CHECKING:
    from core.queue.newcomers import NewItem
    from core.queue.opening import Opened

SOURCE = "cli"
BATCH = 200
LONGEST_LINE = 1_000_000


def add(
    type: Annotated[str | None, typer.Option(help="The item type, such as pdf_deletion_failed.")] = None,
    resource_type: Annotated[str | None, typer.Option(help="What sort of record it is about.")] = None,
    resource_id: Annotated[str | None, typer.Option(help="Which record it is about.")] = None,
    priority: Annotated[str | None, typer.Option(help="critical, high, medium or low.")] = None,
    reason: Annotated[str, typer.Option(help="Why somebody has to look at it.")] = "",
    context: Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="What else is known, as an object.")] = None,
    sla_hours: Annotated[float | None, typer.Option(help="Hours to settle it, instead of the policy's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON, for programs.")] = False,
) -> None:
    """Put an item into the queue; without --type, one for each line of JSON on standard input.

    Exit code 1 when lines were refused, 2 when what was typed cannot be used.
    """
    told = {
        "item_type": type,
        "resource_type": resource_type,
        "resource_id": resource_id,
        "priority": priority,
        "reason": reason or None,
        "context": None if context is None else _document(context),
        "sla_hours": sla_hours,
    }
    given = {name: value for name, value in told.items() if value is not None}
    if type is None:
        raise typer.Exit(_add_lines(given, as_json=as_json))
    [opened] = _open([_newcomer(given)])
    print(json.dumps(vars(opened)) if as_json else _words(opened))


def _document(said: str) -> Any:
    """The JSON that stands in the option, or in the file that it names after an @."""
    if not said.startswith("@"):
        return _parsed("context", said)
    try:
        with Path(said[1:]).open("rb") as file:
            return _parsed("context", file.read(LONGEST_LINE).decode())
    except OSError as error:
        raise Invalid("context", f"cannot be read: {(error.strerror or 'it is no file').lower()}") from None
    except UnicodeDecodeError:
        raise Invalid("context", "is no UTF-8 text") from None


def _parsed(field: str, said: str) -> Any:
    try:
        return json.loads(said, parse_constant=_no_number, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise Invalid(field, "is no JSON object, or says something twice") from None


def _no_number(name: str) -> None:
    raise ValueError(name)


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(known := dict(pairs)) < len(pairs):
        raise ValueError
    return known


def _newcomer(given: Any) -> NewItem:
    from api.schemas.sent import WorkItemIn  # programs tell of a new item in one shape, whichever way they come
    from core.checking import checked_form

    if not isinstance(given, Mapping):
        raise Invalid("line", "is no JSON object")
    return checked_form(WorkItemIn, given).newcomer(SOURCE)


def _open(news: Sequence[NewItem]) -> list[Opened]:
    from core.queue.opening import open_items
    from core.uow import perform

    return perform(operator(), open_items, news) if news else []


def _words(opened: Opened) -> str:
    more = {"new": "", "merged": ", which was open already and takes it in", "known": ", which is known already"}
    return f"item {opened.id}{more[opened.outcome]}"


@dataclass(frozen=True)
class _Answer:
    """What became of one line."""

    line: int
    opened: Opened | None = None
    error: str | None = None

    def tell(self, *, as_json: bool) -> None:
        if as_json:
            told = vars(self.opened) if self.opened else {"error": self.error}
            print(json.dumps({"line": self.line, **told}), flush=True)
        elif self.opened:
            print(f"line {self.line}: {_words(self.opened)}", flush=True)
        else:
            print(f"line {self.line}: refused: {self.error}", file=sys.stderr)


def _add_lines(given: Mapping[str, Any], *, as_json: bool) -> int:
    """Add an item for each line, in batches; 1 when one was refused."""
    if given:
        raise Invalid("type", "is needed with the other options; lines on standard input say all of it themselves")
    if sys.stdin.isatty():
        raise Invalid("type", "is needed, or lines of JSON on standard input")
    lines, refused = _lines(sys.stdin.buffer), False
    while batch := list(islice(lines, BATCH)):
        for answer in _answers(batch):
            answer.tell(as_json=as_json)
            refused = refused or answer.opened is None
    return int(refused)


def _lines(given: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Every line that says something, with its number; of one that is too long only its beginning."""
    number = 0
    while line := given.readline(LONGEST_LINE):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = given.readline(LONGEST_LINE)
        if line.strip():
            yield number, line


def _answers(batch: Sequence[tuple[int, bytes]]) -> list[_Answer]:
    """What became of each line: taken in together, and one by one where one of them cannot be."""
    read = [_read(number, line) for number, line in batch]
    try:
        opened = iter(_open([new for _, new in read if not isinstance(new, Invalid)]))
        return [
            _Answer(number, error=new.sentence) if isinstance(new, Invalid) else _Answer(number, next(opened))
            for number, new in read
        ]
    except Invalid as error:
        if len(batch) == 1:
            return [_Answer(batch[0][0], error=error.sentence)]
        return [answer for one in batch for answer in _answers([one])]


def _read(number: int, line: bytes) -> tuple[int, NewItem | Invalid]:
    try:
        if len(line) == LONGEST_LINE:
            raise Invalid("line", f"has more than {LONGEST_LINE:,} bytes")
        return number, _newcomer(_parsed("line", line.decode()))
    except UnicodeDecodeError:
        return number, Invalid("line", "is no UTF-8 text")
    except Invalid as error:
        return number, error
