"""The gate: who is looking, asked anew on every run, and whether they may see what is behind it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from core import sessions
from core.errors import NotPermitted, NotSignedIn
from core.permissions import Permission, Principal
from web.cookies import session_cookie

P = ParamSpec("P")
R = TypeVar("R")

_SESSION = "gate.session"
_BY_ITSELF = "gate.by_itself"


def session_token() -> str | None:
    """The cookie that came with this connection: the one seam that tests replace."""
    token = st.context.cookies.get(session_cookie())
    return token if isinstance(token, str) else None


def current_principal(*, active: bool = True) -> Principal | None:
    """Who is signed in at this moment, by one query; None once the session has ended.

    What another person (or an earlier sign-in) left on this screen is forgotten. `active=False` for what runs by
    itself, so that a forgotten screen does not stay signed in.
    """
    principal = sessions.principal_for(session_token(), active=active)
    whose = principal.session_id if principal else None
    if st.session_state.get(_SESSION, whose) != whose:
        st.session_state.clear()
    st.session_state[_SESSION] = whose
    return principal


def require(*any_of: Permission, active: bool = True) -> Principal:
    """The principal, who has one of `any_of`; otherwise the screen says why not and what to do, and the run ends."""
    by_itself = bool(st.session_state.pop(_BY_ITSELF, False))
    principal = current_principal(active=active and not by_itself)
    if principal is None or not _is_admitted(principal, any_of):
        _show_why_not(principal, any_of)
        st.stop()
    return principal


def _is_admitted(principal: Principal, any_of: tuple[Permission, ...]) -> bool:
    allowed = not any_of or any(principal.may(permission) for permission in any_of)
    return allowed and not principal.must_change_password


def admitted(*any_of: Permission) -> Principal:
    """The principal, for a callback: it runs before any page is drawn, so it raises instead of drawing.

    Raises NotSignedIn when the session has ended or is not the one that this screen was drawn for; NotPermitted.
    """
    drawn_for = st.session_state.get(_SESSION)
    principal = current_principal()
    if principal is None or principal.session_id != drawn_for:
        raise NotSignedIn
    if any_of and not _is_admitted(principal, any_of):
        raise NotPermitted(any_of[0])
    return principal


def page(*any_of: Permission) -> Callable[[Callable[[Principal], None]], None]:
    """`@page(Permission.X)` over the one function of a page file: checks who asks, then draws the page at once."""

    def run(draw: Callable[[Principal], None]) -> None:
        draw(require(*any_of))

    return run


def fragment(
    *any_of: Permission, active: bool = True, **options: Any
) -> Callable[[Callable[Concatenate[Principal, P], None]], Callable[P, None]]:
    """`@fragment(Permission.X)` over a part that reruns without its page, and so asks again who is there.

    `active=False` for parts that run by themselves (`run_every`); other options are Streamlit's.
    """

    def decorate(draw: Callable[Concatenate[Principal, P], None]) -> Callable[P, None]:
        @functools.wraps(draw)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            draw(require(*any_of, active=active), *args, **kwargs)

        part: Callable[P, None] = st.fragment(**options)(guarded)
        return part

    return decorate


def rerun_by_itself() -> None:
    """Draw the whole page anew because something moved elsewhere: no sign of life of the person in front of it."""
    st.session_state[_BY_ITSELF] = True
    st.rerun()


def _show_why_not(principal: Principal | None, any_of: tuple[Permission, ...]) -> None:
    if principal is None:
        st.session_state.clear()
        st.warning("Your session has ended. Drafts that were kept with your items are safe.", icon=":material/lock:")
        st.html('<a href="/login" target="_self">Sign in again</a>')
    elif principal.must_change_password:
        st.warning("Change your password first; then everything is open to you.", icon=":material/key:")
        st.html('<a href="/password" target="_self">Change it now</a>')
    else:
        st.error(f"You need the permission `{any_of[0]}` to see this.", icon=":material/block:")
        st.caption("An administrator can give you a role that has it. Your other pages are in the menu.")
