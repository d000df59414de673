"""My account: where one is signed in, one's programs' tokens, one's zone, and what one serves."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st

from core import clock, sessions, staffing, tokens
from core.permissions import Principal
from core.sessions import OwnSession
from core.staffing import Member
from core.tokens import LONGEST_DAYS, NewToken, TokenLine
from core.uow import UnitOfWork, perform
from ui import acting, badges, gate, times
from ui.administration import forms
from ui.plain import line, literal

_FORM = "token"
_TOLD = "account.token"


def show(_me: Principal) -> None:
    """Draw the page."""
    desk()


@gate.fragment()
def desk(me: Principal) -> None:
    """Oneself on the left, one's programs on the right."""
    acting.show_notices()
    known, signed_in, own = perform(me, _read)
    left, right = st.columns((1, 1.4), gap="medium")
    with left:
        _oneself(known)
        _sessions(me, signed_in)
    with right:
        _tokens(me, own)


def _read(uow: UnitOfWork) -> tuple[Member, Sequence[OwnSession], Sequence[TokenLine]]:
    return staffing.myself(uow), sessions.own_sessions(uow), tokens.tokens(uow)


def _oneself(known: Member) -> None:
    profile = known.profile
    with st.container(border=True, gap="small"):
        st.markdown(f"##### {literal(profile.full_name)}")
        serves = ", ".join(badges.QUEUES[queue] for queue in profile.queues) or "no queue"
        st.markdown(
            f"{badges.words(known.role)}, signs in as {literal(known.username)}.  \n"
            f"Serves {serves}; {known.in_hand} of {profile.capacity} items in hand."
        )
        if profile.skills:
            st.caption("Skills: " + literal(", ".join(profile.skills)))
        zones = sorted({*available_timezones(), profile.zone})
        st.selectbox(
            "Time zone", zones, index=zones.index(profile.zone), key="account_zone", on_change=_set_zone,
            help="In which all times are shown to you.",
        )  # fmt: skip
        st.html('<a href="/password" target="_self">Change the password</a>')


def _set_zone() -> None:
    zone = str(st.session_state["account_zone"])
    if acting.act(staffing.set_own_zone, zone):
        acting.say(f"Times are shown in {zone} from now on.")


def _sessions(me: Principal, found: Sequence[OwnSession]) -> None:
    now = clock.now()
    st.markdown("##### Signed in")
    table = pd.DataFrame(
        {
            "Where": [line(_browser(each), 80) for each in found],
            "Address": [line(each.ip or "", 60) for each in found],
            "Since": [times.clock_time(each.created_at, me.zone, now) for each in found],
            "Used": ["this one" if each.is_this else times.briefly(each.last_used_at, now) for each in found],
        }
    )
    st.dataframe(table, hide_index=True, height="content", alt="Where you are signed in")
    others = sum(not each.is_this for each in found)
    st.button("End the others", key="account_end", disabled=not others, icon=":material/logout:", on_click=_end_others)


def _browser(session: OwnSession) -> str:
    """The browser by its name, as far as it says so."""
    agent = session.user_agent or ""
    known = ("Edg", "Firefox", "Chrome", "Safari")
    found = next((name for name in known if name in agent), None)
    return {"Edg": "Edge"}.get(found, found) if found else agent or "unknown"


def _end_others() -> None:
    done = acting.act(sessions.end_others)
    if done:
        acting.say(f"{done.answer} other sessions are over.")


def _tokens(me: Principal, found: Sequence[TokenLine]) -> None:
    st.markdown("##### Tokens for programs")
    made: NewToken | None = st.session_state.get(_TOLD)
    if made:
        with st.container(border=True):
            st.markdown("**Copy the token now: it is shown this once.**")
            st.code(made.token, language=None)
            st.button("I have it", key="token_seen", on_click=_forget)
    with st.container(border=True, gap="small"):
        one, two = st.columns((1.6, 1), gap="small")
        with one:
            st.text_input("What for", key="token_label", max_chars=100, placeholder="intake of bookings")
            forms.beside(_FORM, "label")
        with two:
            st.number_input("Days it lives", min_value=1, max_value=LONGEST_DAYS, value=90, key="token_days")
            forms.beside(_FORM, "expires_days")
        st.pills("It may", sorted(me.permissions), selection_mode="multi", key="token_scopes")
        forms.rest(_FORM, ("label", "expires_days"))
        st.button("Make a token", key="token_make", type="primary", icon=":material/key:", on_click=_make)
    _live(me, [each for each in found if each.revoked_at is None])


def _live(me: Principal, found: Sequence[TokenLine]) -> None:
    now = clock.now()
    if not found:
        st.caption("You have no tokens. Programs use one to sign in to the API as you, with less than you may.")
    for each in found:
        over = each.expires_at is not None and each.expires_at <= now
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            used = f"used {times.briefly(each.last_used_at, now)}" if each.last_used_at else "never used"
            ends = "no end" if each.expires_at is None else times.both(each.expires_at, me.zone, now)
            st.markdown(
                f"**{literal(line(each.label, 60))}** `{each.prefix}…`  \n"
                f":gray[:small[{', '.join(each.scopes)} · {used} · {'ended' if over else 'ends'} {ends}]]"
            )
            st.button("Revoke", key=f"token_revoke_{each.id}", on_click=_revoke, args=(each.id,), type="tertiary")


def _make() -> None:
    label, days = str(st.session_state.get("token_label") or ""), st.session_state.get("token_days")
    scopes = list(st.session_state.get("token_scopes") or ())
    made = forms.attempt(_FORM, tokens.create_token, label, scopes=scopes, expires_days=days)
    if made:
        st.session_state[_TOLD] = made.answer
        st.session_state["token_label"], st.session_state["token_scopes"] = "", []


def _forget() -> None:
    st.session_state.pop(_TOLD, None)


def _revoke(number: int) -> None:
    if acting.once(f"token.revoke {number}", tokens.revoke, number):
        acting.say("The token is worthless from now on.")
