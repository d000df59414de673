"""Deciding an item: choose an option, fill in what it asks for, say why; what is typed is kept with the item."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from core.permissions import Principal
from core.queue import claiming, deciding
from core.queue.deciding import JUSTIFICATION_LENGTH, Decision
from core.queue.inbox import QueueRow
from core.queue.viewing import ItemView
from core.resolutions.declaring import Parameter
from core.resolutions.guiding import Guide, Offer
from core.words import Status
from ui import acting, focus
from ui.plain import distinct, line, literal

_HELD = "deciding.held"
_ICONS = {True: ":material/radio_button_checked:", False: ":material/radio_button_unchecked:"}
_LEAVING = {
    "respond": "being answered, and stays in your hands",
    "keep": "being asked about, and stays in your hands",
}
_PAST = {
    "resolve": "resolved",
    "reject": "rejected",
    "respond": "answered, and still in your hands",
    "defer": "put off",
    "escalate": "escalated, and still in your hands",
}


def draw(me: Principal, view: ItemView, guide: Guide, *, has_key: bool) -> None:
    """Draw the form for whoever holds the item. `has_key`: whether Ctrl+Enter is this form's just now."""
    row = view.row
    st.session_state[_HELD] = row.id
    st.markdown("##### Decide")
    chosen = _chosen(row, guide)
    with st.container(horizontal=True, gap="xsmall"):
        for place, offer in enumerate(guide.options, 1):
            _option(row, offer, place, is_chosen=offer is chosen, has_key=has_key)
    _notes(guide, chosen)
    if chosen is None:
        return
    for wanted in chosen.parameters:
        _parameter(row, chosen, wanted, me.zone)
    _justification(view, has_key=has_key)
    st.button(
        literal(line(chosen.label, 80)),
        key="decide",
        type="primary",
        icon=":material/task_alt:",
        shortcut="Ctrl+Enter" if has_key else None,
        on_click=_decide,
        args=(row.id, row.version, chosen, me.zone),
    )


def draw_lost(view: ItemView) -> None:
    """Where the claim was lost while somebody was typing: say so, and keep what they typed on the screen."""
    row = view.row
    if st.session_state.get(_HELD) != row.id:
        return
    if row.resolved_at is not None or not st.session_state.get(_field("why", row.id)):
        st.session_state.pop(_HELD)
        return
    st.warning(
        "You no longer hold this item. What you typed is still here; claim it again to go on.",
        icon=":material/timer_off:",
    )
    st.text_area("Justification", key=_field("why", row.id), height=96, max_chars=JUSTIFICATION_LENGTH)


def _chosen(row: QueueRow, guide: Guide) -> Offer | None:
    """The option picked, else the recommended one, else the first that can be taken."""
    enabled = [offer for offer in guide.options if offer.enabled]
    picked = st.session_state.get(_field("option", row.id))
    return next((offer for offer in enabled if offer.name == picked), guide.recommended or next(iter(enabled), None))


def _option(row: QueueRow, offer: Offer, place: int, *, is_chosen: bool, has_key: bool) -> None:
    st.button(
        literal(line(offer.label, 80)),
        key=f"option_{offer.name}",
        icon=_ICONS[is_chosen],
        disabled=not offer.enabled,
        shortcut=str(place) if has_key and place < 10 and offer.enabled else None,
        help=literal(offer.help) or None,
        on_click=_pick,
        args=(row.id, offer.name),
    )


def _notes(guide: Guide, chosen: Offer | None) -> None:
    """What speaks for the option that is advised and against those that cannot be taken; what the chosen one does."""
    told = [
        f":green[{literal(offer.label)} is recommended:] {literal(offer.reason)}"
        for offer in guide.options
        if offer.reason
    ]
    told += [literal(chosen.help)] if chosen and chosen.help else []
    told += [literal(offer.refusal) for offer in guide.options if offer.refusal]
    if told:
        st.caption("  \n".join(told))


def _pick(item_id: int, option: str) -> None:
    st.session_state[_field("option", item_id)] = option
    focus.want()


def _justification(view: ItemView, *, has_key: bool) -> None:
    key = _field("why", view.row.id)
    if key not in st.session_state:
        st.session_state[key] = view.draft_note or ""
    with st.container(key=focus.HERE if has_key else "why"):
        st.text_area(
            "Justification",
            key=key,
            height=96,
            max_chars=JUSTIFICATION_LENGTH,
            placeholder="Why this is right. Kept as a draft while you write.",
            on_change=_keep,
            args=(view.row.id,),
        )


def _keep(item_id: int) -> None:
    acting.act(claiming.keep_draft, item_id, str(st.session_state.get(_field("why", item_id)) or ""))


def _decide(item_id: int, version: int, offer: Offer, zone: str) -> None:
    given = {wanted.name: _given(item_id, offer, wanted, zone) for wanted in offer.parameters}
    filled = {name: value for name, value in given.items() if value not in (None, "")}
    decision = Decision(offer.name, str(st.session_state.get(_field("why", item_id)) or ""), filled)
    done = acting.once(f"decide:{item_id}:{version}", deciding.decide, item_id, decision, version)
    if done:
        past = (
            _LEAVING.get(offer.settles, "on its way to being settled")
            if offer.leaves_the_house
            else _PAST[offer.settles]
        )
        if done.answer.status is Status.OPEN:
            past = "proposed, and waits for a second person to approve it"
        acting.say(f"Item {item_id} is {past}.")
        st.session_state[_field("why", item_id)] = ""
        st.session_state.pop(_HELD, None)


def _field(name: str, item_id: int) -> str:
    return f"{name}_{item_id}"


def _parameter_key(item_id: int, offer: Offer, wanted: Parameter) -> str:
    return f"with_{item_id}_{offer.name}_{wanted.name}"


def _given(item_id: int, offer: Offer, wanted: Parameter, zone: str) -> Any:
    """What was filled in; a time is meant in the zone of whoever filled it in."""
    value = st.session_state.get(_parameter_key(item_id, offer, wanted))
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return value


def _parameter(row: QueueRow, offer: Offer, wanted: Parameter, zone: str) -> None:
    """Draw the widget that fits what is asked for."""
    key = _parameter_key(row.id, offer, wanted)
    label = literal(wanted.label, 100) + ("" if wanted.required else " :gray[(optional)]")
    tip = literal(wanted.help) or None
    if wanted.widget == "choice":
        captions = distinct(dict(zip(wanted.choices, wanted.captions or wanted.choices, strict=False)), 300)
        begins = wanted.choices.index(wanted.suggested) if wanted.suggested in wanted.choices else None
        st.selectbox(
            label, wanted.choices, index=begins, format_func=lambda it: captions.get(it, it), key=key, help=tip
        )
    elif wanted.widget == "long_text":
        st.text_area(label, value=wanted.suggested or "", height=96, key=key, help=tip)
    elif wanted.widget == "date_time":
        st.datetime_input(label, value=_suggested_time(wanted, zone), key=key, help=tip)
    else:
        st.text_input(label, value=wanted.suggested or "", key=key, help=tip)


def _suggested_time(wanted: Parameter, zone: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(wanted.suggested or "")
    except ValueError:
        return None
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment
