"""How large a rule may be, checked on what was sent before anything else looks at it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.errors import Invalid
from core.text import is_text

MOST_LETTERS = 20_000
MOST_NODES = 1_000
MOST_DEPTH = 24
LONGEST_TEXT = 1_000
LARGEST_NUMBER = 10**12

Path = tuple[str | int, ...]


def from_text(text: str) -> Any:
    """The JSON that a text holds. Raises Invalid saying where it is none, or that it is too large or too deep."""
    if len(text) > MOST_LETTERS:
        raise Invalid("definition", f"has at most {MOST_LETTERS:,} characters")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Invalid("definition", f"is no JSON: line {error.lineno}, column {error.colno}") from None
    except (RecursionError, ValueError):
        raise Invalid("definition", "is nested too deeply, or holds a number of too many digits") from None


def check(given: Any) -> None:
    """Refuse what is larger, deeper or longer than any rule: Invalid names the place."""
    for count, (path, depth, value) in enumerate(_walk(given), 1):
        if count > MOST_NODES:
            raise Invalid(named(path), f"the rule has more than {MOST_NODES:,} parts")
        if depth > MOST_DEPTH:
            raise Invalid(named(path), f"is nested more than {MOST_DEPTH} levels deep")
        reason = _too_much(value)
        if reason:
            raise Invalid(named(path), reason)


def _walk(given: Any) -> Iterator[tuple[Path, int, Any]]:
    """Every part of it with its place, without recursion: depth is what is being checked."""
    waiting: list[tuple[Path, int, Any]] = [((), 0, given)]
    while waiting:
        path, depth, value = waiting.pop()
        yield path, depth, value
        if isinstance(value, dict):
            waiting += [((*path, key), depth + 1, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, place), depth + 1, inner) for place, inner in enumerate(value)]


def _too_much(value: Any) -> str | None:
    if isinstance(value, dict):
        return None if all(_is_key(key) for key in value) else "has a key that is none of a rule's"
    if isinstance(value, str):
        longest = f"has at most {LONGEST_TEXT:,} characters"
        return longest if len(value) > LONGEST_TEXT else None if is_text(value) else "holds characters that are no text"
    if isinstance(value, int | float):
        return None if -LARGEST_NUMBER <= value <= LARGEST_NUMBER else f"is a number within ±{LARGEST_NUMBER:,}"
    return None if value is None or isinstance(value, list) else "is no JSON"


def _is_key(key: object) -> bool:
    return isinstance(key, str) and len(key) <= 60 and is_text(key)


def named(path: Path) -> str:
    """A place in a rule as people read it: `condition.of.2.field`; "definition" for the whole."""
    said = ".".join(str(part)[:60] if str(part).isprintable() else "?" for part in path)
    return (said if len(said) <= 200 else f"{said[:199]}…") or "definition"
