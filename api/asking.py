"""Who calls: the principal behind a request's bearer token, asked anew for each call."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.errors import NotSignedIn
from core.permissions import Principal
from core.tokens import principal_for_token

_bearer = HTTPBearer(auto_error=False, description="An API token, as `python -m jobs create-token` prints it once.")


def _caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
    """Raises NotSignedIn without a live token."""
    ip = request.client.host if request.client else None
    token = given.credentials if given else None
    principal = principal_for_token(token, ip=ip, user_agent=request.headers.get("user-agent"))
    if principal is None:
        raise NotSignedIn("This call needs a live API token: Authorization: Bearer opd_…")
    return principal


Caller = Annotated[Principal, Depends(_caller)]
