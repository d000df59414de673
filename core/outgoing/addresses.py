"""Where something may be sent: addresses read strictly, held against a list, resolved, and each result checked."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import unquote

from core.errors import OpsError

_URL = re.compile(r"(https?)://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(/[!-~]*)?", re.ASCII)
_ENTRY = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(/[!-~]*)?", re.ASCII)
_USUAL_PORT = {"http": 80, "https": 443, "smtp": 587}
_NAT64 = IPv6Network("64:ff9b::/96")


class Refused(OpsError):
    """Nothing may be sent there."""

    status = 422


@dataclass(frozen=True)
class Place:
    """An address taken apart. `path` has its query with it."""

    scheme: str
    host: str
    port: int
    path: str


def read(url: str) -> Place:
    """The parts of an address. Raises Refused for whatever two programs might read differently."""
    found = _URL.fullmatch(url)
    if found is None or len(url) > 2000:
        raise Refused("The address is not a plain http or https address.")
    scheme, host, port, path = found.groups()
    if "#" in url or "\\" in url or _climbs((path or "").partition("?")[0]):
        raise Refused("The address has a path that may lead elsewhere.")
    number = int(port or _USUAL_PORT[scheme])
    if not 0 < number < 65536:
        raise Refused("The address has an impossible port.")
    return Place(scheme, host.lower(), number, path or "/")


def _climbs(path: str) -> bool:
    """Whether a path has dot segments, backslashes or control characters, at first sight or once decoded."""
    for _ in range(4):
        if any(part in {".", ".."} for part in path.split("/")) or not path.isprintable() or "\\" in path:
            return True
        path = unquote(path)
    return "%" in path


def is_listed(place: Place, listed: Sequence[str]) -> bool:
    """Whether a place is on a list of `host`, `host:port` or `host/prefix` (hosts whole, prefixes by folder)."""
    return any(_matches(place, entry) for entry in listed)


def _matches(place: Place, entry: str) -> bool:
    found = _ENTRY.fullmatch(entry.lower() if "/" not in entry else _lower_host(entry))
    if found is None:
        return False
    host, port, prefix = found.groups()
    folder = (prefix or "").rstrip("/")
    fits = not folder or place.path.startswith(f"{folder}/")
    return host == place.host and int(port or _USUAL_PORT[place.scheme]) == place.port and fits


def _lower_host(entry: str) -> str:
    host, slash, rest = entry.partition("/")
    return host.lower() + slash + rest


def resolve(place: Place, *, is_internal: bool) -> list[str]:
    """The checked addresses of a place's host. Raises Refused when one is not public, unless the host is internal."""
    try:
        found = socket.getaddrinfo(place.host.strip("[]"), place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not is_internal and not all(is_public(ip_address(number)) for number in numbers):
        raise Refused("The address leads into this server's own network.")
    return numbers


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether an address lies on the open internet, whatever it is wrapped in."""
    if isinstance(ip, IPv6Address):
        inner = _within(ip)
        if inner is not None:
            return is_public(inner)
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _within(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4 or NAT64."""
    translated = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or translated
