"""What the API says of itself: its OpenAPI document, with every refusal in it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.refusing import MEDIA_TYPE
from api.schemas.examples import EXAMPLES
from api.schemas.told import Problem

_INTRODUCTION = """Work comes in, is found, worked on and watched through these calls.

Every call carries `Authorization: Bearer opd_…`, a token made on the account page or with
`python -m jobs create-token`. It may no more than its scopes and its owner. Times are ISO 8601 with their zone.
Refusals are problem details (RFC 9457); what cannot be used is named in `field`. Unknown fields are refused."""
_MEANINGS = {
    400: "The body is not JSON.",
    401: "No live token came with the call.",
    403: "The token lacks a permission, which is named.",
    404: "There is no such thing, or the caller may not know of it.",
    409: "Somebody or something got there first; `current` says how things stand.",
    412: "It is no longer as If-Match says; `current` says how things stand.",
    413: "The body is too large.",
    415: "The body is not sent as JSON.",
    422: "Something cannot be used: `field` names it, `reason` says what is allowed.",
    429: "Too often; Retry-After says in how many seconds to call again.",
    503: "The database does not answer just now; nothing was changed.",
}
_ALWAYS = (401, 403, 422, 429, 503)
_WITH_BODY = (400, 413, 415)


def refusals(*further: int, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its OpenAPI entry: those that any may give, of its body, and `further` ones."""
    statuses = sorted({*_ALWAYS, *further, *(_WITH_BODY if body else ())})
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    headers = {"Retry-After": {"schema": {"type": "string"}}} if status in {429, 503} else {}
    told = {"description": _MEANINGS[status], "content": content}
    return {**told, "headers": headers} if headers else told


class Documented(FastAPI):
    """An application whose document describes the one shape of all refusals, and where it is mounted."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if not self.openapi_schema:
            made = get_openapi(
                title=self.title,
                version=self.version,
                description=_INTRODUCTION,
                routes=self.routes,
                servers=[{"url": "/api"}],
                tags=self.openapi_tags,
            )
            for (method, path), known in EXAMPLES.items():
                body = made["paths"][path][method]["requestBody"]["content"]["application/json"]
                body["examples"] = {name: {"value": value} for name, value in known.items()}
            made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
            self.openapi_schema = made
        return self.openapi_schema
