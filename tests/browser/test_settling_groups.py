"""Four hundred failed deletions are settled as one group while the storage falls ill half-way and gets well again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core import config
from core.settings import settings
from core.uow import perform
from tests.browser.conftest import press
from tests.builders import count, rows
from tests.cast import Cast
from tests.outbox.failing import deliver_all, failed_deletions
from tests.outbox.storage import Storage, listening
from tests.web.console import Console, running

pytestmark = pytest.mark.browser
Desk = Callable[..., Page]
MANY, WELL_FOR = 400, 200


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    """A storage for the module, so that the console may be told of it."""
    with listening() as made:
        yield made


@pytest.fixture(scope="module")
def console(server: None, storage: Storage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The console, allowed to send to the storage, as this process is that delivers."""
    allowed = {
        "BLOB_HOSTS": storage.host,
        "OPSDESK_INTERNAL_HOSTS": storage.host,
        "BLOB_READ_WRITE_TOKEN": "blob-token",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in allowed.items():
            environment.setenv(name, value)
        settings.cache_clear()
        with running("Home:app", tmp_path_factory.mktemp("console") / "log") as served:
            yield served
    settings.cache_clear()


@pytest.fixture
def delivering() -> Iterator[None]:
    """The outbox is delivered all the while."""
    over = threading.Event()

    def deliver() -> None:
        while not over.wait(0.1):
            deliver_all()

    thread = threading.Thread(target=deliver)
    thread.start()
    yield
    over.set()
    thread.join()


def test_four_hundred_are_settled_though_the_storage_dies_half_way(
    at_desk: Desk, staffed: Cast, storage: Storage, delivering: None, chromium: Browser
) -> None:
    perform(staffed.admin, config.change, "UNDO_SECONDS", "0")
    failed_deletions(staffed, storage, MANY)
    storage.well_for = WELL_FOR
    page = at_desk("reviewer", "/groups")
    press(page, "j", ".st-key-option_retry_deletion")
    page.locator(".st-key-option_retry_deletion button").first.click()
    page.wait_for_selector(".st-key-focus_here textarea:focus")
    page.keyboard.type("The storage is well again.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile("are settling this group"))).to_be_visible(timeout=15_000)
    page.reload()  # a moment later it goes on, as if nothing had been
    stopped = page.get_by_text(re.compile(r"\d+ items failed, more than 5; the rest was left alone"))
    expect(stopped).to_be_visible(timeout=60_000)
    assert count("work_items", "status = 'resolved'") == WELL_FOR
    assert len(storage.asked) <= WELL_FOR + 5 + 25
    colleague = at_desk("viewer", "/groups")
    expect(colleague.locator("[role=gridcell]", has_text="Rita Reviewer: stopped 200/400")).to_be_attached()
    storage.well_for = None
    press(page, "Control+Enter", ".st-key-stop")
    expect(page.get_by_text("400 of 400 done")).to_be_visible(timeout=60_000)
    assert sorted(storage.deleted) == sorted(f"/204/{file}.pdf" for file in range(MANY))
    assert count("meal_plans", "pdf_url IS NULL AND pdf_deleted_at IS NOT NULL") == MANY
    assert count("work_items", "status = 'resolved'") == count("work_actions", "kind = 'RESOLVE'") == MANY
    assert _paths_of_keys(storage) <= 1


def _paths_of_keys(storage: Storage) -> int:
    """The most files that one key stood for; each file was deleted once, so that each went under one key."""
    paths: dict[str | None, set[str]] = {}
    for path, key, _ in storage.asked:
        paths.setdefault(key, set()).add(path)
    assert len(rows("SELECT DISTINCT idempotency_key FROM outbox")) == len(paths)
    return max(len(each) for each in paths.values())
