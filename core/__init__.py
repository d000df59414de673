"""The rules of Opsdesk: every verb, once. Doors call in; nothing here knows a door.

Words: docs/architecture.md lists them. Map: `tables` the schema; `uow` one action, one transaction; `permissions` who
may; `audit` what is on record; `queue` the life of an item; `sla` its deadlines; `resolutions` how it is settled;
`alerts` who is told; `intake` how work comes in.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.queue.adding import add_to_queue

__all__ = ["add_to_queue"]


def __getattr__(name: str) -> Any:
    """`from core import add_to_queue`, without reading a setting having to load every verb."""
    if name == "add_to_queue":
        from core.queue.adding import add_to_queue

        return add_to_queue
    raise AttributeError(f"module 'core' has no attribute {name!r}")
