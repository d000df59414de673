"""A worker in a process of its own that ends itself where it is told: `python -m tests.outbox.trial POINT`.

POINT is leased (before sending), sent (after sending, before it is closed), closing (within the closing transaction,
before its commit), anywhere (at a random moment), or none (until nothing is due).
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Concatenate, ParamSpec, TypeVar

from core.outbox import delivering
from core.permissions import process
from core.uow import UnitOfWork, perform

P = ParamSpec("P")
R = TypeVar("R")
POINT = sys.argv[1]
LEASE = timedelta(milliseconds=1)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def do(verb: Callable[Concatenate[UnitOfWork, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Carry out a verb as the job does, ending at the point."""
    is_close = verb is delivering.close
    if POINT == "sent" and is_close:
        die()

    def carried(uow: UnitOfWork) -> R:
        answer = verb(uow, *args, **kwargs)
        if POINT == "closing" and is_close:
            die()
        return answer

    given = perform(process("job", "deliver_outbox"), carried)
    if POINT == "leased" and verb is delivering.lease:
        die()
    return given


if __name__ == "__main__":
    if POINT == "anywhere":
        threading.Timer(random.uniform(0.0, 0.15), die).start()
    while sum(delivering.deliver(do).values()) or POINT == "anywhere":
        continue
