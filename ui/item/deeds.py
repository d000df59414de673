"""The row of buttons: what this person may do to this item now, each with its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.queue import approving, assigning, claiming, waiting
from core.queue.inbox import QueueRow
from core.queue.offering import Deed
from ui import acting, focus

_ASKING = "deeds.asking"


@dataclass(frozen=True)
class Button:
    """How a deed looks. `verb` is done at once and `said` of it; without one, the deed first asks something."""

    label: str
    icon: str
    key: str | None
    verb: Callable[..., Any] | None = None
    said: str = ""


BUTTONS = {
    Deed.CLAIM: Button("Claim", ":material/front_hand:", "A", claiming.claim, "Item {0} is in your hands."),
    Deed.TAKE_OVER: Button("Take over", ":material/swap_horiz:", "V", assigning.take_over, "Item {0} is yours now."),
    Deed.RESUME: Button("Go on", ":material/play_arrow:", "G", waiting.resume, "Item {0} goes on."),
    Deed.RELEASE: Button("Release", ":material/undo:", "L", claiming.release, "Item {0} is free again."),
    Deed.WAIT: Button("Wait", ":material/hourglass_empty:", "W"),
    Deed.DEFER: Button("Defer", ":material/snooze:", "D"),
    Deed.ESCALATE: Button("Escalate", ":material/priority_high:", "E"),
    Deed.PRIORITY: Button("Priority", ":material/low_priority:", "P"),
    Deed.REJECT: Button("Reject", ":material/block:", "X"),
    Deed.ASSIGN: Button("Assign", ":material/person_add:", "I"),
    Deed.COMMENT: Button("Comment", ":material/chat:", "O"),
    Deed.REOPEN: Button("Reopen", ":material/restart_alt:", "Y"),
    Deed.APPROVE: Button(
        "Approve as proposed", ":material/how_to_reg:", "Shift+A", approving.approve, "Item {0} is settled as proposed."
    ),
    Deed.SEND_BACK: Button("Send back", ":material/keyboard_return:", "Shift+B"),
}
ANSWERS = (Deed.APPROVE, Deed.SEND_BACK)
_FIRST = (Deed.CLAIM, Deed.RESUME, Deed.TAKE_OVER)


def draw(row: QueueRow, offered: tuple[Deed, ...]) -> None:
    """Draw the buttons; the first thing to do stands out. What answers a proposal stands beside that."""
    known = [deed for deed in offered if deed in BUTTONS and deed not in ANSWERS]
    first = next((deed for deed in known if deed in _FIRST), None)
    with st.container(horizontal=True, gap="xsmall"):
        for deed in known:
            button(row, deed, is_first=deed is first)


def button(row: QueueRow, deed: Deed, *, is_first: bool) -> None:
    """Draw the button of one deed."""
    look = BUTTONS[deed]
    st.button(
        look.label,
        key=f"deed_{deed}",
        icon=look.icon if is_first else None,
        type="primary" if is_first else "secondary",
        shortcut=look.key,
        on_click=_do if look.verb else _ask,
        args=(deed, row.id, row.version),
    )


def _do(deed: Deed, item_id: int, version: int) -> None:
    button = BUTTONS[deed]
    assert button.verb is not None
    if acting.once(f"{deed}:{item_id}:{version}", button.verb, item_id, version):
        acting.say(button.said.format(item_id))
        stop_asking()


def _ask(deed: Deed, item_id: int, _version: int) -> None:
    """Open the small form of a deed, or close it when it is open."""
    st.session_state[_ASKING] = None if asking(item_id) == deed else (deed, item_id)
    focus.want()


def asking(item_id: int) -> Deed | None:
    """The deed whose form is open for this item."""
    deed, asked_for = st.session_state.get(_ASKING) or (None, None)
    return deed if asked_for == item_id else None


def stop_asking() -> None:
    """Close the form."""
    st.session_state[_ASKING] = None
