"""My account: one's own sessions, tokens and time zone."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import account


@page(Permission.ALERTS_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    account.show(me)
