"""The kinds of effect that leave the house: how each is sent, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.errors import NotFound


@dataclass(frozen=True)
class Entry:
    """One effect, leased to be sent: `key` is the same however often, `fence` another each time."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, Any]
    item_id: int | None
    attempts: int
    fence: int
    created_at: datetime


@dataclass(frozen=True)
class Verdict:
    """What became of an attempt, in words. `again` says that another may succeed, after `pause` at the earliest."""

    is_done: bool
    told: str
    again: bool = False
    pause: timedelta | None = None
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of effect. `send` runs outside any transaction, must be safe to repeat, and may raise.

    A patient one is tried again by itself although an item waits for it; another's failure comes back at once.
    """

    name: str
    send: Callable[[Entry], Verdict]
    is_patient: bool = False


_KINDS: dict[str, Kind] = {}


def declare_kind(kind: Kind) -> None:
    """Make a kind known; the module that sends it calls this when it is imported."""
    _KINDS[kind.name] = kind


def kind_of(name: str) -> Kind:
    """The kind of that name. Raises NotFound."""
    import core.outbox.mailing
    import core.resolutions.families  # noqa: F401 - these modules declare what they send

    if name not in _KINDS:
        raise NotFound("kind of outgoing effect", name)
    return _KINDS[name]
