"""Administration: item types, outgoing, staff, settings and jobs."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import administration


@page(Permission.OPS_ADMIN)
def draw(me: Principal) -> None:
    """Draw the page."""
    administration.show(me)
