"""The console as it is served, and people in front of it with a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from tests.chromium import required
from tests.people.conftest import PASSWORD, staffed
from tests.web.console import Console, running

__all__ = ["staffed"]
QUIET = "[data-testid=stApp][data-test-script-state=notRunning]"


@pytest.fixture(scope="module")
def console(server: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """`Home:app`, really served."""
    with running("Home:app", tmp_path_factory.mktemp("console") / "log") as served:
        yield served


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    with sync_playwright() as it:
        browser = it.chromium.launch(**required())
        yield browser
        browser.close()


@pytest.fixture
def at_desk(console: Console, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Sit somebody down: signed in through the form, looking at a page of theirs."""
    contexts = []

    def sit(name: str, path: str = "/", width: int = 1440, scheme: str = "light") -> Page:
        context = chromium.new_context(
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{console.url}{path}")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"^(?!.*/login)"))
        page.wait_for_selector(QUIET)
        return page

    yield sit
    for context in contexts:
        if folder := os.environ.get("OPSDESK_TEST_SHOTS"):
            context.pages[0].screenshot(path=f"{folder}/{id(context)}.png")
        context.close()


def press(page: Page, key: str, until: str) -> None:
    """Press a key until `until` is on the screen: keys of the first moments after a painting are lost."""
    for _ in range(12):
        if page.locator(until).count():
            return
        page.keyboard.press(key)
        with suppress(TimeoutError):
            page.wait_for_selector(until, timeout=1500)
    page.wait_for_selector(until, timeout=1500)
