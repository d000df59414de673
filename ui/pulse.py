"""The pulse: whether anything moved since a screen was drawn, by one cheap question for the whole process."""

from __future__ import annotations

import threading
import time

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import db
from core.errors import Unavailable
from core.uow import BUSY

FRESH_SECONDS = 2.0
_QUESTION = text(
    "SELECT coalesce((SELECT max(id) FROM work_actions), 0) || '.' || coalesce((SELECT max(id) FROM alerts), 0) "
    "|| '.' || coalesce((SELECT extract(epoch FROM max(last_seen_at)) FROM alerts WHERE resolved_at IS NULL), 0)"
)


class Pulse:
    """The last reading, at most `FRESH_SECONDS` old; whoever asks for an older one takes a new one for everybody.

    So nobody looking means no question at all.
    """

    def __init__(self) -> None:
        self._reading = ""
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def reading(self) -> str:
        """A mark that differs once items or alerts have moved; raises Unavailable when the database does not answer."""
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_SECONDS:
                self._reading = _ask()
                self._read_at = time.monotonic()
            return self._reading


def _ask() -> str:
    try:
        with db.engine("app").connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return str(connection.execute(_QUESTION).scalar_one())
    except (DBAPIError, PoolTimeout):
        raise Unavailable(BUSY) from None


_pulse = Pulse()


def reading() -> str:
    """This process's reading of the pulse."""
    return _pulse.reading()
