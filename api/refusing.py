"""Every refusal in one shape: problem details (RFC 9457). Never a stack trace."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core import clock
from core.errors import Conflict, Invalid, LimitReached, NotPermitted, OpsError

_log = logging.getLogger("opsdesk.api")


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """One refusal: `type`, `title`, `status`, `detail`, and what helps a program to react."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    body = json.dumps(told, default=str)
    return Response(body, status, headers=dict(headers or {}), media_type="application/problem+json")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, OpsError)
    more, headers = _more(error)
    return problem(error.status, error.sentence, headers, **more)


def _more(error: OpsError) -> tuple[dict[str, Any], dict[str, str]]:
    match error:
        case Invalid():
            return {"field": error.field, "reason": error.reason}, {}
        case NotPermitted():
            return {"permission": error.permission}, {}
        case Conflict():
            return {"current": error.current}, {}
        case LimitReached():
            seconds = max(1, round((error.resets_at - clock.now()).total_seconds()))
            return {"resets_at": error.resets_at.isoformat()}, {"Retry-After": str(seconds)}
    return {}, {"Retry-After": "2"} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else {}


async def _malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return problem(422, f"{place}: {first['msg']}", field=place, reason=first["msg"])


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), error.headers)


async def _fault(_request: Request, error: Exception) -> Response:
    """A fault of ours: a reference for the caller, the trace for the log."""
    reference = secrets.token_hex(4)
    _log.error("fault %s", reference, exc_info=error)
    return problem(500, f"Something went wrong on our side. Tell the operator the reference {reference}.")


def install(api: FastAPI) -> None:
    """Have `api` refuse in this shape and no other."""
    api.add_exception_handler(OpsError, _refused)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _fault)
