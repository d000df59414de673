"""The headers that every response carries: what a browser may load, show inside frames, and keep."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import focus
from web import cookies
from web.asking import path

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class SecurityHeaders:
    """Puts the headers on every response; one that states a policy or a life of its own keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), is_asset=path(scope).startswith("/static/"))
            await send(message)

        return await self.app(scope, receive, with_headers)


@cache
def policy() -> str:
    """What Streamlit's own page may load: nothing from elsewhere, no inline script but its own and ours."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'wasm-unsafe-eval' {' '.join(_inline_hashes())}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-ancestors 'self'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


def _inline_hashes() -> list[str]:
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    scripts = [*_INLINE_SCRIPT.findall(page.read_text(encoding="utf-8")), *focus.SCRIPTS.values()]
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def _complete(headers: MutableHeaders, *, is_asset: bool) -> None:
    for name, value in _ALWAYS.items():
        headers[name] = value
    headers.setdefault("content-security-policy", policy())
    if not is_asset:
        headers.setdefault("cache-control", "no-store")
    if cookies.is_secure():
        headers["strict-transport-security"] = "max-age=31536000"
