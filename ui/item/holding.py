"""What runs by itself beside an open item: renewing the claim, and counting down the time to undo."""

from __future__ import annotations

import streamlit as st

from core import clock
from core.errors import OpsError
from core.permissions import Permission, Principal
from core.queue import claiming, deciding
from core.queue.inbox import QueueRow
from core.queue.offering import is_under_way, undo_until
from core.uow import perform
from ui import acting, gate
from ui.listing import Listing

RENEW_SECONDS = 30


@gate.fragment(Permission.OPS_WRITE, active=False, run_every=RENEW_SECONDS)
def keep_claim(me: Principal, item_id: int) -> None:
    """Renew the claim on the item that is on the screen; draw the page anew once it is lost."""
    try:
        held = perform(me, claiming.renew_lease, item_id)
    except OpsError:
        return  # the next tick tries again; the page itself says what is wrong
    if held is None:
        gate.rerun_by_itself()


@gate.fragment(Permission.OPS_WRITE, active=False, run_every=1)
def undo(me: Principal, row: QueueRow, *, named: bool = False) -> None:
    """Offer to take the decision back: with the seconds left, or until its effect has left or it is approved.

    `named`: with the item's number, where another item is on the screen.
    """
    is_own = row.proposed_by is not None and row.proposed_by == me.staff_id
    until = undo_until(row)
    left = int((until - clock.now()).total_seconds()) if until else 0
    if left <= 0 and not is_under_way(row) and not is_own:
        return
    what = "Take the proposal back" if is_own else "Undo"
    what += f": item {row.id}" if named else ""
    st.button(
        f"{what} ({left} s)" if until else what,
        key="undo",
        icon=":material/undo:",
        shortcut="U",
        on_click=_undo,
        args=(row.id, row.version),
    )


def _undo(item_id: int, version: int) -> None:
    if acting.once(f"undo:{item_id}:{version}", deciding.undo, item_id, version):
        acting.say(f"The decision on item {item_id} is taken back; it is in your hands again.")
        Listing("item").open(item_id)
        st.rerun()
