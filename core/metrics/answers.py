"""Answers that are kept: for as long as the setting says, and until something that they count has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from core import config
from core.metrics.counting import Mark

A = TypeVar("A")
ITEMS_SECONDS = 5.0
"""How old an answer may be that does not know yet what was done to items; bookings and complaints are never behind."""
_MOST = 256


@dataclass(frozen=True)
class _Kept(Generic[A]):
    answer: A
    mark: Mark
    at: datetime


class Answers(Generic[A]):
    """The answers of this process, each under its key; the oldest give way to new ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept[A]] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, key: Hashable, mark: Mark, now: datetime) -> A | None:
        """The answer kept under this key, if it is still true as far as `mark` tells; else None."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept.mark.records != mark.records:
            return None
        most = config.number("METRICS_CACHE_SECONDS")
        if kept.mark.history != mark.history:
            most = min(most, ITEMS_SECONDS)
        return kept.answer if timedelta(0) <= now - kept.at < timedelta(seconds=most) else None

    def keep(self, key: Hashable, answer: A, mark: Mark, now: datetime) -> None:
        """Keep an answer that knows of all changes until `mark`."""
        with self._lock:
            self._kept[key] = _Kept(answer, mark, now)
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Begin anew, as a process does that has just started."""
        with self._lock:
            self._kept.clear()
