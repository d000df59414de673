"""A lock that is a file: held by one process, and free the moment that process is gone, however it went."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from core.errors import OpsError


@contextmanager
def held(path: Path, patience_seconds: float | None = None) -> Iterator[TextIO | None]:
    """Hold the lock at `path` and yield its file, to note in it who holds it.

    Waits for as long as it takes, or for `patience_seconds`, and yields None when somebody else still has it.
    Raises OpsError when the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+")
    except OSError as error:
        raise OpsError(f"The data folder {path.parent} cannot be used: {error.strerror}.") from None
    with lock:
        yield lock if _taken(lock, patience_seconds) else None


def _taken(lock: TextIO, patience_seconds: float | None) -> bool:
    if patience_seconds is None:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return True
    for attempt in range(int(patience_seconds * 10) + 1):
        if attempt:
            time.sleep(0.1)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False
