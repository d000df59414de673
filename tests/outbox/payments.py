"""A payment provider on this machine that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.outbox.storage import Storage


class Provider(Storage):
    """Listens on a free port; `answers` are status and body for each reference, 404 for any other."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.answers: dict[str, tuple[int, Any]] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        """Answer by the last part of the path; `slow` gets no answer."""
        self.server.asked.append((self.path, None, self.headers["Authorization"]))
        reference = self.path.rsplit("/", 1)[-1]
        if reference == "slow":
            self.server.released.wait(30)
            return
        status, said = self.server.answers.get(reference, (404, ""))
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
