"""Item types: those that come with Opsdesk to read, and one's own to make, change, try out and retire."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import pandas as pd
import streamlit as st

from core import clock
from core.errors import Invalid
from core.permissions import Principal
from core.resolutions import administering
from core.resolutions.administering import OwnType
from core.resolutions.declaring import ItemType, Option, Parameter, Widget, shipped
from core.resolutions.guiding import Offer
from core.uow import perform
from core.words import Priority
from ui import acting, badges, filling, times
from ui.administration import drafts, forms
from ui.badges import Look
from ui.listing import Listing
from ui.plain import line, literal

TYPES = Listing("type")
_FORM = "item_type"
_NEW = "types.new"
_KINDS = {
    "shipped": Look("Shipped", "gray"),
    "own": Look("Yours", "green"),
    "retired": Look("Retired", "orange"),
}
_SETTLES = {
    "resolve": "Settles the item",
    "reject": "Turns it down",
    "respond": "Answers, stays in hand",
    "defer": "Puts it off",
    "escalate": "Raises its level",
}
_WIDGETS = {
    "text": "Line of text",
    "long_text": "Longer text",
    "number": "Number",
    "date_time": "Day and time",
    "choice": "Choice",
    "staff": "Number of a colleague",
    "record": "Number of a record",
}
assert set(_WIDGETS) == set(get_args(Widget))


def draw(me: Principal) -> None:
    """The list, and the open one beside it."""
    drafts.hold()
    own = {each.form.name: each for each in perform(me, administering.own_types)}
    by_number = {_number(name): name for name in (*own, *shipped())}
    opened = by_number.get(TYPES.opened() or -1)
    left, right = st.columns((1, 1.25), gap="medium")
    with left:
        st.button("New item type", key="type_new", icon=":material/add:", on_click=_begin_new)
        _list(own)
    with right:
        if st.session_state.get(_NEW):
            _new(me)
        elif opened in own:
            _own(me, own[opened])
        elif opened:
            _shipped(shipped()[opened])
        else:
            st.caption("Choose a type to see what it asks for and how it is settled, or make one of your own.")


def _number(name: str) -> int:
    """What the address calls a type: names may be long, numbers are what a list is kept in step by."""
    return zlib.crc32(name.encode())


def _begin_new() -> None:
    st.session_state[_NEW] = True
    drafts.begin("")
    forms.clear(_FORM)
    TYPES.open(None)


def _open_picked() -> None:
    st.session_state[_NEW] = False
    forms.clear(_FORM)
    TYPES.open(TYPES.picked())


def _list(own: Mapping[str, OwnType]) -> None:
    known: list[tuple[ItemType, int | None]] = [
        (each.form.as_type(retired=each.retired_at is not None), each.open_items) for each in own.values()
    ]
    known += [(each, None) for each in sorted(shipped().values(), key=lambda each: each.label)]
    cells = pd.DataFrame(
        {
            "label": [line(each.label, 80) for each, _ in known],
            "queue": [badges.QUEUES[each.queue] for each, _ in known],
            "kind": badges.cells(_KINDS, [_kind(each, own) for each, _ in known]),
            "open": ["" if count is None else f"{count:,}" for _, count in known],
            "name": [each.name for each, _ in known],
        }
    )
    columns = {
        "label": st.column_config.TextColumn("Type", width=150),
        "queue": st.column_config.TextColumn("Queue", width=88),
        "kind": badges.column("Kind", _KINDS, width=76),
        "open": st.column_config.TextColumn("Open", width=48, help="Open items of your own types."),
        "name": st.column_config.TextColumn("Name", width=130),
    }
    TYPES.draw([_number(each.name) for each, _ in known], cells, columns, _open_picked, says="Item types")


def _kind(known: ItemType, own: Mapping[str, OwnType]) -> str:
    if known.name not in own:
        return "shipped"
    return "retired" if known.is_retired else "own"


def _shipped(known: ItemType) -> None:
    """What a shipped type says, to read."""
    _heading(known.label, known.name, "shipped")
    st.caption(
        f"{badges.QUEUES[known.queue]} · about a {literal(known.resource_type.replace('_', ' '))} · "
        f"{known.default_priority} priority unless told otherwise"
    )
    if known.context_keys:
        st.markdown("Its context needs " + ", ".join(f"`{key}`" for key in known.context_keys) + ".")
    st.markdown(literal(known.runbook, 8_000))
    table = pd.DataFrame(
        [(option.label, _SETTLES[option.settles], option.help) for option in known.options],
        columns=["Option", "Does to the item", "In words"],
    )
    st.dataframe(table, hide_index=True, height="content", alt="Options")


def _heading(label: str, name: str, kind: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"##### {literal(line(label, 80))}", width="content")
        badges.badge(_KINDS, kind)
        st.markdown(f":gray[`{name}`]", width="content")


def _new(me: Principal) -> None:
    if not drafts.is_of(""):
        drafts.begin("")
    st.markdown("##### New item type")
    with st.container(horizontal=True, gap="xsmall"):
        st.button("Make it", key="type_create", type="primary", icon=":material/add:", on_click=_create)
        st.button("Cancel", key="type_cancel", type="tertiary", on_click=_cancel)
    _tabs({"Describe": lambda: _form(is_new=True), "Preview": lambda: _preview(me)})


def _cancel() -> None:
    st.session_state[_NEW] = False
    forms.clear(_FORM)


def _create() -> None:
    made = forms.attempt(_FORM, administering.create, drafts.told())
    if made:
        acting.say(f"The item type {made.answer.label} is there: items of it can come in.")
        st.session_state[_NEW] = False
        TYPES.open(_number(made.answer.name))


def _own(me: Principal, known: OwnType) -> None:
    form, retired = known.form, known.retired_at is not None
    if not drafts.is_of(form.name):
        drafts.begin(form.name, known.version, form)
    _heading(form.label, form.name, "retired" if retired else "own")
    stale = drafts.version() != known.version
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button("Save", key="type_save", type="primary", disabled=retired, on_click=_save, args=(form.name,))
        if retired:
            st.button("Bring back", key="type_back", on_click=_switch, args=(form.name, known.version, False))
        else:
            st.button("Retire", key="type_retire", on_click=_switch, args=(form.name, known.version, True))
        st.caption(f"Version {known.version}, changed {times.both(known.changed_at, me.zone, clock.now())}")
    if stale:
        st.warning("Somebody else has changed it since this form was filled in.", icon=":material/sync_problem:")
        st.button("Take the latest", key="type_reload", on_click=drafts.begin, args=(form.name, known.version, form))
    if retired:
        st.caption("It takes no new items. Those still open keep their options until they are decided.")
    parts: dict[str, Callable[[], None]] = {
        "Describe": lambda: _form(is_new=False),
        "Preview": lambda: _preview(me),
        "History": lambda: _history(me, form.name),
    }
    _tabs(parts)


def _tabs(parts: Mapping[str, Callable[[], None]]) -> None:
    """Tabs of which only the open one is drawn, so that only it reads. What was filled in outlives a look elsewhere."""
    chosen = st.segmented_control(
        "Part", list(parts), default="Describe", key="type_part", label_visibility="collapsed"
    )
    parts[chosen or "Describe"]()


def _save(name: str) -> None:
    version = drafts.version()
    if forms.attempt(_FORM, administering.change, name, drafts.told(), version):
        acting.say("The item type is changed; every screen has it within seconds.")
        drafts.follow(version + 1)


def _switch(name: str, version: int, retired: bool) -> None:
    verb = administering.retire if retired else administering.bring_back
    if acting.once(f"type:{name}:{version}", verb, name, version):
        acting.say("It takes no new items from now on." if retired else "It takes new items again.")
        drafts.follow(version + 1)


def _form(*, is_new: bool) -> None:
    """Everything that can be said of a type, each refusal beside its field."""
    one, two, three = st.columns(3, gap="small")
    with one:
        _field("label", st.text_input, "Label", max_chars=60)
        _field("queue", st.selectbox, "Queue", options=list(badges.QUEUES), format_func=badges.QUEUES.__getitem__)
        _field(
            "sla_hours", st.number_input, "Hours to settle", min_value=0.1, step=1.0, placeholder="as the policy says"
        )
    with two:
        _field(
            "name", st.text_input, "Name", max_chars=60, disabled=not is_new,
            help="What programs call it: small letters, digits and _. It never changes, and is never given again.",
        )  # fmt: skip
        _field(
            "default_priority", st.selectbox, "Priority", options=[each.value for each in Priority],
            format_func=lambda word: badges.look(badges.PRIORITY, word).word,
        )  # fmt: skip
        _field("lease_minutes", st.number_input, "Minutes a claim holds", min_value=1, step=5, placeholder="as set")
    with three:
        _field("resource_type", st.text_input, "About", max_chars=60, help="What its items are about: a parcel.")
        _field(
            "first_response_by", st.selectbox, "First response", options=["claim", "reply"],
            format_func={"claim": "Somebody claims it", "reply": "Somebody answers"}.__getitem__,
        )  # fmt: skip
        _field("context_keys", st.text_input, "Context needs", placeholder="carrier, weight")
    _field("optional_keys", st.text_input, "Context may have", placeholder="with commas between")
    _field("runbook", st.text_area, "Runbook", height=90, max_chars=8_000, placeholder="What to weigh before deciding")
    _options()
    forms.rest(_FORM, {*(field.replace("_", " ") for field in (*drafts.SCALARS, "context_keys", "optional_keys"))})


def _field(field: str, widget: Callable[..., Any], label: str, **more: Any) -> None:
    widget(label, key=drafts.key(field), **more)
    forms.beside(_FORM, field.replace("_", " "))


def _options() -> None:
    numbers = drafts.options()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Options** :gray[:small[in the order in which they are offered]]", width="content")
        st.button("Add an option", key="type_add", icon=":material/add:", type="tertiary", on_click=_add_option)
    for place, number in enumerate(numbers, 1):
        with st.container(border=True, gap="xsmall"):
            _option(number)
            for asked in drafts.asked(number):
                _asked(number, asked)
            st.button(
                "Ask for something", key=drafts.key("ask", number), type="tertiary", icon=":material/add:",
                on_click=drafts.add_asked, args=(number,),
            )  # fmt: skip
            for field, problem in filling.problems(_FORM).items():
                if field == f"option {place}" or field.startswith(f"option {place},"):
                    filling.tell(problem)


def _add_option() -> None:
    drafts.add_option()


def _option(number: int) -> None:
    label, name, settles, gone = st.columns((1.2, 1, 1.2, 0.3), vertical_alignment="bottom", gap="small")
    label.text_input("Option", key=drafts.key("label", number), max_chars=60)
    name.text_input("Name", key=drafts.key("name", number), max_chars=60)
    settles.selectbox(
        "Does to the item", list(_SETTLES), format_func=_SETTLES.__getitem__, key=drafts.key("settles", number)
    )
    gone.button(
        "", key=drafts.key("gone", number), icon=":material/delete:", type="tertiary", help="Take the option away",
        on_click=drafts.drop_option, args=(number,),
    )  # fmt: skip
    st.text_input(
        "Help", key=drafts.key("help", number), max_chars=300, label_visibility="collapsed",
        placeholder="What it means, in a line",
    )  # fmt: skip


def _asked(option: int, number: int) -> None:
    label, name, widget, required, gone = st.columns((1.2, 1, 1, 0.8, 0.3), vertical_alignment="bottom", gap="small")
    label.text_input("Asks for", key=drafts.key("label", number), max_chars=60)
    name.text_input("Called", key=drafts.key("name", number), max_chars=60)
    widget.selectbox("As", list(_WIDGETS), format_func=_WIDGETS.__getitem__, key=drafts.key("widget", number))
    required.checkbox("Needed", key=drafts.key("required", number))
    gone.button(
        "", key=drafts.key("gone", number), icon=":material/close:", type="tertiary", help="Do not ask for it",
        on_click=drafts.drop_asked, args=(option, number),
    )  # fmt: skip
    if st.session_state.get(drafts.key("widget", number)) == "choice":
        st.text_input("Choices, with commas between", key=drafts.key("choices", number))


def _preview(me: Principal) -> None:
    """The form of a decision as a reviewer would see it, of what is filled in now."""
    try:
        made = administering.checked(drafts.told()).as_type()
    except Invalid as refusal:
        st.warning(literal(f"It cannot be shown yet: {refusal.field} {refusal.reason}."), icon=":material/edit_note:")
        return
    if made.runbook:
        st.markdown(literal(made.runbook, 8_000))
    names = {option.name: line(option.label, 80) for option in made.options}
    with st.container(border=True):
        st.markdown("##### Decide")
        chosen = st.segmented_control(
            "Option", list(names), format_func=names.__getitem__, default=made.options[0].name, key="type_preview",
            label_visibility="collapsed",
        )  # fmt: skip
        option = made.option(chosen or "") or made.options[0]
        if option.help:
            st.caption(literal(option.help))
        filling.draw("preview", _offer(option), me.zone, has_cursor=False)
        st.text_area("Justification", key="type_preview_why", height=68)
        st.button(literal(line(option.label, 80)), key="type_preview_decide", type="primary", disabled=True)


def _offer(option: Option) -> Offer:
    asked: Sequence[Parameter] = option.parameters if isinstance(option.parameters, tuple) else ()
    return Offer(option.name, option.label, option.help, option.settles, tuple(asked), None, None)


def _history(me: Principal, name: str) -> None:
    now = clock.now()
    for change in perform(me, administering.history, name):
        deed = change.action.partition(".")[2].replace("_", " ")
        st.markdown(
            f"**{literal(deed.capitalize())}** by {literal(change.who)} :gray[{times.both(change.at, me.zone, now)}]"
        )
        changes = change.told.get("changes") or {}
        if deed == "changed":
            told = [(badges.words(field), _told(was), _told(becomes)) for field, (was, becomes) in changes.items()]
            table = pd.DataFrame(told, columns=["Field", "Before", "After"])
            st.dataframe(table, hide_index=True, height="content", alt="What was changed")


def _told(value: Any) -> str:
    return line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 500)
