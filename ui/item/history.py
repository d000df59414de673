"""What was done to an item, newest first, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from core.permissions import Principal
from core.queue.viewing import HISTORY_LENGTH, Entry, ItemView
from core.words import ActionKind
from ui import badges, times
from ui.plain import literal

_FIRST = 6
_DEEDS = {
    ActionKind.OPEN: "put it into the queue",
    ActionKind.MERGE: "reported it again",
    ActionKind.COMMENT: "wrote",
    ActionKind.FIELD_UPDATE: "changed fields",
    ActionKind.CLAIM: "claimed it",
    ActionKind.RELEASE: "gave it back",
    ActionKind.ASSIGN: "assigned it",
    ActionKind.WAIT: "set it to wait",
    ActionKind.RESUME: "went on with it",
    ActionKind.DEFER: "put it off",
    ActionKind.WAKE: "brought it back",
    ActionKind.ESCALATE: "escalated it",
    ActionKind.RETRY: "tried again",
    ActionKind.RESPOND: "answered",
    ActionKind.RESOLVE: "resolved it",
    ActionKind.REJECT: "rejected it",
    ActionKind.REOPEN: "opened it again",
    ActionKind.UNDO: "took the decision back",
    ActionKind.PRIORITY_CHANGE: "changed its priority",
    ActionKind.EFFECT: "sent it off",
    ActionKind.PROPOSE: "proposed to settle it",
    ActionKind.SEND_BACK: "sent the proposal back",
}
_EFFECTS = {"error": "brought it back", "told": "carried it out"}
_TEXTS = ("error", "told", "text", "justification", "reason", "note")


def draw(me: Principal, view: ItemView) -> None:
    """Draw the newest entries, and the older ones when they are asked for."""
    recent, older = view.history[:_FIRST], view.history[_FIRST:]
    _entries(me, recent, view.read_at)
    if older:
        counted = f"{len(older):,} older" + (" (the newest of them)" if len(view.history) == HISTORY_LENGTH else "")
        more = st.expander(counted, key=f"older_{view.row.id}", on_change="rerun")
        if more.open:
            with more:
                _entries(me, older, view.read_at)


def _entries(me: Principal, entries: tuple[Entry, ...], now: datetime) -> None:
    st.markdown("\n\n".join(_told(me, entry, now) for entry in entries))


def _told(me: Principal, entry: Entry, now: datetime) -> str:
    who = "You" if entry.actor == me.full_name else literal(entry.actor, 60)
    when = times.clock_time(entry.at, me.zone, now)
    deed = _DEEDS.get(entry.kind, badges.words(entry.kind).lower())
    if entry.kind is ActionKind.EFFECT:
        deed = next((deed for key, deed in _EFFECTS.items() if entry.payload.get(key)), deed)
    first = f"**{who}** {deed}{_aside(entry.payload, me, now)} :gray[:small[{literal(when)}]]"
    said = next((entry.payload[key] for key in _TEXTS if entry.payload.get(key)), None)
    texts = [literal(text, 1_500) for text in (said, _message(entry.payload)) if text]
    return "  \n".join([first, *(f":small[{text}]" for text in texts)])


def _message(payload: Mapping[str, Any]) -> str | None:
    """What was said to somebody, in quotation marks."""
    outcome = payload.get("outcome")
    message = outcome.get("message") if isinstance(outcome, dict) else None
    return f"“{message}”" if message else None


def _aside(payload: Mapping[str, Any], me: Principal, now: datetime) -> str:
    """What the payload adds to the deed in a word or two."""
    if payload.get("option"):
        return f" with *{literal(badges.words(str(payload['option'])).lower(), 60)}*"
    if payload.get("waiting_on"):
        return f" on the {literal(payload['waiting_on'], 40)}"
    if payload.get("until"):
        return f" until {_clock(str(payload['until']), me, now)}"
    if payload.get("to"):
        return f" to {literal(payload['to'], 60)}"
    return ""


def _clock(text: str, me: Principal, now: datetime) -> str:
    try:
        return times.clock_time(datetime.fromisoformat(text), me.zone, now)
    except ValueError:
        return literal(text, 40)
