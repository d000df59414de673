"""Staff: who works here, what they may do and serve; taking on, changing, switching off, new passwords."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st

from core import clock, people, sessions, staffing
from core.people import NewStaff
from core.permissions import Principal, Role
from core.staffing import Member, Profile
from core.uow import perform
from core.words import Queue
from ui import acting, badges, times
from ui.administration import forms
from ui.badges import Look
from ui.listing import Listing
from ui.plain import line, literal

STAFF = Listing("person")
_FORM = "staff"
_NEW = "staff.new"
_TOLD = "staff.told"
_ROLES = {
    Role.VIEWER: Look("Viewer", "gray"),
    Role.REVIEWER: Look("Reviewer", "blue"),
    Role.SENIOR_REVIEWER: Look("Senior reviewer", "violet"),
    Role.MANAGER: Look("Manager", "green"),
    Role.AUDITOR: Look("Auditor", "yellow"),
    Role.ADMIN: Look("Admin", "red"),
}
_ROLE_LOOKS: dict[str, Look] = {role.value: look for role, look in _ROLES.items()}
_LEFT = "Left"
_FIELDS = ("username", "full_name", "email", "queues", "skills", "capacity", "zone")


def draw(me: Principal) -> None:
    """The people, and the one whose entry is open."""
    found = perform(me, staffing.members)
    opened = next((each for each in found if each.id == STAFF.opened()), None)
    left, right = st.columns((1.5, 1), gap="medium")
    with left:
        st.button("Take somebody on", key="staff_new", icon=":material/person_add:", on_click=_begin_new)
        _list(found)
    with right:
        _tell_password()
        if st.session_state.get(_NEW):
            _new()
        elif opened:
            _member(me, opened)
        else:
            st.caption("Choose somebody to change what they may do and serve.")


def _list(found: Sequence[Member]) -> None:
    now = clock.now()
    cells = pd.DataFrame(
        {
            "name": [line(each.profile.full_name, 60) for each in found],
            "username": [line(each.username, 60) for each in found],
            "role": badges.cells(_ROLE_LOOKS, [each.role for each in found]),
            "queues": [_served(each.profile.queues) for each in found],
            "hand": [f"{each.in_hand} of {each.profile.capacity}" for each in found],
            "sessions": [each.sessions for each in found],
            "seen": [_seen(each, now) for each in found],
        }
    )
    columns = {
        "name": st.column_config.TextColumn("Name", width=128),
        "username": st.column_config.TextColumn("Username", width=92),
        "role": badges.column("Role", _ROLE_LOOKS, width=112),
        "queues": st.column_config.TextColumn("Serves", width=136),
        "hand": st.column_config.TextColumn("In hand", width=72),
        "sessions": st.column_config.NumberColumn("Sessions", width=60),
        "seen": st.column_config.TextColumn("Seen", width=84),
    }
    STAFF.draw([each.id for each in found], cells, columns, _open_picked, says="Staff")


def _served(queues: Sequence[str]) -> str:
    if len(queues) == len(Queue):
        return "All queues"
    return ", ".join(badges.QUEUES[queue] for queue in queues) or "None"


def _seen(member: Member, now: Any) -> str:
    if not member.is_active:
        return _LEFT
    return times.briefly(member.last_seen_at, now) if member.last_seen_at else "never"


def _open_picked() -> None:
    _leave_form()
    STAFF.open(STAFF.picked())


def _begin_new() -> None:
    _leave_form()
    st.session_state[_NEW] = True
    STAFF.open(None)


def _leave_form() -> None:
    st.session_state[_NEW] = False
    st.session_state.pop(_TOLD, None)
    forms.clear(_FORM)


def _tell_password() -> None:
    """A password that was just made: until something else is opened, and never again."""
    made: NewStaff | None = st.session_state.get(_TOLD)
    if made:
        with st.container(border=True):
            st.markdown(f"**{literal(made.username)} signs in with this password, and changes it then:**")
            st.code(made.password, language=None)
            st.caption("It is shown this once. Hand it over in person, or on the telephone.")


def _profile_fields(token: str, known: Profile) -> None:
    one, two = st.columns(2, gap="small")
    with one:
        st.text_input("Full name", value=known.full_name, key=f"staff_{token}_full_name", max_chars=100)
        forms.beside(_FORM, "full_name")
        st.number_input("Items at once", value=known.capacity, min_value=0, step=1, key=f"staff_{token}_capacity")
        forms.beside(_FORM, "capacity")
    with two:
        st.text_input("E-mail", value=known.email or "", key=f"staff_{token}_email", max_chars=200)
        forms.beside(_FORM, "email")
        zones = _zones(known.zone)
        st.selectbox("Time zone", zones, index=zones.index(known.zone), key=f"staff_{token}_zone")
        forms.beside(_FORM, "zone")
    st.pills(
        "Serves", list(badges.QUEUES), format_func=badges.QUEUES.__getitem__, default=list(known.queues),
        selection_mode="multi", key=f"staff_{token}_queues",
    )  # fmt: skip
    forms.beside(_FORM, "queues")
    st.text_input(
        "Skills", value=", ".join(known.skills), key=f"staff_{token}_skills", placeholder="with commas between"
    )
    forms.beside(_FORM, "skills")


def _zones(present: str) -> list[str]:
    return sorted({*available_timezones(), present})


def _profile(token: str) -> Profile:
    def value(field: str) -> Any:
        return st.session_state.get(f"staff_{token}_{field}")

    return Profile(
        full_name=str(value("full_name") or ""),
        email=str(value("email") or "") or None,
        queues=tuple(value("queues") or ()),
        skills=tuple(part.strip() for part in str(value("skills") or "").split(",") if part.strip()),
        capacity=int(value("capacity") or 0),
        zone=str(value("zone") or "UTC"),
    )


def _new() -> None:
    with st.container(border=True, gap="small"):
        st.markdown("##### Take somebody on")
        one, two = st.columns(2, gap="small")
        with one:
            st.text_input("Username", key="staff_username", max_chars=200)
            forms.beside(_FORM, "username")
        with two:
            st.selectbox("Role", list(_ROLES), format_func=lambda role: _ROLES[role].word, key="staff_role")
        _profile_fields("new", Profile(""))
        forms.rest(_FORM, _FIELDS)
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Take on", key="staff_take_on", type="primary", on_click=_take_on)
            st.button("Cancel", key="staff_cancel", type="tertiary", on_click=_leave_form)


def _take_on() -> None:
    username, role = str(st.session_state.get("staff_username") or ""), st.session_state["staff_role"]
    made = forms.attempt(_FORM, staffing.take_on, username, role, _profile("new"))
    if made:
        _leave_form()
        st.session_state[_TOLD] = made.answer
        STAFF.open(made.answer.id)


def _member(me: Principal, known: Member) -> None:
    token = f"{known.id}"
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"##### {literal(line(known.profile.full_name, 60))}", width="content")
            badges.badge(_ROLE_LOOKS, known.role)
            st.markdown(f":gray[{literal(known.username)}]", width="content")
        if not known.is_active:
            st.caption("Has left: cannot sign in. What they did stays on record.")
        _profile_fields(token, known.profile)
        forms.rest(_FORM, _FIELDS)
        st.button("Save", key="staff_save", type="primary", on_click=_save, args=(known,))
    if known.id == me.staff_id:
        st.caption("This is you: another administrator changes your role and your standing.")
        return
    _standing(known)


def _save(known: Member) -> None:
    if forms.attempt(_FORM, staffing.change_member, known.id, known.profile, _profile(f"{known.id}")):
        acting.say(f"The entry of {known.profile.full_name} is changed.")


def _standing(known: Member) -> None:
    """What they may do, and whether at all: each at once, on every screen of theirs."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            roles = list(_ROLES)
            st.selectbox(
                "Role", roles, index=roles.index(known.role), format_func=lambda role: _ROLES[role].word,
                key=f"staff_role_{known.id}_{known.role}", width=170,
            )  # fmt: skip
            _button("Change role", "change_role", _change_role, known)
        with st.container(horizontal=True, gap="xsmall"):
            _button("New password", "reset", _reset, known)
            _button("End sessions", "end", _end, known, disabled=not known.sessions)
            _button("Switch off" if known.is_active else "Let in again", "switch", _switch, known)
        if known.must_change_password:
            st.caption("Changes the password at the next sign-in.")


def _button(label: str, key: str, deed: Callable[[Member], None], known: Member, *, disabled: bool = False) -> None:
    st.button(label, key=f"staff_{key}", on_click=deed, args=(known,), disabled=disabled)


def _change_role(known: Member) -> None:
    role = st.session_state[f"staff_role_{known.id}_{known.role}"]
    if forms.attempt(_FORM, people.set_role, known.id, Role(role)):
        acting.say(f"{known.profile.full_name} is {_ROLES[Role(role)].word.lower()} now.")


def _reset(known: Member) -> None:
    made = forms.attempt(_FORM, people.reset_password, known.id)
    if made:
        st.session_state[_TOLD] = made.answer


def _end(known: Member) -> None:
    done = forms.attempt(_FORM, sessions.end_sessions, known.id)
    if done:
        acting.say(f"{known.profile.full_name} is signed out of {done.answer} sessions.")


def _switch(known: Member) -> None:
    if forms.attempt(_FORM, people.set_active, known.id, not known.is_active):
        acting.say(f"{known.profile.full_name} can{'not' if known.is_active else ''} sign in now.")
