"""One item beside the list, from its title down to its history."""

from __future__ import annotations

from collections.abc import Sequence

from core.people import Person
from core.permissions import Principal
from core.queue.offering import Deed, offered
from core.queue.viewing import ItemView
from core.resolutions.guiding import Guide
from core.words import Status
from ui import focus
from ui.item import about, asking, deciding, deeds, heading, holding, onward, proposal


def draw(me: Principal, view: ItemView, guide: Guide, people: Sequence[Person]) -> None:
    """Draw the item, with what this person may do to it now."""
    row = view.row
    may = offered(me, row, view.read_at)
    if Deed.UNDO not in may:
        onward.draw_way_back(me, row.id)
    heading.draw(me, view)
    if Deed.UNDO in may:
        holding.undo(row)
    if view.proposal:
        proposal.draw(me, row, view.proposal, may, view.read_at)
    deeds.draw(row, may)
    asked = deeds.asking(row.id)
    if asked in may and asked is not None:
        asking.draw(me, row, asked, people)
    about.draw(me, view, guide)
    if Deed.DECIDE in may:
        deciding.draw(me, view, guide, has_key=asked not in may)
        holding.keep_claim(row.id)
    elif row.status is not Status.WAITING:
        deciding.draw_lost(view)
    focus.place()
