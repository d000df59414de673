"""The audit log: who saw or did what, and whether the record is whole."""

from core.permissions import Permission, Principal
from ui.gate import page
from ui.views import audit


@page(Permission.AUDIT_READ)
def draw(me: Principal) -> None:
    """Draw the page."""
    audit.show(me)
