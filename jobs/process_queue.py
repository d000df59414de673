"""The command by which somebody works the queue on a terminal."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.words import Queue
from jobs.operators import acting_as


class Mode(StrEnum):
    """How the queue is worked."""

    CLI = "cli"


def process_queue(
    mode: Annotated[Mode, typer.Option(help="How: on this terminal.")] = Mode.CLI,  # noqa: ARG001 - the only way yet
    staff: Annotated[str | None, typer.Option(help="As whom; without it, the one called like you here.")] = None,
    queue: Annotated[Queue | None, typer.Option(help="Only from this queue.")] = None,
) -> None:
    """Take the next item, show it with its options, carry out what you choose; MRQ_BATCH_SIZE items at a time.

    Ctrl-C at any prompt gives the item back: exit code 130.
    """
    from jobs.desk import Desk

    raise typer.Exit(Desk(acting_as(staff), queue).work())
