"""Taking in what a program sends in one call: all together, and where one record is refused, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from core.errors import Invalid
from core.uow import UnitOfWork

T = TypeVar("T")


def take_in(
    uow: UnitOfWork, receive: Callable[[UnitOfWork, Sequence[T]], Sequence[Any]], told: Sequence[T]
) -> list[Any]:
    """What became of each record, in order: what `receive` answers, or the refusal of those that cannot be used.

    Halves are tried where the whole is refused, so that one bad record among many costs little.
    """
    try:
        with uow.attempt():
            return list(receive(uow, told))
    except Invalid as refusal:
        if len(told) == 1:
            return [refusal]
    middle = len(told) // 2
    return take_in(uow, receive, told[:middle]) + take_in(uow, receive, told[middle:])
