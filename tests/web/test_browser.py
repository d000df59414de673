"""In a real browser: signing in by keyboard, and a page that loads everything it needs and nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.cast import Cast
from tests.chromium import required
from tests.people.conftest import PASSWORD
from tests.web.console import Console

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_signs_in_by_keyboard_and_sees_everything(console: Console, staffed: Cast, scheme: str) -> None:
    with sync_playwright() as it:
        chromium = it.chromium.launch(**required())
        page = chromium.new_page(color_scheme=scheme)  # type: ignore[arg-type]
        said, asked = _watch(page)
        page.goto(f"{console.url}/queue?look=1")
        _type(page, "reviewer", "wrong")
        page.wait_for_selector("[role=alert]")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid=stDataFrame] canvas")
        page.wait_for_selector(".js-plotly-plot")
        page.wait_for_selector("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
        with page.expect_download() as taken:
            page.get_by_role("button", name="take").click()
        assert taken.value.path().read_text() == "secret,rows"
        assert page.url.endswith("/queue?look=1")
        chromium.close()
    assert not [line for line in said if "Content Security Policy" in line or "violates" in line]
    assert not [url for url in asked if not url.startswith((console.url, "blob:", "data:"))]


def test_a_media_file_needs_a_session(console: Console, staffed: Cast) -> None:
    with sync_playwright() as it:
        chromium = it.chromium.launch(**required())
        page = chromium.new_page()
        page.goto(f"{console.url}/?look=1")
        _type(page, "reviewer", PASSWORD)
        with page.expect_download() as taken:
            page.get_by_role("button", name="take").click()
        url = taken.value.url
        chromium.close()
    with console.visitor() as stranger:
        assert "/media/" in url
        assert stranger.get(url, headers={"accept": "*/*"}).status_code == 401


def _watch(page: Page) -> tuple[list[str], list[str]]:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    return said, asked


def _type(page: Page, name: str, password: str) -> None:
    page.wait_for_selector("#username:focus")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
