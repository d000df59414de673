"""Watching the programs' door: a number for each request, a line of JSON for the log, and how long it took."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
_FITTING = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_log = logging.getLogger("opsdesk.requests")


class Watched:
    """Gives each request a number, or keeps the one that it came with, and tells how it went."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        number, began, status = reference(scope), time.perf_counter(), 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        try:
            await self.app(scope, receive, told)
        finally:
            _tell(scope, number, status, time.perf_counter() - began)


def reference(scope: Scope) -> str:
    """The request's number."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = Headers(scope=scope).get(HEADER, "")
        state["request_id"] = given if _FITTING.fullmatch(given) else secrets.token_hex(8)
    return str(state["request_id"])


def _tell(scope: Scope, number: str, status: int, seconds: float) -> None:
    """One line for each request: the route's pattern and never its query, which may hold anything."""
    caller = scope.get("state", {}).get("caller")
    _log.info(
        "request",
        extra={
            "request_id": number,
            "method": scope["method"],
            "route": pattern(scope),
            "status": status,
            "seconds": round(seconds, 4),
            "token": caller.token_id if caller else None,
        },
    )


def pattern(scope: Scope) -> str:
    """The pattern of the route that was asked for, so that there are few of them; "none" for what there is not."""
    return str(getattr(scope.get("route"), "path", "none"))
