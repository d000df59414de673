"""The way in, one rule after another: who asks, by what name, from where, for what, and signed in as whom.

Plain ASGI, because only that sees the WebSocket, over which Streamlit does everything.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core import sessions
from core.permissions import Principal
from web import answering, asking

IDENTITY = "X-Opsdesk-Session"
"""The header in which Streamlit is told whose connection it is; .streamlit/config.toml maps it into `st.user`."""
_OURS = b"x-opsdesk-"

HEALTH = frozenset({"/healthz", "/readyz", "/_stcore/health"})
METRICS = "/metrics"
FORMS = frozenset({"/login", "/logout", "/password"})
ICONS = frozenset({"/favicon.ico", "/favicon.png", "/favicon.svg"})
_OPEN = HEALTH | FORMS | ICONS | {METRICS}  # the metrics look after themselves
_OPEN_BELOW = ("/static/", "/api/")  # the API asks for a token itself, and knows no cookie
_NOBODYS = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")

_asking_sessions = CapacityLimiter(12)  # below the pool's size, so that a crowd waits here and not for connections


class RealClient:
    """From here on the connection's address is the person's, not the proxy's, and nobody says who they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            client = scope.get("client") or (None, 0)
            claims = [(name, value) for name, value in scope["headers"] if not _is_ours(name)]
            scope = {**scope, "client": (asking.forwarded_address(scope), client[1]), "headers": claims}
        await self.app(scope, receive, send)


class KnownHost:
    """Refuses names that this console does not go by: another site's name pointed at our address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or asking.path(scope) in HEALTH | {METRICS} or asking.is_known_host(scope):
            return await self.app(scope, receive, send)
        sentence = "This console does not go by that name. Its operator sets OPSDESK_BASE_URL to the right one."
        return await answering.refuse(scope, receive, send, HTTPStatus.MISDIRECTED_REQUEST, sentence)


class NobodysPaths:
    """Hides what Streamlit would offer to anybody: its own metrics and its agent interface."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not asking.path(scope).startswith(_NOBODYS):
            return await self.app(scope, receive, send)
        return await answering.refuse(scope, receive, send, HTTPStatus.NOT_FOUND, "There is nothing here.")


class SameOrigin:
    """Refuses sockets and changes that another site's page asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        harmless = scope["type"] == "lifespan" or (scope["type"] == "http" and scope["method"] in asking.SAFE_METHODS)
        if harmless or asking.is_same_origin(scope):
            return await self.app(scope, receive, send)
        sentence = "That was asked for by another site's page, and was not done."
        return await answering.refuse(scope, receive, send, HTTPStatus.FORBIDDEN, sentence)


class SignedIn:
    """Lets nobody in without a live session: no page, no file, no socket.

    It tells Streamlit which session a connection belongs to. Streamlit hands a running screen to whoever names its
    id, unless that differs: so a screen goes back to the very sign-in that opened it, and to nobody else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_open(asking.path(scope)):
            return await self.app(scope, receive, send)
        principal = await principal_of(scope)
        if principal is None:
            return await _send_to_sign_in(scope, receive, send)
        if principal.must_change_password:
            return await _send_to_password(scope, receive, send)
        identity = (IDENTITY.lower().encode(), str(principal.session_id).encode())
        scope = {**scope, "headers": [*scope["headers"], identity]}
        scope["state"] = {**scope.get("state", {}), "principal": principal}
        return await self.app(scope, receive, send)


async def principal_of(scope: Scope) -> Principal | None:
    """Who is signed in behind a request; a cookie that we never gave out goes on record."""
    token, ip, agent = asking.session_token(scope), asking.address(scope), asking.user_agent(scope)
    if token is None:
        return None
    active = asking.wants_page(scope)  # a socket reconnects by itself, a person opens a page
    ask = partial(sessions.principal_for, token, ip=ip, user_agent=agent, active=active)
    principal = await to_thread.run_sync(ask, limiter=_asking_sessions)
    if principal is None:
        report = partial(sessions.report_unknown, token, ip=ip, user_agent=agent)
        await to_thread.run_sync(report, limiter=_asking_sessions)
    return principal


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _is_ours(name: bytes) -> bool:
    return name.lower().replace(b"_", b"-").startswith(_OURS)


async def _send_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    if asking.wants_page(scope):
        return await answering.redirect(scope, receive, send, asking.sign_in_address(scope))
    sentence = "Your session has ended. Load this page again to sign in."
    if asking.path(scope).startswith("/_stcore/") and scope["type"] == "http":
        # Streamlit's page shows whatever JSON it gets when it cannot reconnect: a sentence reads better than an object.
        return await JSONResponse(sentence.replace(". ", ".\n"), HTTPStatus.UNAUTHORIZED)(scope, receive, send)
    return await answering.refuse(scope, receive, send, HTTPStatus.UNAUTHORIZED, sentence)


async def _send_to_password(scope: Scope, receive: Receive, send: Send) -> None:
    if asking.wants_page(scope):
        return await answering.redirect(scope, receive, send, "/password")
    sentence = "Change your password first."
    return await answering.refuse(scope, receive, send, HTTPStatus.FORBIDDEN, sentence)
