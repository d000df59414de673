"""The web application's parts, which `Home.py` puts together: routes, the way in, and what happens at start and end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route

from api import monitoring
from api.app import api
from core import db
from core.settings import PROJECT
from web import boot, exporting, health, signing_in
from web.faults import Faults, on_script_error
from web.headers import SecurityHeaders
from web.middleware import ICONS, KnownHost, NobodysPaths, RealClient, SameOrigin, SignedIn

__all__ = ["lifespan", "middleware", "on_script_error", "routes"]
_A_DAY = {"cache-control": "public, max-age=86400"}


async def icon(request: Request) -> Response:
    """GET /favicon.*: ours, instead of Streamlit's."""
    name = "favicon.svg" if request.url.path.endswith(".svg") else "favicon.png"
    return FileResponse(PROJECT / "static" / name, headers=_A_DAY)


routes = [
    *health.routes,
    *signing_in.routes,
    *exporting.routes,
    *(Route(path, icon, methods=["GET"]) for path in sorted(ICONS)),
    *monitoring.routes,
    Mount("/api", api),
]

middleware = [
    Middleware(SecurityHeaders),
    Middleware(Faults),
    Middleware(RealClient),
    Middleware(KnownHost),
    Middleware(NobodysPaths),
    Middleware(SameOrigin),
    Middleware(SignedIn),
]
"""From the outside in."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Start only when what safety rests on is proven; end with the connections closed."""
    boot.tell_streamlit()
    boot.prove()
    await to_thread.run_sync(boot.check_database)
    await to_thread.run_sync(boot.import_screens)
    if not boot.is_loop_quick():
        boot.warn("uvloop is installed and not in use: start uvicorn without --loop, or with --loop uvloop.")
    yield
    await to_thread.run_sync(db.dispose)
