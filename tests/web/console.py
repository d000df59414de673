"""A really running console, and clients that speak to it without a browser's good manners."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from core.settings import PROJECT
from tests.people.conftest import PASSWORD

COOKIE = "opsdesk_session"


@dataclass(frozen=True)
class Console:
    """Where it answers, and what it has written to its log."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def visitor(self, **headers: str) -> httpx.Client:
        """Somebody with a browser who is not signed in; every change they ask for comes from our own page."""
        asking = {"accept": "text/html", "origin": self.url, **headers}
        return httpx.Client(base_url=self.url, headers=asking, timeout=20)

    def sign_in(self, name: str, password: str = PASSWORD) -> str:
        """The cookie of a new session, got through the form."""
        with self.visitor() as browser:
            answer = browser.post("/login", data=filled(browser, "/login", username=name, password=password))
            assert answer.status_code == 303, answer.text
            return browser.cookies[COOKIE]

    def socket(self, cookie: str | None = None, *, resume: str = "", **options: Any) -> Screen:
        """A screen's connection, as raw as a client can make it; raises when it is refused."""
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        names: list[Any] = ["streamlit", "x", resume] if resume else ["streamlit"]
        address = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        options.setdefault("additional_headers", headers)
        opened = ExitStack()
        connecting = connect(address, subprotocols=names, open_timeout=10, close_timeout=1, max_size=None, **options)
        return Screen(opened.enter_context(connecting), opened)


class Screen:
    """One connection to Streamlit: asks for reruns and reads what is drawn."""

    def __init__(self, connection: ClientConnection, opened: ExitStack) -> None:
        self.connection = connection
        self.session_id = ""
        self.close = opened.close

    def rerun(self, query: str = "") -> str:
        """All text that a run of the page draws."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        self.connection.send(asked.SerializeToString())
        return "\n".join(self._drawn())

    def _drawn(self) -> Iterator[str]:
        while True:
            message = ForwardMsg.FromString(self.connection.recv(timeout=10))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session_id = message.new_session.initialize.session_id
            elif kind == "delta":
                yield str(message.delta)
            elif kind == "script_finished":
                return


def filled(browser: httpx.Client, path: str, **fields: str) -> dict[str, str]:
    """The form at `path` with its token, filled in."""
    found = re.search(r'name="form" value="([^"]+)"', browser.get(path).text)
    assert found, f"no form at {path}"
    return {"form": found[1], **fields}


@contextmanager
def running(app: str, log: Path, **environment: str) -> Iterator[Console]:
    """Serve `app` as the Procfile does, on a free port, until the block ends."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    options = "--ws websockets-sansio --no-access-log --no-proxy-headers --no-server-header --log-level warning"
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), *options.split()]
    settings = os.environ | {"OPSDESK_WEB_PORT": str(port)} | environment
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=PROJECT, env=settings, stdout=out, stderr=out)
    try:
        _wait(process, port, log)
        yield Console(port, log)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text())
