"""The metrics: how the operation is doing."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import metrics


@page(Permission.OPS_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    metrics.show(me)
