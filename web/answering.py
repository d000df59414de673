"""How the web says no or elsewhere: a page to people, problem details to programs, a close to sockets."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from web import asking, rendering

SIGNED_OUT, FORBIDDEN = 4401, 4403
"""How a socket is closed: nobody is signed in; somebody is, and may not."""


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer with `status` and the sentence, in the form that whoever asked can read."""
    if scope["type"] == "websocket":
        code = SIGNED_OUT if status == HTTPStatus.UNAUTHORIZED else FORBIDDEN
        await receive()  # the server wants its offer of a connection taken before it is turned down
        return await send({"type": "websocket.close", "code": code, "reason": ""})
    answer = _page(status, sentence) if asking.wants_page(scope) else problem(status, sentence)
    return await answer(scope, receive, send)


async def redirect(scope: Scope, receive: Receive, send: Send, to: str) -> None:
    """Send a browser elsewhere."""
    await RedirectResponse(to, status_code=HTTPStatus.SEE_OTHER)(scope, receive, send)


def problem(status: int, sentence: str) -> JSONResponse:
    """Problem details (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return JSONResponse(body, status, media_type="application/problem+json")


def _page(status: int, sentence: str) -> Response:
    return rendering.page("notice.html", status, title=HTTPStatus(status).phrase, sentence=sentence)
