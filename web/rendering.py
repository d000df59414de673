"""The few pages that are not Streamlit's: sign-in, sign-out, password, notices."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

import streamlit
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
)


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """One of `web/templates` as a response that runs no script and loads nothing from elsewhere."""
    nonce = secrets.token_urlsafe(16)
    body = _templates.get_template(template).render(nonce=nonce, font=_font(), **values)
    return HTMLResponse(body, status, {"content-security-policy": _POLICY.format(nonce=nonce)})


@cache
def _font() -> str | None:
    """The address of the typeface that Streamlit brings, so that the form looks like what comes after it."""
    folder = Path(streamlit.__file__).parent / "static" / "static" / "media"
    found = sorted(folder.glob("SourceSansVF-Upright*.woff2"))
    return f"/static/media/{found[0].name}" if found else None
