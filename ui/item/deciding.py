"""Deciding an item: choose an option, fill in what it asks for, say why; what is typed is kept with the item."""

from __future__ import annotations

import streamlit as st

from core.permissions import Principal
from core.queue import claiming, deciding
from core.queue.deciding import JUSTIFICATION_LENGTH, Decision
from core.queue.inbox import QueueRow
from core.queue.viewing import ItemView
from core.resolutions.comparing import compare
from core.resolutions.guiding import Guide, Offer
from core.uow import perform
from ui import acting, filling, focus
from ui.filling import field
from ui.item import comparing, onward, templating
from ui.plain import line, literal

_ICONS = {True: ":material/radio_button_checked:", False: ":material/radio_button_unchecked:"}


def draw(me: Principal, view: ItemView, guide: Guide, *, has_key: bool) -> None:
    """Draw the form for whoever holds the item. `has_key`: whether Ctrl+Enter is this form's just now."""
    row = view.row
    st.session_state[onward.HELD] = row.id
    chosen = _chosen(row, guide)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown("##### Decide")
        templating.draw(me, row, guide, chosen, has_key=has_key)
    with st.container(horizontal=True, gap="xsmall"):
        for place, offer in enumerate(guide.options, 1):
            _option(row, offer, place, is_chosen=offer is chosen, has_key=has_key)
    _notes(guide, chosen)
    if chosen is None:
        return
    has_cursor = has_key and not _fill_in(me, row, chosen, has_key=has_key)
    _justification(view, has_cursor=has_cursor)
    st.button(
        literal(line(chosen.label, 80)),
        key="decide",
        type="primary",
        icon=":material/task_alt:",
        shortcut="Ctrl+Enter" if has_key else None,
        on_click=_decide,
        args=(row.id, row.version, chosen, me.zone),
    )


def _fill_in(me: Principal, row: QueueRow, chosen: Offer, *, has_key: bool) -> bool:
    """Draw what the option asks for; whether the cursor belongs there rather than into the justification."""
    told = perform(me, compare, row.id) if comparing.is_merge(chosen) else None
    if told is not None:
        comparing.draw(row, chosen, told)
        return False
    return filling.draw(row.id, chosen, me.zone, has_cursor=has_key)


def draw_lost(view: ItemView) -> None:
    """Where the claim was lost while somebody was typing: say so, and keep what they typed on the screen."""
    row = view.row
    if st.session_state.get(onward.HELD) != row.id:
        return
    if row.resolved_at is not None or not st.session_state.get(field("why", row.id)):
        st.session_state.pop(onward.HELD)
        return
    st.warning(
        "You no longer hold this item. What you typed is still here; claim it again to go on.",
        icon=":material/timer_off:",
    )
    st.text_area("Justification", key=field("why", row.id), height=96, max_chars=JUSTIFICATION_LENGTH)


def _chosen(row: QueueRow, guide: Guide) -> Offer | None:
    """The option picked, else the recommended one, else the first that can be taken; none just after an answer."""
    enabled = [offer for offer in guide.options if offer.enabled]
    picked = st.session_state.get(field("option", row.id))
    if picked == onward.UNCHOSEN:
        return None
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
    st.session_state[field("option", item_id)] = option
    focus.want()


def _justification(view: ItemView, *, has_cursor: bool) -> None:
    key = field("why", view.row.id)
    if key not in st.session_state:
        st.session_state[key] = view.draft_note or ""
    with st.container(key=focus.HERE if has_cursor else "why", gap="xxsmall"):
        st.text_area(
            "Justification",
            key=key,
            height=96,
            max_chars=JUSTIFICATION_LENGTH,
            placeholder="Why this is right. Kept as a draft while you write.",
            on_change=_keep,
            args=(view.row.id,),
        )
        filling.tell(filling.problems(view.row.id).get("justification"))


def _keep(item_id: int) -> None:
    acting.act(claiming.keep_draft, item_id, str(st.session_state.get(field("why", item_id)) or ""))


def _decide(item_id: int, version: int, offer: Offer, zone: str) -> None:
    why = str(st.session_state.get(field("why", item_id)) or "")
    decision = Decision(offer.name, why, filling.given(item_id, offer, zone))
    done = acting.once(f"decide:{item_id}:{version}", deciding.decide, item_id, decision, version)
    if done:
        onward.decided(done.answer, offer)
    fields = {"justification", *(wanted.name for wanted in offer.parameters)}
    filling.note_problems(item_id, acting.withdraw(fields))
    if filling.problems(item_id):
        focus.want()
