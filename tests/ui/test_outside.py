"""An effect that leaves the house, as the reviewer sees it: on its way, taken back, or back with what went wrong."""

from __future__ import annotations

import pytest

from core import clock
from core.outbox import delivering
from core.permissions import process
from core.uow import perform
from tests.builders import item, rows
from tests.cast import Cast
from tests.outbox.conftest import storage
from tests.outbox.storage import Storage
from tests.resolutions import records as r
from tests.resolutions.records import decided, held
from tests.ui.conftest import Open, shown

__all__ = ["storage"]


@pytest.fixture
def sent_off(cast: Cast, storage: Storage) -> int:
    """An item whose file is to be deleted, before the deletion has left."""
    url = storage.url("503/a.pdf")
    plan = ("meal_plan", r.meal_plan(pdf_url=url))
    number = held(cast.reviewer, "pdf_deletion_failed", plan, pdf_url=url, retry_count=3)
    decided(cast.reviewer, number, "retry_deletion")
    return number


def test_what_is_on_its_way_says_so_and_can_be_taken_back(open_page: Open, cast: Cast, sent_off: int) -> None:
    screen = open_page(cast.reviewer, "queue", {"item": str(sent_off)})
    assert not screen.exception
    assert "is being carried out" in shown(screen)
    assert not [button for button in screen.button if button.key == "decide"]
    screen.button("undo").click().run()
    assert item(sent_off).resolution is None
    assert "is being carried out" not in shown(screen)


def test_what_failed_is_back_in_hand_with_the_error_in_words(open_page: Open, cast: Cast, sent_off: int) -> None:
    due = rows("SELECT due_at FROM outbox")[0].due_at
    with clock.frozen(due):
        delivering.deliver(lambda verb, /, *args, **kwargs: perform(process("job", "outbox"), verb, *args, **kwargs))
    screen = open_page(cast.reviewer, "queue", {"item": str(sent_off)})
    assert "brought it back" in shown(screen)
    assert "503" in shown(screen)
    assert [button for button in screen.button if button.key == "decide"]
