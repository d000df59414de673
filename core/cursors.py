"""Where a page of a list ended, as the text that asks for what comes after it, and its checking when it comes back."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from core.clock import checked_moment
from core.errors import Invalid

NEVER = "infinity"
"""How rows sort that have no moment, which none of Python's equals."""
_LONGEST = 500

Kind = Callable[[Any], Any]
"""What stands at one place of a cursor: makes the value of what came back, or raises."""


def written(listed: str, *values: datetime | float | str) -> str:
    """The cursor of the list called `listed` after the row that sorts by these values."""
    told = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps([listed, *told]).encode()).decode()


def read(cursor: str, listed: str, *kinds: Kind) -> list[Any]:
    """The values of a cursor that `listed` gave out, one of each kind. Raises Invalid for any other text."""
    try:
        if len(cursor) > _LONGEST:
            raise ValueError(len(cursor))
        whose, *told = json.loads(base64.b64decode(cursor.encode("ascii"), b"-_", validate=True))
        if whose != listed:
            raise ValueError(whose)
        return [kind(value) for kind, value in zip(kinds, told, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, Invalid):
        raise Invalid("cursor", "belongs to another list; begin again without it") from None


def moment(given: Any) -> datetime:
    """A moment with its zone."""
    return checked_moment("cursor", _text(given))


def moment_or_never(given: Any) -> datetime | str:
    """A moment with its zone, or NEVER."""
    return NEVER if given == NEVER else moment(given)


def number(given: Any) -> float:
    """A number, neither NaN nor without end."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise TypeError(given)
    return float(given)


def key(given: Any) -> int:
    """The number of a row."""
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 2**63:
        raise TypeError(given)
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(given)
    return given
