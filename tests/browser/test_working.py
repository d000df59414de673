"""A working day in a real browser: sign in, claim and resolve without a mouse, and find it in the audit log."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.queue import claiming, noting, opening, viewing
from core.queue.newcomers import NewItem
from core.uow import perform
from core.words import Status
from tests.browser.conftest import QUIET, press
from tests.cast import Cast
from tests.ui.conftest import sign_out_everywhere
from ui.listing import ROW_PIXELS

pytestmark = pytest.mark.browser
Desk = Callable[..., Page]
NASTY = 'Soup <img src=x onerror="alert(1)"> ![x](http://evil.test/x.png) [go](http://evil.test) \u202egnp'


def _items(cast: Cast, count: int = 3) -> list[int]:
    news = [
        NewItem("strange", "thing", n, title=f"Thing {n}", priority="critical" if n == 1 else "medium")
        for n in range(1, count + 1)
    ]
    return [opened.id for opened in perform(cast.admin, opening.open_items, news)]


def test_an_item_is_claimed_and_resolved_by_keyboard_and_stands_in_the_audit_log(at_desk: Desk, staffed: Cast) -> None:
    items = _items(staffed)
    page = at_desk("reviewer", "/queue")
    page.wait_for_selector("[data-testid=stDataFrame] canvas")
    press(page, "j", ".st-key-deed_claim")
    press(page, "a", ".st-key-decide")
    press(page, "1", ".st-key-focus_here textarea:focus")
    page.keyboard.type("Settled by telephone.")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".st-key-undo")
    row = perform(staffed.admin, viewing.view, items[0])
    assert (row.row.status, row.history[0].payload["justification"]) == (Status.RESOLVED, "Settled by telephone.")
    audit = at_desk("auditor", "/audit")
    expect(audit.locator("[role=gridcell]", has_text="item.resolved").first).to_be_attached(timeout=15_000)


def test_a_colleagues_claim_appears_by_itself_and_leaves_what_is_typed(at_desk: Desk, staffed: Cast) -> None:
    items = _items(staffed)
    perform(staffed.reviewer, claiming.claim, items[0])
    page = at_desk("reviewer", f"/queue?item={items[0]}")
    page.wait_for_selector(".st-key-decide")
    box = page.locator(f".st-key-why_{items[0]} textarea")
    box.click()
    page.keyboard.type("half a thought")
    perform(staffed.reviewer2, claiming.claim, items[1])
    expect(page.locator("[role=gridcell]", has_text="In progress")).to_have_count(2, timeout=15_000)
    assert box.input_value() == "half a thought"


def test_a_click_on_a_row_opens_the_item_of_that_row(at_desk: Desk, staffed: Cast) -> None:
    items = _items(staffed)
    page = at_desk("reviewer", "/queue")
    grid = page.locator("[data-testid=stDataFrame] canvas").first
    grid.wait_for()
    page.wait_for_timeout(800)
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 36 + ROW_PIXELS * 1.5)
    page.wait_for_url(f"**/queue?item={items[1]}", timeout=8_000)


def test_what_people_wrote_asks_for_nothing_and_runs_nothing(at_desk: Desk, staffed: Cast) -> None:
    item = perform(
        staffed.admin,
        opening.open_item,
        NewItem("strange", "thing", 1, title=NASTY, reason=NASTY, context={NASTY[:30]: NASTY, "n": [NASTY]}),
    ).id
    perform(staffed.reviewer, noting.comment, item, NASTY)
    page = at_desk("reviewer", "/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for place in ("/", f"/queue?item={item}"):
        page.goto(page.url.split("/")[0] + "//" + page.url.split("/")[2] + place)
        page.wait_for_selector(QUIET)
        page.wait_for_timeout(1500)
        assert "![x]" in page.inner_text("body")
        assert not [
            link.get_attribute("outerHTML") or link.inner_text() for link in page.locator("a[href*=evil]").all()
        ]
    assert not [url for url in asked if "evil" in url]


@pytest.mark.parametrize("width", [1024, 1440])
def test_nothing_hangs_over_the_edge(at_desk: Desk, staffed: Cast, width: int) -> None:
    news = [NewItem("strange", "thing", n, title="Overlong " * 30, priority="high") for n in range(40)]
    items = [opened.id for opened in perform(staffed.admin, opening.open_items, news)]
    perform(staffed.reviewer, claiming.claim, items[0])
    page = at_desk("reviewer", f"/queue?item={items[0]}", width=width)
    page.wait_for_selector(".st-key-decide")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    buttons = page.locator("[data-testid=stMain] button")
    assert buttons.evaluate_all(f"all => all.filter(b => b.getBoundingClientRect().right > {width}).length") == 0


def test_signing_out_ends_the_session_on_every_tab(at_desk: Desk, staffed: Cast) -> None:
    page = at_desk("reviewer", "/queue")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login*")
    page.go_back()
    expect(page.locator("body")).to_contain_text("Your session has ended", timeout=15_000)


def test_what_stood_on_the_screen_is_gone_soon_after_the_session(at_desk: Desk, staffed: Cast) -> None:
    _items(staffed)
    page = at_desk("reviewer", "/queue")
    page.wait_for_selector("[data-testid=stDataFrame]")
    sign_out_everywhere(staffed.reviewer)
    expect(page.locator("body")).to_contain_text("Your session has ended", timeout=15_000)
    expect(page.locator("[data-testid=stDataFrame]")).to_have_count(0)
