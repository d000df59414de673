"""The queue: the list of work, and one item of it."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import queue


@page(Permission.OPS_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    queue.show(me)
