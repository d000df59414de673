"""The one way out over HTTP: a listed or public host, at the address that was checked, once, and not for long."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from time import monotonic

from pydantic import SecretStr

from core import clock
from core.errors import OpsError
from core.outgoing.addresses import Place, Refused, is_listed, read, resolve
from core.settings import settings

DEADLINE_SECONDS = 15.0
LARGEST_BODY = 64 * 1024
LONGEST_PAUSE = timedelta(hours=1)


class NoAnswer(OpsError):
    """Nobody answered, or not in time; whether anything arrived is not known."""

    status = 502


@dataclass(frozen=True)
class Purpose:
    """What something is sent for: the hosts that it may go to (None: any public one) and the token that they get."""

    name: str
    hosts: tuple[str, ...] | None
    token: SecretStr | None = None


@dataclass(frozen=True)
class Answer:
    """What came back. `pause` is how long the other side asked us to wait, an hour at most."""

    status: int
    body: bytes
    pause: timedelta | None


def check(purpose: Purpose, url: str) -> Place:
    """The place that an address names. Raises Refused unless it may be sent to for this purpose."""
    place = read(url)
    if purpose.hosts is not None and not is_listed(place, purpose.hosts):
        raise Refused(f"The address is not on the list of hosts for {purpose.name}.")
    if place.scheme == "http" and not is_internal(place):
        raise Refused("The address is not encrypted: only https is sent to.")
    return place


def send(
    purpose: Purpose,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Answer:
    """Send one request and return its answer, whatever its status; redirects are answers and are not followed.

    Proxies named by the environment are not used; the token goes to hosts on the purpose's own list alone. Raises
    Refused when it may not go there, NoAnswer when there is none within `deadline` seconds.
    """
    place, until = check(purpose, url), monotonic() + deadline
    sent = dict(headers or {}) | {"Connection": "close", "User-Agent": "opsdesk"}
    if purpose.token is not None and purpose.hosts is not None:
        sent["Authorization"] = f"Bearer {purpose.token.get_secret_value()}"
    for number in addresses(place, until):
        try:
            connection = _Pinned(place, number, until)
        except OSError:
            continue
        return _exchange(connection, method, place.path, body, sent)
    raise NoAnswer("It cannot be reached.")


def is_internal(place: Place) -> bool:
    """Whether a place may be sent to although it is on our own network, and without TLS."""
    return is_listed(place, settings().internal_hosts)


def addresses(place: Place, until: float) -> list[str]:
    """The checked addresses of a host; a name server that does not answer is not waited for."""
    asking = ThreadPoolExecutor(1, "resolving")
    try:
        asked = asking.submit(resolve, place, is_internal=is_internal(place))
        return asked.result(timeout=max(0.1, until - monotonic()))
    except Late:
        raise NoAnswer("Its name could not be resolved in time.") from None
    finally:
        asking.shutdown(wait=False)


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked; the name counts for the certificate and the Host header."""

    def __init__(self, place: Place, number: str, until: float) -> None:
        super().__init__(place.host.strip("[]"), place.port, timeout=max(0.1, until - monotonic()))
        self.auto_open = 0
        self.is_secure, self.until = place.scheme == "https", until
        if self.is_secure:
            self.default_port = http.client.HTTPS_PORT  # or the Host header would name the port
        self.sock: socket.socket = socket.create_connection((number, place.port), self.timeout)

    def secure(self) -> None:
        """Prove who is there, where the address says https."""
        if self.is_secure:
            raw = self.sock
            self.sock = ssl.create_default_context().wrap_socket(
                raw, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()


def _exchange(connection: _Pinned, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    try:
        with cut_off(connection.sock, connection.until) as is_late:
            connection.secure()
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            answer = Answer(
                response.status, response.read(LARGEST_BODY), asked_pause(response.getheader("Retry-After"))
            )
    except ssl.SSLCertVerificationError:
        raise NoAnswer("Its certificate is not valid for that name.") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer("It broke off without an answer.") from error
    finally:
        connection.close()
    if is_late.is_set():
        raise NoAnswer("It did not answer in time.")
    return answer


@contextmanager
def cut_off(wire: socket.socket, until: float) -> Iterator[threading.Event]:
    """End a connection at its deadline, however slowly it drips: each time-out of a socket begins anew."""
    is_late, own = threading.Event(), wire.dup()  # our own handle on it, whatever TLS makes of the other

    def cut() -> None:
        is_late.set()
        try:
            own.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is over already

    timer = threading.Timer(max(0.0, until - monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    except (OSError, http.client.HTTPException, ValueError):
        if is_late.is_set() or monotonic() >= until:
            raise NoAnswer("It did not answer in time.") from None
        raise
    finally:
        timer.cancel()
        own.close()


def asked_pause(header: str | None) -> timedelta | None:
    """How long a Retry-After header (seconds or a date) asks to wait, between nothing and an hour; None without."""
    if header is None:
        return None
    text = header.strip()
    if text.lstrip("-").isdecimal() and text.isascii():
        seconds = float(text[:12])
    else:
        try:
            seconds = (clock.aware(parsedate_to_datetime(text)) - clock.now()).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(timedelta(0), timedelta(seconds=min(max(seconds, 0.0), 86_400.0))), LONGEST_PAUSE)
