"""A mail server on this machine that answers as it is told and remembers what it was given."""

from __future__ import annotations

import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.outbox.storage import serving


class Postbox(socketserver.ThreadingTCPServer):
    """Listens on a free port; `got` holds every message that arrived whole, `signed_in` what AUTH was given.

    The recipient's name says the answer: 451, 550 (to the recipient), 452d, 554d (to the message), never, slowly,
    drop (after the message has arrived), and anybody else is taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.got: list[EmailMessage] = []
        self.signed_in: list[str] = []
        self.context, self.at_once = context, at_once
        self.released = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def keys(self) -> list[str]:
        """The Message-IDs of what arrived."""
        return [str(message["Message-ID"]) for message in self.got]


class _Talk(socketserver.StreamRequestHandler):
    server: Postbox
    who = ""

    def handle(self) -> None:
        try:
            if self.server.at_once:
                self._encrypt()
            self._say("220 postbox")
            while line := self.rfile.readline(2000).decode("ascii", "replace").strip():
                if not self._answer(line):
                    return
        except OSError:
            return

    def _encrypt(self) -> None:
        assert self.server.context is not None
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _answer(self, line: str) -> bool:
        """Answer one command; False ends the talk."""
        word = line.split(maxsplit=1)[0].upper()
        if word == "EHLO":
            offers = ["STARTTLS"] if self.server.context and not self.server.at_once else []
            self._say("\r\n".join(["250-postbox", *(f"250-{offer}" for offer in offers), "250 AUTH PLAIN"]))
        elif word == "STARTTLS":
            self._say("220 go on")
            self._encrypt()
        elif word == "AUTH":
            self.server.signed_in.append(line.rsplit(maxsplit=1)[-1])
            self._say("235 welcome")
        elif word == "RCPT":
            self.who = line.partition("<")[2].partition("@")[0]
            return self._receive()
        elif word == "DATA":
            return self._take()
        elif word == "QUIT":
            return False
        else:
            self._say("250 yes")
        return True

    def _receive(self) -> bool:
        if self.who == "never":
            self.server.released.wait(30)
            return False
        if self.who == "slowly":
            while not self.server.released.is_set():
                self.wfile.write(b"250-x\r\n")
                time.sleep(0.05)
            return False
        refused = {"451": "451 4.7.1 greylisted", "550": "550 5.1.1 <jane@example.com> unknown"}
        self._say(refused.get(self.who, "250 yes"))
        return True

    def _take(self) -> bool:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        if not self.who.endswith("d"):
            self.server.got.append(message)
        if self.who == "drop":
            return False
        self._say({"452d": "452 full", "554d": "554 no"}.get(self.who, "250 taken"))
        return True


@contextmanager
def receiving(context: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[Postbox]:
    """A mail server for the length of a block."""
    with serving(Postbox(context, at_once=at_once)) as postbox:
        yield postbox
