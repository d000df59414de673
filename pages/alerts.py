"""The alerts: what somebody should know now."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import alerts


@page(Permission.ALERTS_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    alerts.show(me)
