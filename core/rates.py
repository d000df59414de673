"""How many calls a token may make in a minute: counted together by all processes, who each draw a share and spend it.

A share is a twentieth of what is left, so that a busy program writes a few rows a minute and not one for each call;
towards the limit shares are single calls, so that little is left lying in a process that calls no more.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import config
from core.errors import LimitReached
from core.permissions import Principal, requires
from core.uow import UnitOfWork, perform

WINDOW = timedelta(minutes=1)
SHARES = 20


@dataclass
class Share:
    """Calls that this process may let through until the window ends (by its own steady clock, and as a moment)."""

    left: int
    until: float
    ends_at: datetime
    is_last: bool

    @property
    def is_over(self) -> bool:
        """Whether there may be more to draw: its window has ended, or it is spent and was not the last."""
        return time.monotonic() >= self.until or (self.left == 0 and not self.is_last)


_shares: dict[int, Share] = {}
_locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


def admit(principal: Principal) -> None:
    """Count one call of the token behind `principal`. Raises LimitReached with the moment at which it may call again.

    Never are more let through in a minute than API_CALLS_PER_MINUTE, however many processes there are.
    """
    token = principal.token_id
    assert token is not None
    with _locks[token]:
        share = _shares.get(token)
        if share is None or share.is_over:
            share = _shares[token] = perform(principal, draw)
        if share.left == 0:
            raise LimitReached(f"This token may call again at {share.ends_at:%H:%M:%S} UTC.", share.ends_at)
        share.left -= 1


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    _shares.clear()


@requires(leaves=None)
def draw(uow: UnitOfWork) -> Share:
    """A share of the calls of this minute that the caller's token has left; an empty one when there are none left."""
    limit = int(config.number("API_CALLS_PER_MINUTE"))
    started = uow.now - (uow.now - datetime.min.replace(tzinfo=uow.now.tzinfo)) % WINDOW
    first = max(1, limit // SHARES)
    values = {"token": uow.principal.token_id, "window": started, "limit": limit, "first": first, "shares": SHARES}
    with uow.housekeeping():
        drawn: int | None = uow.execute(_DRAW, values).scalar_one_or_none()
    ends_at = started + WINDOW
    return Share(drawn or 0, time.monotonic() + (ends_at - uow.now).total_seconds(), ends_at, drawn is None)


# Whoever began just before the minute was over draws on the new one.
_DRAW = """
INSERT INTO call_rates AS r (token_id, window_started_at, taken, drawn) VALUES (:token, :window, :first, :first)
ON CONFLICT (token_id) DO UPDATE SET
    drawn = CASE WHEN r.window_started_at < :window THEN :first ELSE greatest(1, (:limit - r.taken) / :shares) END,
    taken = CASE WHEN r.window_started_at < :window THEN :first
        ELSE r.taken + greatest(1, (:limit - r.taken) / :shares) END,
    window_started_at = greatest(r.window_started_at, :window)
WHERE r.window_started_at < :window OR r.taken < :limit
RETURNING drawn"""
