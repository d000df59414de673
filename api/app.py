"""The programs' door. Mounted under `/api` by the web application, and by itself where ingest is heavy."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from api import queue, refusing
from web import health
from web.headers import SecurityHeaders
from web.middleware import RealClient

api = FastAPI(title="Opsdesk", version="1", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json")
api.include_router(queue.router)
refusing.install(api)

app = Starlette(
    routes=[*health.routes, Mount("/api", api)],
    middleware=[Middleware(SecurityHeaders), Middleware(RealClient)],
)
