"""Failure groups: what failed in one way, settled as one."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import groups


@page(Permission.OPS_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    groups.show(me)
