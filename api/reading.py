"""Reading what programs send: JSON of bounded size and depth that means one thing, or a refusal naming the place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from core.text import is_text

LARGEST_BODY = 2 * 1024 * 1024
DEEPEST = 20
MOST_RECORDS = 500
LARGEST_NUMBER = 2**63 - 1


class Unfit(HTTPException):
    """A body that cannot be used; `field` is the place in it, where one can be named."""

    def __init__(self, status: int, reason: str, field: str | None = None) -> None:
        super().__init__(status, f"{field}: {reason}" if field else reason)
        self.field, self.reason = field, reason


class StrictRequest(Request):
    """A request whose body is read no further than it may be long, and whose JSON leaves no doubt."""

    async def body(self) -> bytes:
        """The body's bytes. Raises Unfit when there are too many, or when they are no JSON by their own word."""
        if not hasattr(self, "_body"):
            self._body = await self._bounded()
            kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
            if self._body and kind != "application/json":
                raise Unfit(415, "The body is to be sent as application/json.")
        return self._body

    async def _bounded(self) -> bytes:
        parts, size = [], 0
        async for part in self.stream():
            size += len(part)
            if size > LARGEST_BODY:
                raise Unfit(413, f"The body has more than {LARGEST_BODY:,} bytes; send it in parts.")
            parts.append(part)
        return b"".join(parts)

    async def json(self) -> Any:
        """What the body says. Raises Unfit."""
        return parsed(await self.body())


class _Wrong:
    """Stands where something was that cannot be used, until its place is known."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def parsed(body: bytes) -> Any:
    """What a body says. Raises Unfit naming the place: twice the same key, no finite number, no text, too deep."""
    try:
        said = json.loads(
            body.decode(), parse_constant=_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_object
        )
    except (ValueError, RecursionError):
        raise Unfit(400, "The body is not JSON in UTF-8, or is nested too deeply.") from None
    wrong = next(_wrongs(said, (), DEEPEST), None)
    if wrong is not None:
        path, reason = wrong
        raise Unfit(422, reason, ".".join(map(str, path)) or "body")
    return said


def _constant(_name: str) -> _Wrong:
    return _Wrong("is a finite number")


def _float(digits: str) -> float | _Wrong:
    number = float(digits)
    return number if math.isfinite(number) else _Wrong("is a finite number")


def _int(digits: str) -> int | _Wrong:
    number = int(digits) if len(digits) < 25 else LARGEST_NUMBER + 1
    return number if abs(number) <= LARGEST_NUMBER else _Wrong("is a whole number of at most 64 bits")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name, value in pairs:
        known[name] = _Wrong("is said twice") if name in known else value
    return known


def _wrongs(said: Any, path: tuple[str | int, ...], depth: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The places that cannot be used, and why."""
    if isinstance(said, _Wrong):
        yield path, said.reason
    elif isinstance(said, str):
        if not is_text(said):
            yield path, "holds characters that are no text"
    elif isinstance(said, dict | list):
        if depth == 0:
            yield path, f"is nested more than {DEEPEST} deep"
            return
        pairs = said.items() if isinstance(said, dict) else enumerate(said)
        for name, value in pairs:
            if isinstance(name, str) and not is_text(name):
                yield path, "has a name in it that is no text"
            else:
                yield from _wrongs(value, (*path, name), depth - 1)
