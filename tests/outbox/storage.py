"""A file storage on this machine that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, TypeVar


class Releasable(Protocol):
    """A server that may keep a caller waiting until it is released."""

    released: threading.Event

    def serve_forever(self, poll_interval: float) -> None:
        """Answer until it is shut down."""

    def shutdown(self) -> None:
        """Answer nobody any more."""

    def server_close(self) -> None:
        """Give the port back."""


Server = TypeVar("Server", bound=Releasable)


class Storage(ThreadingHTTPServer):
    """Listens on a free port of this machine; `asked` holds path, key and authorization of each request.

    It is well for as many more requests as `well_for` says (None: for good), and answers 503 to all after them.
    `deleted` are the paths that it said were gone.
    """

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler or _Handler)
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.deleted: list[str] = []
        self.well_for: int | None = None
        self._counting = threading.Lock()
        self.released = threading.Event()

    def is_well(self) -> bool:
        """Whether it answers this request as its path says."""
        with self._counting:
            if self.well_for is None:
                return True
            self.well_for -= 1
            return self.well_for >= 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Storage

    def do_DELETE(self) -> None:
        """The path says the answer: /204/..., /302/..., /slowly, /never, /huge."""
        self.server.asked.append((self.path, self.headers["Idempotency-Key"], self.headers["Authorization"]))
        what = self.path.split("/")[1] if self.server.is_well() else "503"
        special: dict[str, Any] = {"slowly": self._slowly, "never": self.server.released.wait, "huge": self._huge}
        special.get(what, lambda: self._answer(int(what)))()

    do_GET = do_DELETE  # noqa: N815 - the name that the library looks for

    def _answer(self, status: int) -> None:
        if status == 204:
            self.server.deleted.append(self.path)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url("204/elsewhere"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _slowly(self) -> None:
        try:
            self.wfile.write(b"HTTP/1.1 204 No Content\r\n")
            while not self.server.released.is_set():
                self.wfile.write(b"X-Slow: 1\r\n"[:1])
                time.sleep(0.05)
        except OSError:
            return

    def _huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.released.is_set():
                self.wfile.write(b"x" * 65536)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Storage]:
    """A storage for the length of a block."""
    with serving(Storage()) as storage:
        yield storage


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """A server that answers for the length of a block."""
    working = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    working.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
