"""Templates in the decision form: applied with one click or key, kept from what is filled in, and taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.permissions import MANAGES, Principal
from core.queue.inbox import QueueRow
from core.resolutions import templates
from core.resolutions.declaring import item_type
from core.resolutions.guiding import Guide, Offer
from core.resolutions.templates import NAME_LENGTH, Template
from core.uow import perform
from ui import acting, filling, focus
from ui.item import onward
from ui.plain import line, literal

KEYS = ("F2", "F4", "F8", "F9")
"""Every letter is a deed's or a tool's; these are the function keys that browsers leave alone, first come first."""


def draw(me: Principal, row: QueueRow, guide: Guide, chosen: Offer | None, *, has_key: bool) -> None:
    """Draw a button for each template of the item's type, one's own first, and the way to keep another."""
    known = perform(me, templates.templates, row.item_type)
    offers = {offer.name: offer for offer in guide.options}
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for place, template in enumerate(known):
            if template.option in offers:
                shortcut = KEYS[place] if has_key and place < len(KEYS) else None
                _button(row, template, offers[template.option], shortcut)
        if chosen is not None or known:
            _keep_popover(me, row, chosen, known)


def _button(row: QueueRow, template: Template, offer: Offer, shortcut: str | None) -> None:
    told = f"{offer.label}: {template.justification}"
    st.button(
        literal(line(template.name, 40)),
        key=f"template_{template.id}",
        icon=":material/group:" if template.shared else ":material/bolt:",
        type="tertiary",
        shortcut=shortcut,
        disabled=not offer.enabled,
        help=literal(line(offer.refusal or told, 300)),
        on_click=_apply,
        args=(row.id, row.version, template, offer),
    )


def left_open(template: Template, offer: Offer) -> tuple[str, ...]:
    """What the option needs for this item and the template does not say."""
    return tuple(
        wanted.name for wanted in offer.parameters if wanted.required and wanted.name not in template.parameters
    )


def _apply(item_id: int, version: int, template: Template, offer: Offer) -> None:
    """Decide at once as the template says; where it leaves something open, fill the form and ask for that alone."""
    if left_open(template, offer):
        st.session_state[filling.field("option", item_id)] = offer.name
        st.session_state[filling.field("why", item_id)] = template.justification
        filling.fill(item_id, offer, template.parameters)
        focus.want()
        return
    done = acting.once(f"decide:{item_id}:{version}", templates.apply, item_id, template.id or 0, version)
    if done:
        onward.decided(done.answer, offer)


def _keep_popover(me: Principal, row: QueueRow, chosen: Offer | None, known: list[Template]) -> None:
    with st.popover("Templates", type="tertiary", icon=":material/bookmark:"):
        if chosen is not None:
            st.markdown(f"**Keep what is filled in** for *{literal(chosen.label)}*")
            st.text_input("Name", key=filling.field("template_name", row.id), max_chars=NAME_LENGTH)
            if me.may(MANAGES):
                st.checkbox("For everybody", key=filling.field("template_shared", row.id))
            st.button("Keep as template", key="keep_template", on_click=_keep, args=(row, chosen, me.zone))
        for template in known:
            if not template.shared or me.may(MANAGES):
                with st.container(horizontal=True, vertical_alignment="center"):
                    whose = " :gray[:small[for everybody]]" if template.shared else ""
                    st.markdown(literal(line(template.name, 40)) + whose, width="stretch")
                    st.button(
                        "Delete", key=f"forget_{template.id}", type="tertiary", on_click=_forget, args=(template,)
                    )


def _keep(row: QueueRow, chosen: Offer, zone: str) -> None:
    name = str(st.session_state.get(filling.field("template_name", row.id)) or "")
    wanted = Template(
        row.item_type,
        name,
        chosen.name,
        str(st.session_state.get(filling.field("why", row.id)) or ""),
        _lasting(row, chosen, zone),
        bool(st.session_state.get(filling.field("template_shared", row.id))),
    )
    if acting.act(templates.save, wanted):
        acting.say(f"The template {line(name, 40)} is kept.")
        st.session_state[filling.field("template_name", row.id)] = ""


def _lasting(row: QueueRow, chosen: Offer, zone: str) -> Mapping[str, Any]:
    """Of what is filled in, what another item may be decided with: no moments, and nothing that is this item's own."""
    option = item_type(row.item_type).option(chosen.name)
    if option is None or not isinstance(option.parameters, tuple):
        return {}
    lasting = {wanted.name for wanted in chosen.parameters if wanted.widget != "date_time"}
    return {name: value for name, value in filling.given(row.id, chosen, zone).items() if name in lasting}


def _forget(template: Template) -> None:
    if acting.once(f"forget:{template.id}", templates.delete, template.id or 0):
        acting.say(f"The template {line(template.name, 40)} is gone.")
