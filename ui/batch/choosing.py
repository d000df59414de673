"""Which items are chosen for a batch: by number, with the version that was seen, whatever the list does meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.queue import batching
from core.queue.filters import Filter
from core.queue.inbox import QueueRow
from core.queue.tasks import Chosen
from ui import acting
from ui.listing import Listing

_ON, _CHOSEN, _SEEN = "choosing.on", "choosing.chosen", "choosing.seen"
Versions = dict[int, int | None]


def is_on() -> bool:
    """Whether the list is for choosing many now."""
    return bool(st.session_state.get(_ON))


def turn(*, on: bool) -> None:
    """Begin or leave off choosing; what is chosen stays chosen."""
    st.session_state[_ON] = on


def chosen() -> Chosen:
    """What is chosen."""
    return Chosen(_versions())


def count() -> int:
    """How many are chosen."""
    return len(_versions())


def choose(versions: Mapping[int, int | None]) -> None:
    """Have exactly these chosen."""
    st.session_state[_CHOSEN] = dict(versions)


def saw(rows: Sequence[QueueRow]) -> None:
    """Remember what the list shows, for its versions."""
    st.session_state[_SEEN] = {row.id: row.version for row in rows}


def buttons(total: str, wanted: Filter) -> None:
    """Draw what chooses many at once."""
    st.button("This page", key="choose_page", shortcut="W", on_click=_choose_page)
    st.button(f"All {total}", key="choose_all", shortcut="G", on_click=_choose_all, args=(wanted,))
    if count():
        st.button("None", key="choose_none", shortcut="U", on_click=choose, args=({},))


def pick(listing: Listing) -> None:
    """Take over what was clicked in the grid; what other pages hold stays chosen."""
    picked, shown = listing.all_picked()
    seen = _seen()
    kept = {item: version for item, version in _versions().items() if item not in shown}
    before = _versions()
    choose(kept | {item: before.get(item, seen.get(item)) for item in picked})


def mark(listing: Listing) -> None:
    """Choose the item that the keys are at, or let it go, and step on to the next."""
    at = listing.opened()
    versions = _versions()
    if at in _seen():
        if versions.pop(at, 0) == 0:
            versions[at] = _seen()[at]
        choose(versions)
    following = listing.neighbour(1)
    if following is not None:
        listing.open(following)


def _choose_page() -> None:
    choose(_seen() | _versions())


def _choose_all(wanted: Filter) -> None:
    done = acting.act(batching.choose, wanted)
    if done:
        choose(done.answer.versions)


def _versions() -> Versions:
    versions: Versions = st.session_state.get(_CHOSEN) or {}
    return dict(versions)


def _seen() -> Versions:
    seen: Versions = st.session_state.get(_SEEN) or {}
    return seen
