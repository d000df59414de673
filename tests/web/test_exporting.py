"""Exports over the wire: behind the sign-in, once, as a file, and 404 for everybody else."""

from __future__ import annotations

import httpx

from core import exporting
from core.permissions import Principal
from core.queue.filters import Filter
from core.uow import perform
from tests.builders import opened
from tests.cast import Cast
from tests.web.console import COOKIE, Console


def _browser(console: Console, name: str) -> httpx.Client:
    browser = console.visitor()
    browser.cookies.set(COOKIE, console.sign_in(name), "127.0.0.1")
    return browser


def _address(who: Principal) -> str:
    return f"/export/{perform(who, exporting.offer, Filter())}"


def test_an_export_is_a_file_that_nothing_keeps(console: Console, staffed: Cast) -> None:
    number = opened(staffed.reviewer, title="Späti \u201chere\u201d")
    with _browser(console, "viewer") as browser:
        answer = browser.get(_address(staffed.viewer))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="opsdesk-items-')
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbfid,queue,")
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith(f"{number},")
    assert "Späti “here”" in lines[1]


def test_it_is_fetched_once_and_a_glance_uses_nothing_up(console: Console, staffed: Cast) -> None:
    address = _address(staffed.viewer)
    with _browser(console, "viewer") as browser:
        assert browser.head(address).status_code == 405
        assert [browser.get(address).status_code for _ in range(2)] == [200, 404]


def test_anothers_ticket_is_not_found_and_stays_good(console: Console, staffed: Cast) -> None:
    address = _address(staffed.viewer)
    with _browser(console, "admin") as other:
        assert other.get(address).status_code == 404
        assert other.get("/export/x").status_code == 404
    with _browser(console, "viewer") as browser:
        assert browser.get(address).status_code == 200


def test_nobody_who_is_not_signed_in_gets_it(console: Console, staffed: Cast) -> None:
    address = _address(staffed.viewer)
    with console.visitor() as browser:
        assert browser.get(address).status_code == 303
        assert browser.get(address, headers={"accept": "*/*"}).status_code == 401
    with _browser(console, "viewer") as browser:
        assert browser.get(address).status_code == 200
