"""Watching the programs' door: a number and a line of the log for each request, how long it took, and our faults."""

from __future__ import annotations

import json
import re
import secrets
import sys
import time

from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.refusing import problem
from core import clock
from web import faults

HEADER = "X-Request-ID"
REQUESTS = CollectorRegistry()
_FITTING = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_seconds = Histogram(
    "opsdesk_api_request_seconds",
    "How long calls of the API took, by the route's pattern and the answer's status.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REQUESTS,
)


class Watched:
    """Gives each request a number, or keeps the one that it came with; tells how it went; answers for our faults."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        number, began, status = _number(scope), time.perf_counter(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        try:
            await self.app(scope, receive, told)
        except Exception as error:
            reference = faults.log(error, request_id=number, route=_pattern(scope))
            if not status:
                sentence = f"Something went wrong on our side. Tell the operator the reference {reference}."
                await problem(500, sentence)(scope, receive, told)
        finally:
            _tell(scope, number, status, time.perf_counter() - began)


def _number(scope: Scope) -> str:
    given = Headers(scope=scope).get(HEADER, "")
    return given if _FITTING.fullmatch(given) else secrets.token_hex(8)


def _tell(scope: Scope, number: str, status: int, seconds: float) -> None:
    """One line for each request: the route's pattern and never its query, which may hold anything."""
    caller = scope.get("state", {}).get("caller")
    method = scope["method"] if scope["method"] in {"GET", "POST", "PUT", "DELETE"} else "other"
    route = _pattern(scope)
    _seconds.labels(method, route, str(status)).observe(seconds)
    line = {
        "at": clock.now().isoformat(timespec="milliseconds"),
        "event": "request",
        "request_id": number,
        "method": method,
        "route": route,
        "status": status,
        "seconds": round(seconds, 4),
        "token": caller.token_id if caller else None,
        "ip": scope["client"][0] if scope.get("client") else None,
    }
    sys.stderr.write(json.dumps(line) + "\n")


def _pattern(scope: Scope) -> str:
    """The pattern of the route that was asked for, so that there are few of them; "none" for what there is not."""
    return str(getattr(scope.get("route"), "path", "none"))
