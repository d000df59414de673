"""What a request says about itself, and how much of it may be believed."""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from core.settings import settings
from web.cookies import session_cookie

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
LONGEST_NEXT = 2000


def path(scope: Scope) -> str:
    """The path asked for, as the routes will see it."""
    return str(scope["path"])


def session_token(scope: Scope) -> str | None:
    """The session's cookie, or None."""
    try:
        cookies = cookie_parser("; ".join(Headers(scope=scope).getlist("cookie")))
    except CookieError:
        return None
    return cookies.get(session_cookie()) or None


def user_agent(scope: Scope) -> str | None:
    """Which program says it is asking; for the record only."""
    said = Headers(scope=scope).get("user-agent")
    return said[:400] if said else None


def address(scope: Scope) -> str | None:
    """The address behind the connection; after `RealClient` the person's own."""
    client = scope.get("client")
    return str(client[0]) if client else None


def forwarded_address(scope: Scope) -> str | None:
    """Who really asks: the last address in X-Forwarded-For that is none of our own proxies.

    What anybody but a proxy named in OPSDESK_TRUSTED_PROXIES says there is not believed.
    """
    peer = address(scope)
    if not _is_proxy(peer):
        return peer
    said = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    for hop in (hop.strip() for hop in reversed(said)):
        if not _is_address(hop):
            return peer
        if not _is_proxy(hop):
            return hop
    return peer


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks for a page, rather than a program or a script for data."""
    return scope["type"] == "http" and scope["method"] in SAFE_METHODS and "text/html" in _accepts(scope)


def is_known_host(scope: Scope) -> bool:
    """Whether the request was sent to a name that this console goes by."""
    host = Headers(scope=scope).get("host", "")
    return (_netloc_host(host) or "") in known_hosts()


def known_hosts() -> frozenset[str]:
    """The names that this console goes by: that of OPSDESK_BASE_URL, of its listening address, and localhost."""
    here = {"localhost", "127.0.0.1", "::1", settings().web_host.lower()} - {"0.0.0.0", "::"}  # noqa: S104
    return frozenset(here | {_netloc_host(urlsplit(settings().address).netloc) or "localhost"})


def is_same_origin(scope: Scope) -> bool:
    """Whether the request comes from a page of ours; one without an Origin only when it carries no session.

    Browsers say where a form, a script or a socket comes from. Programs do not, and have no cookie.
    """
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None:
        return scope["type"] == "websocket" or session_token(scope) is None
    base, came_from = urlsplit(settings().address), urlsplit(origin)
    if came_from.netloc == base.netloc:
        return came_from.scheme == base.scheme
    return came_from.scheme in {"http", "https"} and came_from.netloc.lower() == headers.get("host", "").lower()


def safe_next(wanted: str | None) -> str:
    """Where to go after signing in: a path on this console, `/` for anything else."""
    if not wanted or len(wanted) > LONGEST_NEXT or not wanted.startswith("/") or not wanted.isprintable():
        return "/"
    split = urlsplit(wanted)
    if split.scheme or split.netloc or wanted.startswith("//") or "\\" in wanted:
        return "/"
    return "/" if split.path in {"/login", "/logout", "/password"} else wanted


def sign_in_address(scope: Scope) -> str:
    """The sign-in form, which leads back to what was asked for."""
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = safe_next(quote(path(scope)) + (f"?{query}" if query else ""))
    return "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}"


def _accepts(scope: Scope) -> str:
    return Headers(scope=scope).get("accept", "")


def _netloc_host(netloc: str) -> str | None:
    try:
        return urlsplit(f"//{netloc}").hostname
    except ValueError:
        return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_proxy(peer: str | None) -> bool:
    if peer is None or not _is_address(peer):
        return False
    trusted = (ipaddress.ip_network(known, strict=False) for known in settings().trusted_proxies)
    return any(ipaddress.ip_address(peer) in network for network in trusted)
