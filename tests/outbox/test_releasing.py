"""A hold on a meal plan whose PDF is stored: the file is deleted where it is stored first, and then the record."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.errors import Conflict
from core.queue import deciding
from core.resolutions.guiding import guide
from core.uow import perform
from tests.builders import count, item, rows
from tests.cast import Cast
from tests.outbox.storage import Storage
from tests.outbox.test_delivering import deliver
from tests.resolutions import records as r
from tests.resolutions.records import decided, held, row


def released(cast: Cast, url: str) -> int:
    """An item whose hold is to be released, before the file has been deleted."""
    hold = r.hold("meal_plan", r.meal_plan(pdf_url=url))
    number = held(cast.reviewer, "retention_exception", ("retention_hold", hold), hold_reason="x", hold_until="y")
    decided(cast.reviewer, number, "release")
    return number


def test_the_file_goes_first_and_then_the_record(cast: Cast, storage: Storage, noon: datetime) -> None:
    number = released(cast, storage.url("204/plan.pdf"))
    assert (count("meal_plans"), row("retention_holds", 1)["released_at"], storage.asked) == (1, None, [])
    assert deliver() == {"done": 1}
    assert [path for path, *_ in storage.asked] == ["/204/plan.pdf"]
    assert (count("meal_plans"), item(number).status) == (0, "resolved")
    assert count("retention_holds", "released_at IS NOT NULL") == 1


def test_while_the_file_is_there_so_are_record_and_hold(cast: Cast, storage: Storage, noon: datetime) -> None:
    number = released(cast, storage.url("503/plan.pdf"))
    assert deliver() == {"returned": 1}
    assert (count("meal_plans"), item(number).status, item(number).resolution) == (1, "in_progress", None)
    assert row("retention_holds", 1)["released_at"] is None


def test_a_release_is_taken_back_before_the_file_is_gone(cast: Cast, storage: Storage, noon: datetime) -> None:
    number = released(cast, storage.url("204/plan.pdf"))
    perform(cast.reviewer, deciding.undo, number)
    assert deliver() == {}
    assert (storage.asked, count("meal_plans")) == ([], 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"pdf_url": "https://store.test/new.pdf"}, "another stored PDF"), (None, "Quiz responses refer")],
)
def test_what_has_changed_meanwhile_brings_it_back(
    cast: Cast, storage: Storage, noon: datetime, change: dict[str, str] | None, why: str
) -> None:
    number = released(cast, storage.url("204/plan.pdf"))
    if change:
        r.change("meal_plans", 1, **change)
    else:
        r.quiz_response(meal_plan_id=1)
    assert deliver() == {"returned": 1}
    assert why in rows("SELECT payload FROM work_actions ORDER BY id DESC LIMIT 1")[0].payload["error"]
    assert (count("meal_plans"), item(number).resolution) == (1, None)


@pytest.mark.parametrize("url", ["https://elsewhere.test/a.pdf", "file:///etc/passwd"])
def test_a_file_elsewhere_is_not_asked_for(cast: Cast, storage: Storage, noon: datetime, url: str) -> None:
    with pytest.raises(Conflict, match="still has a stored PDF"):
        released(cast, url)
    assert count("outbox") == 0


def test_the_screen_says_that_it_leaves_the_house_only_where_it_does(
    cast: Cast, storage: Storage, noon: datetime
) -> None:
    for url, leaves in ((storage.url("204/a"), True), (None, False)):
        hold = r.hold("meal_plan", r.meal_plan(pdf_url=url))
        number = held(cast.reviewer, "retention_exception", ("retention_hold", hold), hold_reason="x", hold_until="y")
        offers = {offer.name: offer for offer in perform(cast.reviewer, guide, number).options}
        assert offers["release"].leaves_the_house is leaves
