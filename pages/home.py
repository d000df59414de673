"""My work: what is mine, what is next, what is late, what is loud."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import home


@page(Permission.ALERTS_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    home.show(me)
