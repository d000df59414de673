"""Programs with a token of somebody's: in this process, or over the network to the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from api.app import app
from core import rates, tokens
from core.permissions import Principal
from core.uow import perform
from tests.api.serving import serving
from tests.cast import Cast

Client = Callable[..., TestClient]
Program = Callable[..., httpx.Client]
V1 = "/api/v1"


def bearer(who: Principal, *scopes: str) -> dict[str, str]:
    """The header of a new token of theirs, with all of their permissions or the scopes named."""
    made = perform(who, tokens.create_token, "a script", scopes=scopes or None)
    return {"Authorization": f"Bearer {made.token}"}


@pytest.fixture
def client(cast: Cast) -> Iterator[Client]:
    """A program in this process."""
    rates.forget()
    yield lambda who, *scopes: TestClient(
        app, raise_server_exceptions=False, headers=bearer(who, *scopes) if who else {}
    )
    rates.forget()


@pytest.fixture
def program(cast: Cast) -> Iterator[Program]:
    """A program that reaches the real server, from as many threads as it likes."""
    rates.forget()
    limits = httpx.Limits(max_connections=40)
    with serving() as url:
        yield lambda who, *scopes: httpx.Client(
            base_url=url, headers=bearer(who, *scopes), limits=limits, timeout=60, trust_env=False
        )
    rates.forget()
