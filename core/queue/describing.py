"""The life of an item as a page to read, made from the table of moves for docs/lifecycle.md."""

from __future__ import annotations

from collections.abc import Iterator

from core.queue.movement import Move
from core.queue.moves import MOVES
from core.words import Status

_INTRODUCTION = """# The life of a work item

*Made from `core/queue/moves.py`; a test keeps it so.*

An item is always in one of six statuses. Each move below is one guarded statement in one transaction, together with
its entry in the item's history, what the SLA clock hears, and its audit row. Whoever finds an item no longer where the
move starts from is told who got there first, or what has changed.

Escalation is a level beside the status: an item can be escalated and in somebody's hands.
"""


def lifecycle() -> str:
    """The page, in Markdown."""
    return "\n".join([_INTRODUCTION, *_table(), "", *_picture(), ""])


def _table() -> Iterator[str]:
    yield "| Move | From | To | By | In the audit log | SLA clock |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for move in MOVES:
        told = (move.action, _words(move.leaves), _arrival(move), move.by, f"`{move.audit}`", _clock(move))
        yield f"| {' | '.join(told)} |"


def _picture() -> Iterator[str]:
    """The same as a diagram that code hosts draw."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    [*] --> open"
    for move in MOVES:
        for status in move.leaves if move.arrives else ():
            yield f"    {status} --> {move.arrives}: {move.action.lower()}"
    yield "```"


def _words(statuses: tuple[Status, ...]) -> str:
    return ", ".join(status.replace("_", " ") for status in statuses)


def _arrival(move: Move) -> str:
    return move.arrives.replace("_", " ") if move.arrives else "(stays)"


def _clock(move: Move) -> str:
    return move.clock or ""


if __name__ == "__main__":
    print(lifecycle(), end="")  # noqa: T201
