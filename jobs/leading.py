"""Who leads: a runner's signs of life, the lease that they keep, and the fence that its work carries."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from datetime import timedelta

from core import clock, running
from core.permissions import process
from core.uow import perform
from jobs.telling import in_a_line, tell

_SKEW = timedelta(seconds=5)


class Lead:
    """One runner's part in the election. Its thread shows life every third of a lease, and takes the lead when free."""

    def __init__(self, lease: timedelta = running.LEASE) -> None:
        self.runner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._lease = lease
        self._principal = process("job", "runner")
        self._fence: int | None = None
        self._until = float("-inf")
        self._is_skewed = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="lead", daemon=True)

    @property
    def fence(self) -> int | None:
        """The fence under which this runner leads, or None: after a pause it waits to be told anew."""
        return self._fence if time.monotonic() < self._until else None

    def start(self) -> None:
        """Begin to show signs of life."""
        self._thread.start()

    def retire(self) -> None:
        """Stop, and leave the lead to whoever wants it."""
        self._stop.set()
        self._thread.join(timeout=2)
        self._until = float("-inf")
        try:
            perform(self._principal, running.retire, self.runner)
        except Exception as error:  # the lease runs out by itself
            tell("not_retired", runner=self.runner, error=in_a_line(error))

    def _live(self) -> None:
        while not self._stop.is_set():
            self.beat()
            self._stop.wait(self._lease.total_seconds() / 3)

    def beat(self) -> None:
        """Show one sign of life now; a database that does not answer costs the lead when the lease has run out."""
        asked = time.monotonic()
        try:
            heard = perform(self._principal, running.beat, self.runner, self._lease)
            self._take_note(heard.fence)
            self._until = asked + self._lease.total_seconds()
            self._mind_clock(heard)
        except Exception as error:  # whatever it is, the next beat tries again
            tell("no_beat", runner=self.runner, error=in_a_line(error))

    def _take_note(self, fence: int | None) -> None:
        if fence != self._fence:
            tell("leads" if fence is not None else "stands_by", runner=self.runner, fence=fence)
        self._fence = fence

    def _mind_clock(self, heard: running.Beat) -> None:
        skew = clock.now() - heard.at
        is_skewed = abs(skew) > _SKEW
        if is_skewed != self._is_skewed:
            perform(self._principal, running.note_clock, socket.gethostname(), skew if is_skewed else None)
            tell("clock", skew_seconds=skew.total_seconds())
        self._is_skewed = is_skewed
