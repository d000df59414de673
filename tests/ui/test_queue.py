"""The workbench: what one sees, does and is refused, by the script that the console runs."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.queue import claiming, deciding, noting, opening, viewing
from core.queue.deciding import Decision
from core.queue.newcomers import NewItem
from core.uow import perform
from core.words import Status
from tests.cast import Cast
from tests.ui.conftest import Open, shown, sign_out_everywhere


@pytest.fixture
def items(cast: Cast) -> list[int]:
    """Three items of falling weight; the second is about nothing we know."""
    news = [
        NewItem("complaint", "complaint", 1, title="Cold soup", priority="critical"),
        NewItem(
            "strange_thing", "thing", 2, title="A <b>strange</b> ![x](http://evil.test/x.png) thing", priority="high"
        ),
        NewItem("complaint", "complaint", 3, title="Late box", priority="low"),
    ]
    return [opened.id for opened in perform(cast.admin, opening.open_items, news)]


def _grid(screen: AppTest) -> list[str]:
    return list(screen.dataframe[0].value["title"])


def _open(open_page: Open, who: object, item: int) -> AppTest:
    return open_page(who, "queue", {"item": str(item)})


def _status(cast: Cast, item: int) -> Status:
    return perform(cast.admin, viewing.view, item).row.status


def test_nobody_sees_anything_but_the_way_in(open_page: Open, items: list[int]) -> None:
    screen = open_page(None)
    assert "/login" in shown(screen)
    assert not screen.dataframe


def test_the_list_stands_by_score_and_the_address_opens_an_item(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _open(open_page, cast.reviewer, items[2])
    assert not screen.exception
    assert [title[:9] for title in _grid(screen)] == ["Cold soup", "A <b>stra", "Late box"]
    assert "Late box" in shown(screen)


def test_a_filter_in_the_address_narrows_the_list(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = open_page(cast.reviewer, "queue", {"priority": "Low"})
    assert _grid(screen) == ["Late box"]


def test_a_filter_that_means_nothing_shows_the_usual_list(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = open_page(cast.reviewer, "queue", {"status": "nonsense", "sort": "\x00", "assignee": "9" * 50})
    assert not screen.exception
    assert len(_grid(screen)) == 3


def test_j_and_k_walk_through_the_list(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = open_page(cast.reviewer, "queue")
    for expected in (items[0], items[1]):
        screen.button("next").click().run()
        assert screen.query_params["item"] == str(expected)
    screen.button("previous").click().run()
    assert screen.query_params["item"] == str(items[0])


def test_a_claim_puts_the_item_into_ones_hands(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _open(open_page, cast.reviewer, items[0])
    screen.button("deed_claim").click().run()
    assert not screen.exception
    assert _status(cast, items[0]) is Status.IN_PROGRESS
    assert "Held by **you**" in shown(screen)


def test_who_comes_second_is_told_who_was_first(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _open(open_page, cast.reviewer, items[0])
    perform(cast.reviewer2, claiming.claim, items[0])
    screen.button("deed_claim").click().run()
    assert "Rolf Reviewer" in shown(screen)
    assert "claim by Rolf Reviewer" in shown(screen)


def test_the_item_shown_is_acted_on_whatever_moved_in_the_list(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _open(open_page, cast.reviewer, items[2])
    perform(cast.admin, opening.open_item, NewItem("complaint", "complaint", 9, title="Fire", priority="critical"))
    screen.button("deed_claim").click().run()
    assert (_status(cast, items[2]), _status(cast, items[1])) == (Status.IN_PROGRESS, Status.OPEN)


def test_an_item_is_resolved_with_a_justification_and_undone(open_page: Open, cast: Cast, items: list[int]) -> None:
    perform(cast.reviewer, claiming.claim, items[1])
    screen = _open(open_page, cast.reviewer, items[1])
    screen.text_area(f"why_{items[1]}").set_value("Settled by telephone.").run()
    screen.button("decide").click().run()
    assert not screen.exception
    assert _status(cast, items[1]) is Status.RESOLVED
    screen.button("undo").click().run()
    assert _status(cast, items[1]) is Status.IN_PROGRESS


def test_without_a_justification_nothing_is_decided(open_page: Open, cast: Cast, items: list[int]) -> None:
    perform(cast.reviewer, claiming.claim, items[1])
    screen = _open(open_page, cast.reviewer, items[1])
    screen.button("decide").click().run()
    assert "Justification cannot be empty" in shown(screen).replace("\\", "")
    assert _status(cast, items[1]) is Status.IN_PROGRESS


def test_what_is_typed_is_kept_with_the_item(open_page: Open, cast: Cast, items: list[int]) -> None:
    perform(cast.reviewer, claiming.claim, items[1])
    screen = _open(open_page, cast.reviewer, items[1])
    screen.text_area(f"why_{items[1]}").set_value("half a thought").run()
    assert perform(cast.reviewer, viewing.view, items[1]).draft_note == "half a thought"
    again = _open(open_page, cast.reviewer, items[1])
    assert again.text_area(f"why_{items[1]}").value == "half a thought"


def test_a_lost_claim_loses_no_text(open_page: Open, cast: Cast, items: list[int]) -> None:
    perform(cast.reviewer, claiming.claim, items[1])
    screen = _open(open_page, cast.reviewer, items[1])
    screen.text_area(f"why_{items[1]}").set_value("half a thought").run()
    perform(cast.reviewer, claiming.release, items[1])
    screen.run()
    assert "no longer hold this item" in shown(screen)
    assert screen.text_area(f"why_{items[1]}").value == "half a thought"
    screen.button("deed_claim").click().run()
    assert screen.button("decide")


def test_a_second_click_on_what_was_done_does_nothing_more(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _open(open_page, cast.reviewer, items[0])
    screen.button("deed_comment").click().run()
    for _ in range(2):
        if screen.get("text_area"):
            screen.text_area(f"ask_reason_{items[0]}").set_value("Called her.")
            screen.button("ask_confirm").click().run()
    written = [entry for entry in perform(cast.reviewer, viewing.view, items[0]).history if entry.kind == "COMMENT"]
    assert len(written) == 1


def test_a_viewer_sees_no_button_that_acts(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _open(open_page, cast.viewer, items[0])
    assert not [button.key for button in screen.button if str(button.key).startswith(("deed_", "take", "option_"))]


def test_a_manager_may_take_over_and_assign(open_page: Open, cast: Cast, items: list[int]) -> None:
    perform(cast.reviewer, claiming.claim, items[0])
    screen = _open(open_page, cast.manager, items[0])
    screen.button("deed_take_over").click().run()
    assert "Held by **you**" in shown(screen)


def test_an_auditor_is_told_what_is_missing(open_page: Open, cast: Cast, items: list[int]) -> None:
    with pytest.raises(ValueError, match="queue"):
        open_page(cast.auditor, "queue")  # the menu has no such page for them


def test_who_is_signed_out_elsewhere_acts_no_more(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _open(open_page, cast.reviewer, items[0])
    sign_out_everywhere(cast.reviewer)
    screen.button("deed_claim").click().run()
    assert _status(cast, items[0]) is Status.OPEN
    assert "Your session has ended" in shown(screen)
    assert "Cold soup" not in shown(screen)


def test_what_people_wrote_is_shown_as_they_wrote_it(open_page: Open, cast: Cast, items: list[int]) -> None:
    perform(cast.reviewer, noting.comment, items[1], "**bold** [link](http://evil.test) :red[x] \u202egnp.exe")
    screen = _open(open_page, cast.reviewer, items[1])
    assert not screen.exception
    drawn = "\n".join(str(each.value) for each in screen.markdown)
    assert "![x]" not in drawn
    assert "[link](" not in drawn
    assert ":red[x]" not in drawn


def test_take_next_opens_the_best_item(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = open_page(cast.reviewer, "queue")
    screen.button("take_next").click().run()
    assert screen.query_params["item"] == str(items[0])
    assert _status(cast, items[0]) is Status.IN_PROGRESS


def test_an_empty_queue_says_so(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.reviewer, "queue")
    assert "Nothing here" in shown(screen)
    screen.button("take_next").click().run()
    assert "the queue is empty" in shown(screen)


def test_a_decision_elsewhere_is_told_with_what_changed(open_page: Open, cast: Cast, items: list[int]) -> None:
    perform(cast.reviewer, claiming.claim, items[1])
    screen = _open(open_page, cast.reviewer, items[1])
    screen.text_area(f"why_{items[1]}").set_value("Settled.").run()
    perform(cast.reviewer, deciding.decide, items[1], Decision("resolve", "On another tab.", {}))
    screen.button("decide").click().run()
    assert "has changed since you opened it" in shown(screen)
