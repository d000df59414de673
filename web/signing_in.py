"""The pages for signing in and out and for changing one's password: plain forms, no script."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core import clock, passwords, people, sessions
from core.errors import Invalid, NotSignedIn, OpsError
from core.sessions import SignedIn
from core.uow import perform
from web import asking, cookies, forms, rendering
from web.middleware import principal_of

_RULES: dict[str, Any] = {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
_hashing = CapacityLimiter(4)  # each takes a core for a quarter of a second; more at once would only be slower


async def sign_in_form(request: Request) -> Response:
    """GET /login: the form, or straight on for who is signed in already."""
    wanted = asking.safe_next(request.query_params.get("next"))
    if await principal_of(request.scope):
        return _onwards(wanted)
    return _form(request, "sign_in.html", wanted=wanted, username="", refusal=None)


async def sign_in(request: Request) -> Response:
    """POST /login: a session and the page that was wanted, or the form again with the one sentence."""
    try:
        fields = await forms.posted(request)
    except forms.StaleForm as refusal:
        return _form(request, "sign_in.html", refusal.status, wanted="/", username="", refusal=refusal.sentence)
    wanted, username = asking.safe_next(fields.get("next")), fields.get("username", "")
    try:
        session = await _begin(request, username, fields.get("password", ""))
    except NotSignedIn as refusal:
        return _form(
            request, "sign_in.html", refusal.status, wanted=wanted, username=username[:254], refusal=refusal.sentence
        )
    answer = _onwards("/password" if session.principal.must_change_password else wanted)
    cookies.remember_session(answer, session.token, int((session.expires_at - clock.now()).total_seconds()))
    return answer


async def sign_out_form(request: Request) -> Response:
    """GET /logout: asks, since a link alone must not sign anybody out."""
    principal = await principal_of(request.scope)
    if principal is None:
        return _onwards("/login")
    return _form(request, "sign_out.html", name=principal.full_name or principal.name)


async def sign_out(request: Request) -> Response:
    """POST /logout: ends the session on every tab, forgets the cookie and what the browser kept."""
    await forms.posted(request)
    principal = await principal_of(request.scope)
    if principal is not None:
        await to_thread.run_sync(partial(perform, principal, sessions.sign_out))
    answer = _onwards("/login")
    cookies.forget_session(answer)
    answer.headers["clear-site-data"] = '"storage"'
    return answer


async def password_form(request: Request) -> Response:
    """GET /password: the form for one's own password."""
    principal = await principal_of(request.scope)
    if principal is None:
        return _onwards("/login?next=/")
    return _form(request, "password.html", must=principal.must_change_password, refusal=None, **_RULES)


async def change_password(request: Request) -> Response:
    """POST /password: changes it and goes on, or the form again with what is wrong."""
    fields = await forms.posted(request)
    principal = await principal_of(request.scope)
    if principal is None:
        return _onwards("/login")
    try:
        _check_repeated(fields.get("new", ""), fields.get("again", ""))
        change = partial(people.change_password, principal, fields.get("current", ""), fields.get("new", ""))
        await to_thread.run_sync(change, limiter=_hashing)
    except OpsError as refusal:
        must = principal.must_change_password
        return _form(request, "password.html", refusal.status, must=must, refusal=_said(refusal), **_RULES)
    return _onwards("/")


routes = [
    Route("/login", sign_in_form, methods=["GET"]),
    Route("/login", sign_in, methods=["POST"]),
    Route("/logout", sign_out_form, methods=["GET"]),
    Route("/logout", sign_out, methods=["POST"]),
    Route("/password", password_form, methods=["GET"]),
    Route("/password", change_password, methods=["POST"]),
]


async def _begin(request: Request, username: str, password: str) -> SignedIn:
    scope = request.scope
    place = {"ip": asking.address(scope), "user_agent": asking.user_agent(scope)}
    begin = partial(sessions.sign_in, username, password, **place, replaces=asking.session_token(scope))
    return await to_thread.run_sync(begin, limiter=_hashing)


def _form(request: Request, template: str, status: int = 200, **values: object) -> Response:
    token = cookies.form_token(request.cookies)
    answer = rendering.page(template, status, form=token, **values)
    cookies.remember_form(answer, token)
    return answer


def _onwards(to: str) -> RedirectResponse:
    return RedirectResponse(to, HTTPStatus.SEE_OTHER)


def _check_repeated(new: str, again: str) -> None:
    if new != again:
        raise Invalid("password", "is the same both times")


def _said(refusal: OpsError) -> str:
    """A refusal as a sentence for the form."""
    if isinstance(refusal, Invalid):
        return f"The {'current password' if refusal.field == 'current password' else 'new password'} {refusal.reason}."
    return refusal.sentence
