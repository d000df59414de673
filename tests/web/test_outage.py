"""When the database is away: nobody gets in, people read a sentence, and the log names no values."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest
from sqlalchemy import create_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import db
from core.settings import PROJECT
from web.app import middleware, routes
from web.cookies import session_cookie


async def _page(_request: Request) -> Response:
    return PlainTextResponse("inside")


async def _broken(_request: Request) -> Response:
    raise RuntimeError("jane@example.com")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's address leads nowhere."""
    nowhere = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1})
    monkeypatch.setattr(db, "engine", lambda _part="app": nowhere)


def _answer(path: str) -> httpx.Response:
    """What a browser with a cookie is told."""
    app = Starlette(routes=[*routes, Route("/", _page), Route("/static/broken", _broken)], middleware=middleware)
    headers = {"accept": "text/html", "cookie": f"{session_cookie()}={'a' * 43}"}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as browser:
            return await browser.get(path, headers=headers)

    return asyncio.run(ask())


def test_a_session_that_cannot_be_checked_lets_nobody_in(away: None) -> None:
    answer = _answer("/")
    assert answer.status_code == 503
    assert "busy or unavailable" in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_health_says_so(away: None) -> None:
    assert _answer("/healthz").json() == {"status": "unavailable", "database": False, "schema": False}


def test_a_fault_in_a_route_is_a_reference_and_no_more(capfd: pytest.CaptureFixture[str]) -> None:
    answer = _answer("/static/broken")
    assert answer.status_code == 500
    assert "quote the reference" in answer.text
    said = capfd.readouterr()
    assert '"event": "fault"' in said.err
    assert "jane" not in answer.text + said.err + said.out


def test_it_does_not_start_without_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    command = [sys.executable, "-m", "uvicorn", "tests.web.stand_in:app", "--port", "0", "--log-level", "error"]
    ended = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, timeout=60)
    assert ended.returncode == 3
