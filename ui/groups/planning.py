"""How a group is to be settled: the option, its reasons, a few first, and what would come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.permissions import Principal
from core.queue import grouping, settling
from core.queue.batching import Preview
from core.queue.deciding import JUSTIFICATION_LENGTH, Decision
from core.queue.grouping import Group
from core.queue.runs import Run
from core.queue.settling import MOST_CANARIES, MOST_FAILURES, Plan
from core.resolutions.declaring import item_type
from core.resolutions.guiding import Guide, Offer
from ui import acting, filling, focus
from ui.plain import line, literal

_AGAIN = "planning.again"
_REHEARSED = "planning.rehearsed"
_ICONS = {True: ":material/radio_button_checked:", False: ":material/radio_button_unchecked:"}
_SHOWN = 100


@dataclass(frozen=True)
class Rehearsed:
    """What would come of deciding a group as `decision` says, as it stood when it was asked."""

    form: str
    decision: Decision
    preview: Preview


def is_wanted(group: Group, run: Run | None) -> bool:
    """Whether the form belongs on the screen: there is something to settle, and no settling that is to go on."""
    if not group.to_hand:
        return False
    if run is None or is_anew(run):
        return True
    return not run.is_moving and not (run.mine and run.has_more)


def is_anew(run: Run) -> bool:
    """Whether the person has asked for the form beside this settling, which has stopped."""
    return not run.is_moving and st.session_state.get(_AGAIN) == run.id


def decide_anew(run_id: int) -> None:
    """Show the form beside a settling that has stopped."""
    st.session_state[_AGAIN] = run_id


def draw(me: Principal, group: Group, guide: Guide, before: Run | None) -> None:
    """Draw the form, the cursor where a key has called for it."""
    form, offers = _form(group), _offers(guide)
    st.markdown("##### Settle them as one")
    if not offers:
        st.caption("Each of these asks for something of its own: they are settled one by one, in the queue.")
        return
    chosen = _chosen(form, guide, offers)
    with st.container(horizontal=True, gap="xsmall"):
        for place, offer in enumerate(offers, 1):
            _option(form, offer, place, is_chosen=offer is chosen)
    _notes(guide, chosen)
    placed = filling.draw(form, chosen, me.zone, has_cursor=True)
    _justification(form, has_cursor=not placed)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        _numbers(form)
        args = (group.example, form, chosen, me.zone)
        st.button("Rehearse", key="rehearse", shortcut="H", on_click=_rehearse, args=args, help=_WHAT_REHEARSING_IS)
        st.button(
            f"Start with {min(_canaries(form), group.to_hand)}",
            key="start",
            type="primary",
            icon=":material/playlist_add_check:",
            shortcut="Ctrl+Enter",
            on_click=_start,
            args=(*args, before.id if before else 0),
        )
    if guide.runbook:
        with st.expander("Runbook"):
            st.markdown(literal(guide.runbook, 8_000))
    _show_rehearsal(form)
    focus.place()


_WHAT_REHEARSING_IS = "What it would do to each item now: done, and taken back."


def _form(group: Group) -> str:
    return f"group_{group.example}"


def _offers(guide: Guide) -> list[Offer]:
    declared = item_type(guide.item_type)
    known = [(offer, declared.option(offer.name)) for offer in guide.options]
    return [offer for offer, option in known if option and grouping.settles_groups(option)]


def _chosen(form: str, guide: Guide, offers: list[Offer]) -> Offer:
    """The option picked, else the one recommended for the example, else the first that the example allows."""
    picked = st.session_state.get(f"option_{form}")
    advised = guide.recommended
    usual = advised if advised in offers else next((offer for offer in offers if offer.enabled), offers[0])
    return next((offer for offer in offers if offer.name == picked), usual)


def _option(form: str, offer: Offer, place: int, *, is_chosen: bool) -> None:
    st.button(
        literal(line(offer.label, 80)),
        key=f"option_{offer.name}",
        icon=_ICONS[is_chosen],
        shortcut=str(place) if place < 10 else None,
        help=literal(offer.help) or None,
        on_click=_pick,
        args=(form, offer.name),
    )


def _pick(form: str, option: str) -> None:
    st.session_state[f"option_{form}"] = option
    focus.want()


def _notes(guide: Guide, chosen: Offer) -> None:
    told = []
    if guide.recommended:
        advised = literal(guide.recommended.label)
        told.append(f":green[For the example, {advised} is recommended:] {literal(guide.recommended.reason)}")
    told += [literal(chosen.help)] if chosen.help else []
    told += [f":orange[Not possible for the example:] {literal(chosen.refusal)}"] if chosen.refusal else []
    st.caption("  \n".join(told))


def _justification(form: str, *, has_cursor: bool) -> None:
    with st.container(key=focus.HERE if has_cursor else "why"):
        st.text_area(
            "Justification",
            key=f"why_{form}",
            height=80,
            max_chars=JUSTIFICATION_LENGTH,
            placeholder="Why this is right for all of them. It stands in the history of each.",
        )
        filling.tell(filling.problems(form).get("justification"))


def _numbers(form: str) -> None:
    first, most = f"canaries_{form}", f"most_{form}"
    st.session_state.setdefault(first, Plan.canaries)
    st.session_state.setdefault(most, Plan.most_failures)
    st.number_input("First", 1, MOST_CANARIES, key=first, width=110, help="So many are settled first, and waited for.")
    st.number_input("Stop after", 0, MOST_FAILURES, key=most, width=110, help="Stops once more than so many failed.")


def _canaries(form: str) -> int:
    return int(st.session_state.get(f"canaries_{form}") or Plan.canaries)


def _decision(form: str, offer: Offer, zone: str) -> Decision:
    return Decision(offer.name, str(st.session_state.get(f"why_{form}") or ""), filling.given(form, offer, zone))


def _rehearse(example: int, form: str, offer: Offer, zone: str) -> None:
    decision = _decision(form, offer, zone)
    done = acting.act(grouping.rehearse, example, decision)
    st.session_state[_REHEARSED] = Rehearsed(form, decision, done.answer) if done else None
    _keep_problems(form, offer)


def _start(example: int, form: str, offer: Offer, zone: str, before: int) -> None:
    plan = Plan(_decision(form, offer, zone), _canaries(form), int(st.session_state.get(f"most_{form}") or 0))
    if acting.once(f"settle:{form}:{before}", settling.start, example, plan):
        st.session_state.pop(_REHEARSED, None)
    _keep_problems(form, offer)


def _keep_problems(form: str, offer: Offer) -> None:
    fields = {"justification", *(wanted.name for wanted in offer.parameters)}
    filling.note_problems(form, acting.withdraw(fields))
    if filling.problems(form):
        focus.want()


def _show_rehearsal(form: str) -> None:
    told: Rehearsed | None = st.session_state.get(_REHEARSED)
    if told is None or told.form != form:
        return
    outcomes = told.preview.outcomes
    refused = [outcome for outcome in outcomes if not outcome.done]
    with st.container(border=True, gap="xsmall", key="rehearsal"):
        done = len(outcomes) - len(refused)
        st.markdown(f"**Rehearsed:** {done:,} would be done, {len(refused):,} refused. Nothing has happened.")
        reasons = Counter(_without_number(outcome.why, outcome.id) for outcome in refused)
        if reasons:
            st.markdown("\n".join(f"- {count:,} × {literal(why)}" for why, count in reasons.most_common(5)))
        shown = [*refused, *(outcome for outcome in outcomes if outcome.done)][:_SHOWN]
        table: Mapping[str, list[object]] = {
            "item": [outcome.id for outcome in shown],
            "what": ["would be done" if outcome.done else line(outcome.why) for outcome in shown],
        }
        st.dataframe(
            pd.DataFrame(table),
            column_config={
                "item": st.column_config.NumberColumn("Item", width=70, format="%d"),
                "what": st.column_config.TextColumn("What would come of it", width=380),
            },
            hide_index=True,
            height=min(38 + 30 * len(shown), 220),
            row_height=30,
            key="rehearsed",
            alt="What would come of each item",
        )
        if len(outcomes) > len(shown):
            st.caption(f"The first {len(shown)} of {len(outcomes):,}, refusals before the others.")


def _without_number(why: str, item_id: int) -> str:
    """A refusal without the item's own number, so that equal ones are counted as one."""
    return why.replace(f"Item {item_id} ", "It ").replace(f"item {item_id}", "the item")
