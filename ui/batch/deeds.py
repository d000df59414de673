"""What can be done to many items: the forms that ask for it, and the tasks that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from core import clock
from core.people import Person
from core.permissions import MANAGES, Principal
from core.queue import tasks
from core.queue.assigning import MAY_HOLD
from core.queue.deciding import JUSTIFICATION_LENGTH, Decision
from core.queue.noting import COMMENT_LENGTH
from core.queue.tasks import Task
from core.resolutions import guiding
from core.uow import perform
from core.words import Priority
from ui import badges, filling
from ui.batch import choosing
from ui.item.asking import moments
from ui.plain import distinct, literal

Values = Mapping[str, Any]
_ANOTHER = "Another time"
_FORM = "batch"


@dataclass(frozen=True)
class Filled:
    """What a form holds: `values` tell two fillings apart, `task` makes the task; None while it cannot be one."""

    values: Values
    task: Callable[[], Task] | None


Read = Callable[[], Filled]
"""Reads what a form holds at the moment it is called: in a callback, that is what has just been typed."""


@dataclass(frozen=True)
class Deed:
    """One thing to do to many. `done` is said of an item that it is done to; `draw` draws the form."""

    label: str
    key: str
    done: str
    draw: Callable[[Principal, Sequence[Person]], Read]
    for_managers: bool = False


def _claim(_me: Principal, _people: Sequence[Person]) -> Read:
    st.caption("They come into your hands, as far as they are free.")
    return lambda: Filled({}, tasks.claim)


def _assign(_me: Principal, people: Sequence[Person]) -> Read:
    able = distinct({person.id: person.full_name for person in people if person.role in MAY_HOLD}, 60)
    st.selectbox(
        "Assign to",
        list(able),
        format_func=lambda key: able.get(key, ""),
        index=None,
        placeholder="Whose hands?",
        key=_field("assignee"),
    )

    def read() -> Filled:
        to = _value("assignee")
        return Filled({"to": to}, partial(tasks.assign, to) if isinstance(to, int) else None)

    return read


def _defer(me: Principal, _people: Sequence[Person]) -> Read:
    words = [label for label, _ in moments(clock.now(), me.zone)]
    st.segmented_control("Until", [*words, _ANOTHER], default=words[2], required=True, key=_field("until"))
    if _value("until") == _ANOTHER:
        tomorrow = (clock.now() + timedelta(days=1)).astimezone(ZoneInfo(me.zone))
        st.datetime_input(
            "When", tomorrow.replace(tzinfo=None, second=0, microsecond=0), key=_field("moment"), width=230
        )
    _text("reason", "Why (optional)", 2_000)

    def read() -> Filled:
        when, reason, given = _value("until"), _said("reason"), _value("moment")
        exact = given.replace(tzinfo=ZoneInfo(me.zone)) if when == _ANOTHER and given else None

        def task() -> Task:
            return tasks.defer(exact or dict(moments(clock.now(), me.zone))[str(when)], reason)

        values = {"when": when, "exact": exact, "reason": reason}
        return Filled(values, task if exact or when in words else None)

    return read


def _escalate(_me: Principal, _people: Sequence[Person]) -> Read:
    _text("why_up", "Why they need somebody else's eyes", 2_000)
    return lambda: Filled({"why": _said("why_up")}, lambda: tasks.escalate(_said("why_up")))


def _priority(_me: Principal, _people: Sequence[Person]) -> Read:
    st.segmented_control(
        "To",
        [priority.value for priority in Priority],
        format_func=lambda key: badges.PRIORITY[key].word,
        default=Priority.HIGH.value,
        required=True,
        key=_field("priority"),
    )
    _text("why_matters", "Why they matter more, or less", 2_000)

    def read() -> Filled:
        to, why = str(_value("priority")), _said("why_matters")
        return Filled({"to": to, "why": why}, partial(tasks.change_priority, to, why))

    return read


def _comment(_me: Principal, _people: Sequence[Person]) -> Read:
    _text("comment", "Comment", COMMENT_LENGTH)
    return lambda: Filled({"text": _said("comment")}, lambda: tasks.comment(_said("comment")))


def _decide(me: Principal, _people: Sequence[Person]) -> Read:
    offers = {offer.name: offer for offer in perform(me, guiding.common, list(choosing.chosen().versions))}
    if not offers:
        st.caption("Their types have no option in common that needs no answer of its own for each.")
        return lambda: Filled({}, None)
    labels = distinct({name: offer.label for name, offer in offers.items()}, 80)
    st.selectbox("Option", list(labels), format_func=lambda key: labels.get(key, ""), key=_field("option"))
    offer = offers.get(str(_value("option"))) or next(iter(offers.values()))
    if offer.help:
        st.caption(literal(offer.help))
    filling.draw(_FORM, offer, me.zone, has_cursor=False)
    _text("justification", "Justification", JUSTIFICATION_LENGTH)
    st.caption("Those that you hold, each by itself, with its own effect; proposed where a second person must agree.")

    def read() -> Filled:
        given = filling.given(_FORM, offer, me.zone)
        decision = Decision(offer.name, _said("justification"), given)
        return Filled(asdict(decision), partial(tasks.decide, decision))

    return read


DEEDS: Mapping[str, Deed] = {
    "claim": Deed("Claim", "A", "claimed", _claim),
    "decide": Deed("Decide", "V", "decided", _decide),
    "defer": Deed("Defer", "D", "deferred", _defer),
    "escalate": Deed("Escalate", "E", "escalated", _escalate),
    "change_priority": Deed("Priority", "P", "given the priority", _priority),
    "assign": Deed("Assign", "I", "assigned", _assign, for_managers=True),
    "comment": Deed("Comment", "O", "commented", _comment),
}


def open_to(me: Principal) -> dict[str, Deed]:
    """The deeds that this person may do; the verbs refuse the others."""
    return {name: deed for name, deed in DEEDS.items() if not deed.for_managers or me.may(MANAGES)}


def _text(name: str, label: str, longest: int) -> None:
    st.text_area(label, key=_field(name), height=76, max_chars=longest)


def _said(name: str) -> str:
    return str(_value(name) or "")


def _value(name: str) -> Any:
    return st.session_state.get(_field(name))


def _field(name: str) -> str:
    return f"many_{name}"
