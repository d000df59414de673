"""What the scheduled process says: one line of JSON each on standard error, without personal data."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from core import clock
from core.pii import cut, scrub


def tell(event: str, **said: Any) -> None:
    """Write one line: the moment, what happened, and what else is known of it."""
    say({"at": clock.now().isoformat(timespec="milliseconds"), "event": event, **said})


def say(line: Mapping[str, Any]) -> None:
    """Write one line of JSON."""
    with suppress(OSError, ValueError):  # nobody may be reading any more
        print(json.dumps(line, default=str), file=sys.stderr, flush=True)


def in_a_line(error: BaseException) -> str:
    """An error as one line that may be kept and shown: its kind and what it says, scrubbed and cut."""
    said = " ".join(str(error).split())
    return cut(scrub(f"{type(error).__name__}: {said}"), 500)
