"""A worker in a process of its own that ends itself where it is told.

The point is leased (before sending), sent (after sending, before it is closed), closing (within the closing
transaction, before its commit), anywhere (at a random moment), or none (until nothing is due).
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import core.outbox.mailing
import core.resolutions.families  # noqa: F401 - read once, before the workers part
from core.outbox import delivering
from core.permissions import process
from core.settings import settings
from core.uow import UnitOfWork, perform

P = ParamSpec("P")
R = TypeVar("R")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work(point: str, environment: Mapping[str, str]) -> None:
    """Deliver until nothing is due, or until the point."""
    os.environ.update(environment)
    settings.cache_clear()
    if point == "anywhere":
        threading.Timer(random.uniform(0.0, 0.15), die).start()
    while sum(delivering.deliver(partial(do, point)).values()) or point == "anywhere":
        continue


def do(point: str, verb: Callable[Concatenate[UnitOfWork, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Carry out a verb as the job does, ending at the point."""
    is_close = verb is delivering.close
    if point == "sent" and is_close:
        die()

    def carried(uow: UnitOfWork) -> R:
        answer = verb(uow, *args, **kwargs)
        if point == "closing" and is_close:
            die()
        return answer

    given = perform(process("job", "deliver_outbox"), carried)
    if point == "leased" and verb is delivering.lease:
        die()
    return given
