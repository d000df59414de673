"""Exports leave here and nowhere else: each with its own ticket, once, to whom it was given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import IO

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import core.exporting
import core.reports.downloading
import core.sheets  # noqa: F401 - they make what tickets are given for
from core import tickets
from core.uow import perform

_making = CapacityLimiter(2)  # the largest keeps a core busy for a while
_AT_ONCE = 65_536


async def export(request: Request) -> Response:
    """GET /export/{ticket}: the file, or 404 when the ticket is not the asker's, is used or is over."""
    if request.method != "GET":  # a glance uses nothing up
        return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": "GET"})
    make = partial(perform, request.state.principal, tickets.redeem, request.path_params["ticket"])
    made = await to_thread.run_sync(make, limiter=_making)
    headers = {"content-disposition": f'attachment; filename="{made.name}"', "content-length": str(made.size)}
    return StreamingResponse(_parts(made.file), media_type=made.media_type, headers=headers)


routes = [Route("/export/{ticket}", export, methods=["GET"])]


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_AT_ONCE):
            yield part
