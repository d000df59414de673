"""Repeated looks at the same thing: one audit row a minute, and a count of the rest."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core import clock
from core.permissions import Principal
from core.uow import UnitOfWork

WINDOW = timedelta(seconds=60)
_MOST_REMEMBERED = 10_000

Look = tuple[object, ...]


@dataclass
class _Seen:
    at: datetime
    repeats: int = 0


class Memory:
    """The looks that this process has on record and may not need to record again; the oldest give way to new ones."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        self._most = most
        self._seen: OrderedDict[Look, _Seen] = OrderedDict()
        self._lock = threading.Lock()

    def repeats_since(self, look: Look, now: datetime) -> int | None:
        """None when a row of this look is still young; otherwise how often it was repeated since its last row."""
        with self._lock:
            seen = self._seen.get(look)
            if seen is None:
                return 0
            return None if timedelta(0) <= now - seen.at < WINDOW else seen.repeats

    def recorded(self, look: Look, now: datetime) -> None:
        """A row of this look has been committed."""
        with self._lock:
            self._seen[look] = _Seen(now)
            self._seen.move_to_end(look)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)

    def repeated(self, look: Look) -> None:
        """The look was had again, covered by its young row."""
        with self._lock:
            if look in self._seen:
                self._seen[look].repeats += 1

    def __len__(self) -> int:
        return len(self._seen)


_memory = Memory()


def looked(
    uow: UnitOfWork, action: str, resource_type: str, resource_id: object = None, *, pii: bool = False, **metadata: Any
) -> None:
    """Put on record that something was shown, unless the same look of the same session is less than a minute old.

    The row after that minute carries `repeats`, how often it was shown in between. A look counts as recorded only
    once its row is committed.
    """
    look = _look(uow.principal, action, resource_type, resource_id, pii, metadata)
    now = clock.now()
    repeats = _memory.repeats_since(look, now)
    if repeats is None:
        uow.wrote_trail(action, 1)
        uow.afterwards(lambda: _memory.repeated(look))
        return
    counted = {"repeats": repeats} if repeats else {}
    uow.record(action, resource_type, resource_id, pii=pii, **metadata, **counted)
    uow.afterwards(lambda: _memory.recorded(look, now))


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    global _memory  # noqa: PLW0603 - one memory for each process is the point
    _memory = Memory()


def _look(
    principal: Principal, action: str, resource_type: str, resource_id: object, pii: bool, metadata: Mapping[str, Any]
) -> Look:
    who = (principal.kind, principal.name, principal.staff_id, principal.session_id, principal.ip)
    what = json.dumps(metadata, default=str, sort_keys=True)
    return (*who, action, resource_type, str(resource_id), pii, what)
