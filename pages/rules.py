"""The alert rules: built without code, tried against the past."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import rules


@page(Permission.ALERTS_MANAGE)
def draw(me: Principal) -> None:
    """Draw the page."""
    rules.show(me)
