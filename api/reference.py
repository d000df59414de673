"""GET /api/docs: the OpenAPI document as a page to read, which runs no script and loads nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from web import rendering


async def reference(request: Request) -> Response:
    """The page."""
    document = request.app.openapi()
    base = document["servers"][0]["url"]
    nouns: dict[str, list[dict[str, Any]]] = {}
    for noun, call in _calls(document, base):
        nouns.setdefault(noun, []).append(call)
    introduction = document["info"]["description"].split("\n\n")
    return rendering.page(
        "reference.html", nouns=nouns, introduction=introduction, document=f"{base}{request.app.openapi_url}"
    )


def _calls(document: Mapping[str, Any], base: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            yield (
                said["tags"][0],
                {
                    "id": said["operationId"],
                    "method": method.upper(),
                    "path": base + path,
                    "summary": said["description"].partition("\n")[0],
                    "description": " ".join(said["description"].split()),
                    "parameters": [_parameter(each) for each in said.get("parameters", ())],
                    "examples": _examples(said),
                    "answers": {status: answer["description"] for status, answer in said["responses"].items()},
                },
            )


def _parameter(said: Mapping[str, Any]) -> dict[str, str]:
    needed = " (needed)" if said.get("required") else ""
    meaning = said.get("description", "")
    return {"name": said["name"], "where": said["in"] + needed, "kind": _kind(said["schema"]), "meaning": meaning}


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2]).lower()
    usual = schema.get("default")
    told = str(schema.get("format") or schema.get("type", "anything"))
    return told if usual in (None, "", []) else f"{told}, {usual} by default"


def _examples(said: Mapping[str, Any]) -> dict[str, str]:
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {name: json.dumps(each["value"], indent=2) for name, each in content.get("examples", {}).items()}
