"""The programs' door. Mounted under `/api` by the web application, and by itself where ingest is heavy."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from api import alerts, audit, intake, items, metrics, monitoring, queue, reference, refusing, rules, settings
from api.documents import Documented
from api.watching import Watched
from web import health
from web.headers import SecurityHeaders
from web.middleware import RealClient

api = Documented(
    title="Opsdesk", version="1", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json", redirect_slashes=False
)
for noun in (queue, items, intake, metrics, rules, alerts, audit, settings):
    api.include_router(noun.router)
api.add_route("/docs", reference.reference, methods=["GET"], include_in_schema=False)
api.add_middleware(Watched)
refusing.install(api)

app = Starlette(
    routes=[*health.routes, *monitoring.routes, Mount("/api", api)],
    middleware=[Middleware(SecurityHeaders), Middleware(RealClient)],
)
refusing.install(app)
