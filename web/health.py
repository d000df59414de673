"""Whether this process can do its work, for whoever watches over it."""

from __future__ import annotations

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import migrating
from core.errors import OpsError


def findings() -> dict[str, bool]:
    """What holds: `database` answers, `schema` is this program's."""
    try:
        migrating.require_current()
    except SQLAlchemyError:
        return {"database": False, "schema": False}
    except OpsError:
        return {"database": True, "schema": False}
    return {"database": True, "schema": True}


async def healthz(_request: Request) -> Response:
    """GET /healthz, /readyz: 200 when everything holds, 503 otherwise, and which does."""
    found = await to_thread.run_sync(findings)
    well = all(found.values())
    return JSONResponse({"status": "ok" if well else "unavailable", **found}, 200 if well else 503)


routes = [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", healthz, methods=["GET"])]
