"""After a decision: what came of it is said, the next item of the list opens, and the way back stays in reach."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFound
from core.permissions import Permission, Principal
from core.queue import viewing
from core.queue.lifecycle import Moved
from core.queue.offering import Deed, offered
from core.resolutions.guiding import Offer
from core.uow import perform
from core.words import Status
from ui import acting, filling
from ui.item import holding
from ui.listing import Listing

ITEMS = Listing("item")
_LAST = "onward.last"
HELD = "deciding.held"
"""The item whose form was on the screen, for the text of one whose claim is lost."""
_PAST = {
    "resolve": "resolved",
    "reject": "rejected",
    "respond": "answered, and still in your hands",
    "defer": "put off",
    "escalate": "escalated, and still in your hands",
}
_LEAVING = {
    "respond": "being answered, and stays in your hands",
    "keep": "being asked about, and stays in your hands",
}
_STAYS = {"respond", "escalate", "keep"}
UNCHOSEN = ""
"""No option is picked: what follows is to be chosen anew, and no field takes the keys that choose it."""


def decided(item: Moved, offer: Offer) -> None:
    """Say what came of a decision, and go on where it has left one's hands."""
    acting.say(f"Item {item.id} is {_past(item, offer)}.")
    st.session_state[filling.field("why", item.id)] = ""
    if offer.settles in _STAYS:
        st.session_state[filling.field("option", item.id)] = UNCHOSEN
    else:
        st.session_state.pop(HELD, None)
        go_on(item.id)


def _past(item: Moved, offer: Offer) -> str:
    if item.status is Status.OPEN:
        return "proposed, and waits for a second person to approve it"
    if offer.leaves_the_house:
        return _LEAVING.get(offer.settles, "on its way to being settled")
    return _PAST[offer.settles]


def go_on(item_id: int) -> None:
    """Open what comes after this item in the list; the item itself stays where nothing does."""
    st.session_state[_LAST] = item_id
    following = ITEMS.neighbour(1) if ITEMS.opened() == item_id else None
    if following is not None:
        ITEMS.open(following)


def draw_way_back(me: Principal, item_id: int) -> None:
    """Above an item: undo the decision before, for as long as that can be."""
    last = st.session_state.get(_LAST)
    if not isinstance(last, int) or last == item_id or not me.may(Permission.OPS_WRITE):
        return
    try:
        view = perform(me, viewing.view, last)
    except NotFound:
        return
    if Deed.UNDO in offered(me, view.row, view.read_at):
        holding.undo(view.row, named=True)
    else:
        st.session_state.pop(_LAST)
