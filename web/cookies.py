"""The two cookies we set: who is signed in, and which form was asked for."""

from __future__ import annotations

import re
import secrets

from starlette.responses import Response

from core.settings import settings

FORM_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


def is_secure() -> bool:
    """Whether people reach the console over https, so that cookies may travel no other way."""
    return settings().address.startswith("https:")


def session_cookie() -> str:
    """The name of the cookie that carries the session; a browser keeps `__Host-` cookies to this host and https."""
    return "__Host-opsdesk_session" if is_secure() else "opsdesk_session"


def form_cookie() -> str:
    """The name of the cookie that a form must agree with."""
    return "__Host-opsdesk_form" if is_secure() else "opsdesk_form"


def remember_session(response: Response, token: str, seconds: int) -> None:
    """Give the browser its session."""
    response.set_cookie(
        session_cookie(), token, max_age=seconds, path="/", secure=is_secure(), httponly=True, samesite="lax"
    )


def forget_session(response: Response) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(session_cookie(), path="/", secure=is_secure(), httponly=True, samesite="lax")


def form_token(cookies: dict[str, str]) -> str:
    """The token for a form: the one this browser already has, or a new one."""
    held = cookies.get(form_cookie(), "")
    return held if FORM_TOKEN.fullmatch(held) else secrets.token_urlsafe(16)


def remember_form(response: Response, token: str) -> None:
    """Let the browser bring the form's token back beside the form."""
    response.set_cookie(
        form_cookie(), token, max_age=86_400, path="/", secure=is_secure(), httponly=True, samesite="lax"
    )
