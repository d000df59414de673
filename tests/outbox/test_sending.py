"""The one way out: where it leads, where it refuses to, and how long it waits."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from core import clock
from core.outgoing.addresses import Refused, is_listed, read
from core.outgoing.sending import LARGEST_BODY, NoAnswer, Purpose, asked_pause, check, send
from core.settings import settings
from tests.outbox.storage import Storage

ANYWHERE = Purpose("trials", None)
# fmt: off
HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.", "10.0.0.1", "10.255.255.255",
    "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1.254", "169.254.169.254", "0xa9fea9fe", "2852039166",
    "169.254.43518", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::]", "[2001:0:7f00:1::]",
    "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[fec0::1]",
]
# fmt: on
# fmt: off
SPELLINGS = [
    "https://user@127.0.0.1/", "https://127.0.0.1@example.com/", "https://example.com#@127.0.0.1/",
    "https://example.com\\@127.0.0.1/", "https:/127.0.0.1/", "https:127.0.0.1", "//127.0.0.1/",
    "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "https://①②⑦.⓪.⓪.①", "https://127。0。0。1/",
    "https://[::1%25lo]/", "https://127.0.0.1:99999/", "https://127.0.0.1:/", "https://%31%32%37.0.0.1/",
    "https://example.com/a/../b", "https://example.com/a/%2e%2e/b", "https://example.com/%252e%252e/b",
    "https://example.com/a%5cb", "https://example.com/%00", "https://127.0.0.1?x", "data:text/plain,x",
]
# fmt: on


@pytest.mark.parametrize(
    "url", [f"https://{host}/" for host in HOSTS] + SPELLINGS + ["https://e.com/ x", "https://e.com/\r\nX: y"]
)
def test_no_spelling_leads_into_our_own_network(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *given, **_: tried.append(given))
    with pytest.raises((Refused, NoAnswer)):
        send(ANYWHERE, "GET", url, deadline=5)
    assert tried == []


def test_this_machine_is_refused_unless_it_is_allowed_by_name(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(ANYWHERE, "DELETE", storage.url("204/a")).status == 204
    monkeypatch.delenv("OPSDESK_INTERNAL_HOSTS")
    settings.cache_clear()
    with pytest.raises(Refused):
        send(ANYWHERE, "DELETE", storage.url("204/a"))
    assert len(storage.asked) == 1


def test_a_name_that_changes_its_address_is_held_to_the_one_that_was_checked(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (number, 443)) for number in next(answers)]
    )
    tried: list[object] = []

    def connect(address: object, *_: object) -> socket.socket:
        tried.append(address)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NoAnswer):
        send(ANYWHERE, "GET", "https://rebinding.test/")
    assert tried == [("93.184.215.14", 443)]
    with pytest.raises(Refused):
        send(ANYWHERE, "GET", "https://rebinding.test/")


def test_a_redirect_is_an_answer_and_is_not_followed(storage: Storage) -> None:
    assert send(ANYWHERE, "DELETE", storage.url("302/a")).status == 302
    assert [path for path, *_ in storage.asked] == ["/302/a"]


def test_proxies_of_the_environment_are_not_used(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(ANYWHERE, "DELETE", storage.url("204/a")).status == 204


@pytest.mark.parametrize("how", ["never", "slowly"])
def test_nobody_keeps_us_waiting(storage: Storage, how: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="in time"):
        send(ANYWHERE, "DELETE", storage.url(how), deadline=0.5)
    assert time.monotonic() - began < 2


def test_of_a_body_without_end_only_the_beginning_is_read(storage: Storage) -> None:
    assert len(send(ANYWHERE, "DELETE", storage.url("huge"), deadline=5).body) == LARGEST_BODY


def test_a_token_goes_to_listed_hosts_alone(storage: Storage) -> None:
    token = SecretStr("secret")
    send(Purpose("files", (storage.host,), token), "DELETE", storage.url("204/a"))
    send(Purpose("webhooks", None, token), "DELETE", storage.url("204/a"))
    assert [given for *_, given in storage.asked] == ["Bearer secret", None]
    with pytest.raises(Refused):
        send(Purpose("files", ("files.test",), token), "DELETE", storage.url("204/a"))


def test_a_certificate_that_nobody_vouches_for_is_refused(storage: Storage) -> None:
    url = storage.url("204/a").replace("http:", "https:")
    with pytest.raises(NoAnswer):
        send(ANYWHERE, "DELETE", url, deadline=2)
    assert storage.asked == []


def test_hosts_are_listed_whole_and_prefixes_by_folder() -> None:
    listed = ("files.test/tenant", "Other.test:8443")
    for url, wanted in {
        "https://files.test/tenant/a": True,
        "https://FILES.test/tenant/a": True,
        "https://files.test/tenant2/a": False,
        "https://files.test/a": False,
        "https://evil-files.test/tenant/a": False,
        "https://files.test.evil.test/tenant/a": False,
        "https://files.test:8443/tenant/a": False,
        "https://other.test:8443/x": True,
        "https://other.test/x": False,
    }.items():
        assert is_listed(read(url), listed) is wanted, url


def test_what_is_not_encrypted_is_not_sent() -> None:
    with pytest.raises(Refused):
        check(Purpose("files", ("files.test",)), "http://files.test/a")


def test_a_pause_that_is_asked_for_is_believed_up_to_an_hour() -> None:
    now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    with clock.frozen(now):
        in_a_minute = format_datetime(now + timedelta(minutes=1), usegmt=True)
        given = [None, "5", "-5", "1000000000", "1" * 400, "soon", "", in_a_minute, "Wed, 01 Jan 99999 00:00:00 GMT"]
        pauses = [asked_pause(header) for header in given]
    seconds = [None if pause is None else pause.total_seconds() for pause in pauses]
    assert seconds == [None, 5, 0, 3600, 3600, None, None, 60, None]


def test_who_hangs_holds_up_no_other(storage: Storage) -> None:
    def hang() -> None:
        with pytest.raises(NoAnswer):
            send(ANYWHERE, "GET", storage.url("never"), deadline=1)

    hanging = threading.Thread(target=hang)
    hanging.start()
    began = time.monotonic()
    assert send(ANYWHERE, "DELETE", storage.url("204/a")).status == 204
    assert time.monotonic() - began < 0.9
    hanging.join()
