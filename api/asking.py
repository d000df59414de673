"""Who calls, and how: the principal behind the bearer token, asked anew for each call, and the call's own headers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, NoReturn, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Header, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.responses import Response

from api.reading import StrictRequest
from core import rates
from core.errors import Conflict, Invalid, NotSignedIn, OpsError
from core.permissions import Principal
from core.repeating import FIELD, Asked, once
from core.tokens import principal_for_token
from core.uow import UnitOfWork, perform

P = ParamSpec("P")
R = TypeVar("R")
_TAG = re.compile(r'\s*"(\d{1,9})"\s*', re.ASCII)

bearer = HTTPBearer(auto_error=False, description="An API token, as `python -m jobs create-token` prints it once.")
_room = CapacityLimiter(12)  # below the pool's size, so that a crowd waits here and not for connections


class Guarded(APIRoute):
    """A route that asks for a live token and counts the call before it reads anything else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind its guard."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            async with _room:
                request.state.caller = await to_thread.run_sync(_admitted, request)
                return await handle(StrictRequest(request.scope, request.receive))

        return guarded


def _admitted(request: Request) -> Principal:
    """The principal who calls. Raises NotSignedIn without a live token, LimitReached when it has called too often."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    ip = request.client.host if request.client else None
    live = token.strip() if scheme.lower() == "bearer" else None
    principal = principal_for_token(live, ip=ip, user_agent=request.headers.get("user-agent"))
    if principal is None:
        raise NotSignedIn("This call needs a live API token: Authorization: Bearer opd_…")
    rates.admit(principal)
    return principal


async def _caller(request: Request) -> Principal:
    principal: Principal = request.state.caller
    return principal


Caller = Annotated[Principal, Depends(_caller)]


@dataclass(frozen=True)
class Order:
    """A call that changes something: on whose behalf, and under which key of the program's own."""

    principal: Principal
    asked: Asked | None

    def carry_out(self, verb: Callable[Concatenate[UnitOfWork, P], Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        """Do what is asked, in one unit; under a key that was used before, answer as before. The answer is JSON."""
        if self.asked is None:
            return perform(self.principal, verb, *args, **kwargs)
        return perform(self.principal, once, self.asked, lambda uow: verb(uow, *args, **kwargs))


async def _order(
    request: Request,
    caller: Caller,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=FIELD,
            description="The program's own key for this request: repeated, it is done once and answered alike.",
            min_length=1,
            max_length=200,
            pattern=r"^[!-~]+$",
        ),
    ] = None,
) -> Order:
    if idempotency_key is None:
        return Order(caller, None)
    told = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return Order(caller, Asked(idempotency_key, hashlib.sha256(told).digest()))


Ordered = Annotated[Order, Depends(_order)]


class Precondition(OpsError):
    """What the caller has seen is no longer so; `current` says how things stand."""

    status = 412

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict.sentence)
        self.current = conflict.current


@dataclass(frozen=True)
class Seen:
    """The version that the caller has seen, where it says so: in If-Match, or else in the body."""

    by_tag: int | None

    def version(self, in_body: int | None) -> int | None:
        """The version to hold the deed to. Raises Invalid when the two differ."""
        if self.by_tag is not None and in_body not in {None, self.by_tag}:
            raise Invalid("version", "differs from If-Match")
        return in_body if self.by_tag is None else self.by_tag

    def refuse(self, conflict: Conflict) -> NoReturn:
        """Raises the conflict: as a failed precondition when it is one of If-Match."""
        if self.by_tag is not None and conflict.current.get("version") not in {None, self.by_tag}:
            raise Precondition(conflict) from None
        raise conflict


def _seen(
    tag: Annotated[
        str | None, Header(alias="If-Match", description='The ETag of what the caller has seen, such as `"7"`.')
    ] = None,
) -> Seen:
    if tag is None or tag.strip() == "*":
        return Seen(None)
    found = _TAG.fullmatch(tag)
    if found is None:
        raise Invalid("If-Match", 'is an ETag that was given out here, such as "7"')
    return Seen(int(found[1]))


IfMatch = Annotated[Seen, Depends(_seen)]


def etag(version: int) -> str:
    """The ETag of something at this version."""
    return f'"{version}"'
