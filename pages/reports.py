"""The daily reports of the queue: the archive, one of them, and its files."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import reports


@page(Permission.OPS_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    reports.show(me)
