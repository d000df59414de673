"""Every refusal in one shape: problem details (RFC 9457). Never a stack trace."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.asking import Precondition
from api.reading import Unfit
from api.schemas.sent import SHAPES
from core import clock
from core.errors import Conflict, Invalid, LimitReached, NotPermitted, OpsError

MEDIA_TYPE = "application/problem+json"
_ASKED_AS = {
    "score_min": "priority_min",
    "score_max": "priority_max",
    "created_from": "date_from",
    "created_to": "date_to",
}
"""What the queue's filters are called in the core, and what programs call them."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """One refusal: `type`, `title`, `status`, `detail`, and what helps a program to react."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    body = json.dumps(told, default=str)
    return Response(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, OpsError)
    more, headers = _more(error)
    return problem(error.status, error.sentence, headers, **more)


def _more(error: OpsError) -> tuple[dict[str, Any], dict[str, str]]:
    match error:
        case Invalid():
            return {"field": _ASKED_AS.get(error.field, error.field), "reason": error.reason}, {}
        case NotPermitted():
            return {"permission": error.permission}, {}
        case Conflict() | Precondition():
            return {"current": error.current}, {}
        case LimitReached():
            seconds = max(1, round((error.resets_at - clock.now()).total_seconds()))
            return {"resets_at": error.resets_at.isoformat()}, {"Retry-After": str(seconds)}
    return {}, dict(_HEADERS.get(error.status, {}))


_HEADERS: Mapping[int, Mapping[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}


async def _malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    reason = first["msg"].removeprefix("Value error, ")
    place = ".".join(map(str, _place(first)))
    return problem(422, f"{place}: {reason}", field=place, reason=reason)


def _place(error: Mapping[str, Any]) -> Sequence[str | int]:
    """Where in the body or among the parameters, without which shape it was held against."""
    loc: Sequence[str | int] = error["loc"]
    if error["type"].startswith("union_tag"):  # the word that says which shape it is
        return [error["ctx"]["discriminator"].strip("'")]
    inner = loc[2:] if loc[0] == "body" and len(loc) > 1 and loc[1] in SHAPES else loc[1:]
    return inner or loc[:1]


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    named = {"field": error.field, "reason": error.reason} if isinstance(error, Unfit) and error.field else {}
    return problem(error.status_code, str(error.detail), error.headers, **named)


def install(app: FastAPI | Starlette) -> None:
    """Have `app` refuse in this shape and no other."""
    app.add_exception_handler(OpsError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
