"""Reading a small form that somebody posted: bounded, text only, and from a form that we gave out."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from core.errors import Invalid, OpsError
from web import cookies

LARGEST_BYTES = 16_384
MOST_FIELDS = 10


class TooLarge(OpsError):
    """More was sent than any form of ours holds."""

    status = 413


class StaleForm(OpsError):
    """The form does not agree with this browser's cookie: opened long ago, or on another site."""

    status = 403

    def __init__(self) -> None:
        super().__init__("This form was open for too long. Go back, load the page again and send it once more.")


async def posted(request: Request) -> Mapping[str, str]:
    """The fields of a posted form; raises TooLarge, StaleForm, or Invalid for what is no form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Invalid("content-type", "is application/x-www-form-urlencoded")
    body = await _body(request)
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Invalid("form", f"has at most {MOST_FIELDS} fields of UTF-8 text") from None
    held, sent = request.cookies.get(cookies.form_cookie(), ""), fields.get("form", "")
    if not cookies.FORM_TOKEN.fullmatch(held) or not hmac.compare_digest(held.encode(), sent.encode()):
        raise StaleForm
    return fields


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BYTES:
            raise TooLarge(f"A form has at most {LARGEST_BYTES:,} bytes.")
    return body
