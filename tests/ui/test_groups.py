"""Failure groups on the screen: what is seen, planned, rehearsed, started, and by whom it goes on."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.queue import claiming, runs, settling
from core.queue.runs import Run
from core.queue.settling import Plan
from core.uow import perform
from tests.builders import count, item, opened
from tests.cast import Cast
from tests.queue.test_grouping import GIVE_UP, failures, make_hopeless
from tests.ui.conftest import Open, shown


def _open(open_page: Open, who: object, example: int) -> AppTest:
    screen = open_page(who, "groups", {"group": str(example)})
    assert not screen.exception
    return screen


def _run(cast: Cast, example: int) -> Run:
    return perform(cast.reviewer, runs.runs, [example])[example]


def _has(screen: AppTest, key: str) -> bool:
    return any(button.key == key for button in screen.button)


def _planned(screen: AppTest, example: int, option: str = "mark_failed") -> AppTest:
    screen.button(f"option_{option}").click().run()
    return screen.text_area(f"why_group_{example}").set_value("The files are gone.").run()


def _to_its_end(screen: AppTest) -> AppTest:
    for _ in range(20):
        if not _has(screen, "stop"):
            return screen
        screen.run()
    raise AssertionError("it does not end")


def test_the_largest_group_comes_first_and_what_failed_once_is_none(open_page: Open, cast: Cast) -> None:
    failures(cast, 3)
    for number in range(5):
        opened(cast.admin, reason="bounced", resource_type="mail", resource_id=number)
    opened(cast.admin, reason="odd one out", resource_type="mail", resource_id=99)
    screen = open_page(cast.viewer, "groups")
    assert list(screen.dataframe[0].value["count"]) == [5, 3]
    assert "2 groups, 8 items" in shown(screen)


def test_without_failures_it_says_so(open_page: Open, cast: Cast) -> None:
    assert "No failure groups" in shown(open_page(cast.viewer, "groups"))


def test_a_viewer_sees_the_group_and_no_button_that_acts(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 3)
    screen = _open(open_page, cast.viewer, ids[0])
    assert "storage said 404 to plan" in shown(screen)
    assert not _has(screen, "start")
    assert not _has(screen, "rehearse")


def test_a_rehearsal_is_shown_with_its_refusals_and_does_nothing(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 5)
    make_hopeless(ids[3:], hopeless=True)
    screen = _planned(_open(open_page, cast.reviewer, ids[0]), ids[0])
    screen.button("rehearse").click().run()
    assert not screen.exception
    assert "3 would be done, 2 refused" in shown(screen)
    assert "2 × Mark permanently failed needs pdf" in shown(screen).replace("\\", "")
    assert count("work_items", "version > 1") == count("group_runs") == 0


def test_a_group_is_settled_from_start_to_end(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 40)
    screen = _planned(_open(open_page, cast.reviewer, ids[0]), ids[0])
    screen.button("start").click().run()
    assert not screen.exception
    _to_its_end(screen)
    assert "All of them are done" in shown(screen)
    assert count("work_items", "status = 'resolved'") == 40
    assert not _has(screen, "start")


def test_without_a_justification_nothing_starts_and_the_form_says_where(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 3)
    screen = _open(open_page, cast.reviewer, ids[0])
    screen.button("start").click().run()
    assert "Justification cannot be empty" in "".join(caption.value for caption in screen.caption)
    assert count("group_runs") == 0


def test_where_a_canary_dies_it_says_so_and_goes_on_when_it_is_told_to(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 8)
    make_hopeless(ids[1:2], hopeless=True)
    screen = _planned(_open(open_page, cast.reviewer, ids[0]), ids[0])
    screen.button("start").click().run()
    _to_its_end(screen)
    assert "The first items did not go well" in shown(screen).replace("\\", "")
    assert (_run(cast, ids[0]).done, item(ids[5]).version) == (2, 1)
    make_hopeless(ids[1:2], hopeless=False)
    again = _open(open_page, cast.reviewer, ids[4])  # another day, by another of its items
    again.button("resume").click().run()
    _to_its_end(again)
    assert count("work_items", "status = 'resolved'") == 8


def test_others_see_who_settles_it_and_a_manager_stops_it(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 40)
    perform(cast.reviewer, settling.step, perform(cast.reviewer, settling.start, ids[0], Plan(GIVE_UP)))
    colleague = _open(open_page, cast.reviewer2, ids[9])
    assert "Rita Reviewer** is settling this group" in shown(colleague)
    assert "3 of 40 done" in "".join(str(bar.proto) for bar in colleague.get("progress"))
    assert not any(_has(colleague, key) for key in ("stop", "resume", "start"))
    assert list(colleague.dataframe[0].value["run"]) == ["Rita Reviewer: 3/40"]
    manager = _open(open_page, cast.manager, ids[9])
    manager.button("stop").click().run()
    assert _run(cast, ids[9]).why == "Mona Manager stopped it."
    assert _run(cast, ids[9]).done == 3


def test_a_settling_may_be_given_up_for_another(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 8)
    number = perform(cast.reviewer, settling.start, ids[0], Plan(GIVE_UP))
    perform(cast.reviewer, settling.stop, number)
    screen = _open(open_page, cast.reviewer, ids[0])
    assert not _has(screen, "start")
    screen.button("anew").click().run()
    _planned(screen, ids[0], "defer").button("start").click().run()
    _to_its_end(screen)
    assert count("work_items", "status = 'deferred'") == 8


def test_what_is_in_other_hands_leaves_nothing_to_settle(open_page: Open, cast: Cast) -> None:
    ids = failures(cast, 2)
    for each in ids:
        perform(cast.reviewer2, claiming.claim, each)
    assert not _has(_open(open_page, cast.reviewer, ids[0]), "start")


def test_options_that_ask_of_each_item_something_of_its_own_are_not_offered(open_page: Open, cast: Cast) -> None:
    for number in (1, 2):
        opened(cast.admin, "missing_data", reason="lacks phone", resource_type="provider", resource_id=number)
    screen = _open(open_page, cast.reviewer, 1)
    assert not _has(screen, "option_update_fields")
    assert _has(screen, "option_reject")


@pytest.mark.parametrize("address", ["999999", "x", "9" * 30])
def test_an_address_that_names_no_group_shows_the_list(open_page: Open, cast: Cast, address: str) -> None:
    failures(cast, 2)
    screen = open_page(cast.reviewer, "groups", {"group": address})
    assert not screen.exception
    assert "Choose a group" in shown(screen)


def test_what_programs_wrote_is_shown_as_they_wrote_it(open_page: Open, cast: Cast) -> None:
    for number in (1, 2):
        opened(cast.admin, reason="![x](http://evil.test/x.png) <b>", resource_type="mail", resource_id=number)
    screen = _open(open_page, cast.reviewer, 1)
    assert "![x](" not in "\n".join(str(each.value) for each in (*screen.markdown, *screen.subheader))
