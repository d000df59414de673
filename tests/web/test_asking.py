"""What is believed of what a request says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.settings import settings
from web import asking, cookies


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Behind a proxy in 10.0.0.0/8, at https://ops.example.com."""
    monkeypatch.setenv("OPSDESK_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    monkeypatch.setenv("OPSDESK_BASE_URL", "https://ops.example.com/")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def _scope(kind: str = "http", client: str = "10.0.0.1", **headers: str) -> dict[str, Any]:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": kind, "method": "POST", "path": "/", "headers": raw, "client": (client, 1)}


@pytest.mark.parametrize(
    ("peer", "said", "real"),
    [
        ("203.0.113.9", "6.6.6.6", "203.0.113.9"),  # not one of our proxies
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # the first was said by the visitor
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "2001:db8::5", "2001:db8::5"),
    ],
)
def test_only_our_proxies_say_who_stands_behind_them(configured: None, peer: str, said: str, real: str) -> None:
    assert asking.forwarded_address(_scope(client=peer, x_forwarded_for=said)) == real


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("https://ops.example.com", "ops.example.com", True),
        ("http://ops.example.com", "ops.example.com", False),  # the same name without encryption is anybody's
        ("https://evil.example.com", "ops.example.com", False),
        ("https://ops.example.com.evil.example", "ops.example.com", False),
        ("http://localhost:8501", "localhost:8501", True),
        ("null", "ops.example.com", False),
    ],
)
def test_the_page_that_asks_is_ours_or_not(configured: None, origin: str, host: str, ours: bool) -> None:
    assert asking.is_same_origin(_scope(origin=origin, host=host)) is ours


def test_behind_https_cookies_are_bound_to_this_host_and_to_encryption(configured: None) -> None:
    assert cookies.is_secure()
    assert cookies.session_cookie().startswith("__Host-")
    assert "ops.example.com" in asking.known_hosts()


@pytest.mark.parametrize(
    "cookie",
    ["", ";;;=", "opsdesk_session", "opsdesk_session=", "=x", '__Host-opsdesk_session="', "\u00ff=\u00ff", "a" * 9000],
)
def test_no_cookie_header_is_too_strange_to_be_read(configured: None, cookie: str) -> None:
    token = asking.session_token(_scope(cookie=cookie))
    assert token is None or isinstance(token, str)


@pytest.mark.parametrize("wanted", ["/queue?item=1", "/", "/metrics?period=week&x=%2F%2Fe"])
def test_paths_of_ours_are_gone_to(wanted: str) -> None:
    assert asking.safe_next(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [None, "", "queue", "//e", "/\\e", "http://e", "/a\r\nSet-Cookie: x", "/" + "a" * 3000, "/login?next=/", "\x00/"],
)
def test_anything_else_leads_home(wanted: str | None) -> None:
    assert asking.safe_next(wanted) == "/"
