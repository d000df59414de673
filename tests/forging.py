"""Cursors that no list gave out: of another kind, too large, too many, too few, another list's."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

MOMENT = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
_NEVER_RIGHT: tuple[Any, ...] = (
    None,
    True,
    "x",
    "",
    "\x00",
    "²",
    [],
    {},
    -1,
    10**310,
    float("nan"),
    float("inf"),
    "2026-03-11T12:00:00",  # naive
    "0001-01-01T00:00:00+14:00",  # before the first moment there is
    "99999-01-01T00:00:00+00:00",
)


def forged(listed: str, *values: datetime | float) -> Iterator[str]:
    """What `listed` would refuse, by one place of what would be right: `values` are those of a good cursor."""
    told = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    for place, right in enumerate(told):
        swapped = 7.5 if isinstance(right, str) else MOMENT.isoformat()
        for wrong in (*_NEVER_RIGHT, swapped):
            if not (isinstance(right, float) and wrong == -1):
                yield _cursor([listed, *told[:place], wrong, *told[place + 1 :]])
    wholes: tuple[Any, ...] = (
        [listed, *told[:-1]],
        [listed, *told, 1],
        ["another list", *told],
        told,
        "[" * 300,
        {},
        None,
    )
    for whole in wholes:
        yield _cursor(whole)
    yield _cursor([listed, *told]) + "ü"
    yield "x" + _cursor([listed, *told])


def _cursor(told: Any) -> str:
    text = told if isinstance(told, str) else json.dumps(told)
    return base64.urlsafe_b64encode(text.encode()).decode()
