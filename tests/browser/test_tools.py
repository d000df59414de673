"""The tools of the queue in a real browser: many at once, a view by its address, an export fetched once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.queue import opening, viewing
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.browser.conftest import QUIET, press
from tests.builders import count
from tests.cast import Cast
from tests.web.console import Console
from ui.listing import ROW_PIXELS

pytestmark = pytest.mark.browser
Desk = Callable[..., Page]


def _items(cast: Cast, number: int = 8) -> list[int]:
    news = [
        NewItem("strange", "thing", n, title=f"Thing {n}", priority="high" if n < 2 else "low") for n in range(number)
    ]
    return [opened.id for opened in perform(cast.admin, opening.open_items, news)]


def _click_rows(page: Page, rows: list[int]) -> None:
    grid = page.locator("[data-testid=stDataFrame] canvas").first
    grid.wait_for()
    page.wait_for_timeout(800)
    box = grid.bounding_box()
    assert box is not None
    for place, row in enumerate(rows, 1):
        page.mouse.click(box["x"] + 16, box["y"] + 36 + ROW_PIXELS * (row + 0.5))
        page.get_by_text(f"{place} item{'s' if place > 1 else ''} chosen").wait_for(timeout=10_000)


def test_five_rows_are_selected_seen_beforehand_and_claimed(at_desk: Desk, staffed: Cast) -> None:
    items = _items(staffed)
    page = at_desk("reviewer", "/queue")
    press(page, "s", ".st-key-choose_page")
    _click_rows(page, [0, 1, 3, 4, 5])
    press(page, "a", ".st-key-batch_preview")
    press(page, "Control+Enter", ".st-key-batch_run")
    assert count("work_items", "status = 'in_progress'") == 0
    press(page, "Control+Shift+Enter", ".st-key-batch_keep_done")
    expect(page.get_by_text("5 done")).to_be_visible()
    assert count("work_items", "status = 'in_progress'") == count("work_actions", "kind = 'CLAIM'") == 5
    assert perform(staffed.admin, viewing.view, items[0]).row.holder == "Rita Reviewer"
    page.reload()
    expect(page.get_by_text("5 done")).to_be_visible(timeout=10_000)


def test_a_saved_view_goes_into_the_address_and_comes_back_from_it(at_desk: Desk, staffed: Cast) -> None:
    _items(staffed)
    page = at_desk("reviewer", "/queue?priority=High&sort=Age%2C+oldest+first")
    press(page, "q", ".st-key-focus_tool input:focus")
    page.keyboard.type("Old and high")
    page.keyboard.press("Enter")
    page.locator(".st-key-view_save button").click()
    expect(page.locator(".st-key-tool_views")).to_contain_text("Old and high")
    page.locator(".st-key-reset_filters button").click()
    expect(page.locator(".st-key-tool_views")).to_contain_text("Views")
    press(page, "q", ".st-key-view_save")
    page.get_by_role("button", name="Old and high").last.click()
    page.wait_for_url("**/queue?*sort=Age*")
    asked = page.url
    page.goto(asked)
    page.wait_for_selector(QUIET)
    expect(page.locator(".st-key-tool_views")).to_contain_text("Old and high", timeout=10_000)
    expect(page.get_by_text("2 items")).to_be_visible()


def test_an_export_comes_down_once_and_its_link_is_refused_after(
    at_desk: Desk, console: Console, staffed: Cast
) -> None:
    _items(staffed)
    page = at_desk("reviewer", "/queue")
    press(page, "z", ".st-key-export_offer")
    page.locator(".st-key-export_offer button").click()
    address = page.locator(".st-key-export_link a").get_attribute("href")
    with page.expect_download() as download:
        page.evaluate("address => location.assign(address)", address)
    assert download.value.suggested_filename.startswith("opsdesk-items-")
    assert download.value.path().read_text("utf-8-sig").count("Thing") == 8
    assert page.request.get(f"{console.url}{address}").status == 404
