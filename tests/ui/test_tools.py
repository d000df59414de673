"""The tools of the queue: search, saved views, a customer's items, exports, and many items at once."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.permissions import Principal
from core.queue import batching, claiming, continuing, noting, opening, tasks, views
from core.queue.deciding import Decision
from core.queue.filters import Filter
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.builders import claimed, count, item, opened, rows
from tests.cast import Cast
from tests.resolutions import records
from tests.ui.conftest import Open, shown
from ui.batch.going import BATCHES
from ui.views.queue import _ITEMS


@pytest.fixture
def items(cast: Cast) -> list[int]:
    """Thirty items of falling weight: more than a page."""
    news = [
        NewItem("complaint", "complaint", n, title=f"Cold soup {n}", priority="high" if n < 5 else "low")
        for n in range(30)
    ]
    return [opened.id for opened in perform(cast.admin, opening.open_items, news)]


def _queue(open_page: Open, who: Principal, **address: str) -> AppTest:
    return open_page(who, "queue", address)


def _press(screen: AppTest, *keys: str) -> AppTest:
    for key in keys:
        screen.button(key).click().run()
        assert not screen.exception
    return screen


def _listed(screen: AppTest) -> list[int]:
    return [int(number) for number in screen.dataframe[0].value["number"]] if screen.dataframe else []


def _keys(screen: AppTest) -> set[str]:
    return {str(button.key) for button in screen.button}


# Searching


@pytest.mark.parametrize("words", ["soup 17", "sou 17"])
def test_words_find_items_and_stay_out_of_the_address(
    open_page: Open, cast: Cast, items: list[int], words: str
) -> None:
    screen = _queue(open_page, cast.reviewer)
    screen.text_input("search").set_value(words).run()
    assert _listed(screen) == [items[17]]
    assert "soup" not in str(dict(screen.query_params))


def test_a_number_finds_its_item(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _queue(open_page, cast.reviewer)
    screen.text_input("search").set_value(f"#{items[29]}").run()
    assert items[29] in _listed(screen)


def test_a_reference_in_the_address_moves_into_the_box(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _queue(open_page, cast.reviewer, ref="soup 3")
    assert (screen.text_input("search").value, "ref" in screen.query_params) == ("soup 3", False)
    assert items[3] in _listed(screen)


def test_finding_nothing_says_what_was_searched_and_leads_on(open_page: Open, cast: Cast, items: list[int]) -> None:
    with_one_decided = perform(cast.admin, opening.open_item, NewItem("odd", "o", 1, title="Borscht")).id
    perform(cast.reviewer, claiming.claim, with_one_decided)
    batching.run(cast.reviewer, perform(cast.reviewer, batching.afresh, [with_one_decided]), _settle())
    screen = _queue(open_page, cast.reviewer, priority="High")
    screen.text_input("search").set_value("borscht").run()
    assert "Nothing is found for “borscht”" in shown(screen)
    _press(screen, "search_all")
    assert screen.button("reset_from_empty")
    _press(screen, "reset_from_empty")
    assert len(_listed(screen)) == 25


def _settle() -> tasks.Task:
    return tasks.decide(Decision("resolve", "Eaten.", {}))


# Saved views


def test_a_view_is_saved_without_the_words_chosen_and_sets_the_filters(
    open_page: Open, cast: Cast, items: list[int]
) -> None:
    screen = _queue(open_page, cast.manager, priority="High", sort="Age, oldest first", assignee="nobody")
    screen.text_input("search").set_value("soup").run()
    _press(screen, "key_views")
    screen.text_input("view_name_0").set_value("Urgent").run()
    screen.checkbox("view_shared").check().run()
    _press(screen, "view_save")
    (view,) = perform(cast.manager, views.views)
    assert (view.name, view.shared, view.wanted.text) == ("Urgent", True, None)
    other = _queue(open_page, cast.reviewer)
    _press(other, "key_views", f"view_{view.id}")
    assert len(_listed(other)) == 5
    assert dict(other.query_params) == {
        "priority": "High",
        "sort": "Age, oldest first",
        "assignee": "nobody",
    }
    assert f"view_delete_{view.id}" not in _keys(_press(other, "key_views"))


def test_a_view_is_replaced_and_deleted_by_its_owner(open_page: Open, cast: Cast, items: list[int]) -> None:
    number = perform(cast.reviewer, views.save, "Mine", Filter())
    screen = _press(_queue(open_page, cast.reviewer, priority="Low"), "key_views")
    screen.text_input("view_name_0").set_value("Mine").run()
    assert screen.button("view_save").label == "Replace it"
    _press(screen, "view_save")
    assert perform(cast.reviewer, views.views)[0].wanted.priority == ("low",)
    assert "view_shared" not in {box.key for box in screen.checkbox}
    _press(screen, "key_views", f"view_delete_{number}")
    assert perform(cast.reviewer, views.views) == []


def test_a_view_that_no_widget_can_ask_for_cannot_be_chosen(open_page: Open, cast: Cast) -> None:
    number = perform(cast.reviewer, views.save, "From a program", Filter(status="waiting", score_min=12.5))
    screen = _press(_queue(open_page, cast.reviewer), "key_views")
    assert screen.button(f"view_{number}").disabled


# A customer's items


def test_a_customers_items_are_found_by_who_may_and_leave_nothing_behind(open_page: Open, cast: Cast) -> None:
    customer = records.customer(email="jane@example.com")
    number = opened(cast.admin, title="A table", customer_id=customer)
    assert "key_customer" not in _keys(_queue(open_page, cast.reviewer))
    screen = _press(_queue(open_page, cast.senior), "key_customer")
    screen.text_input("find_value").set_value("JANE@example.com")
    _press(screen, "find_customer_now")
    assert "on record" in shown(screen)
    _press(screen, f"found_{number}")
    assert dict(screen.query_params) == {"item": str(number)}
    assert not [key for key in ("find_value", "customer.found") if key in screen.session_state]
    assert count("ops_audit_log", "action = 'customer.searched'") == 1


def test_a_value_that_is_not_whole_is_refused(open_page: Open, cast: Cast) -> None:
    screen = _press(_queue(open_page, cast.senior), "key_customer")
    screen.text_input("find_value").set_value("x")
    _press(screen, "find_customer_now")
    assert "is the whole of an e" in shown(screen)


# Exports


def test_an_export_is_a_link_made_when_asked_for(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _press(_queue(open_page, cast.viewer, priority="High"), "key_export")
    assert "Export 5 items" in shown(screen)
    assert "redacted as on the screen" in shown(screen)
    _press(screen, "export_offer", "export_offer")
    assert count("export_tickets", "contents = 'items'") == 2
    (link,) = screen.get("link_button")
    assert link.proto.url.startswith("/export/")
    screen.radio("export_contents").set_value("actions").run()
    assert not screen.get("link_button")


# Many at once


def test_a_viewer_has_nothing_to_select_with(open_page: Open, cast: Cast, items: list[int]) -> None:
    assert not {key for key in _keys(_queue(open_page, cast.viewer)) if key.startswith(("select", "batch", "choose"))}
    batch = perform(cast.reviewer, continuing.begin, perform(cast.reviewer, batching.afresh, items), tasks.claim())
    screen = _queue(open_page, cast.viewer, batch=str(batch))
    assert not screen.exception
    assert "batch" not in "".join(_keys(screen))


def test_what_is_chosen_stays_chosen_on_every_page(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _press(_queue(open_page, cast.reviewer), "select_many", "next", "mark", "next", "mark")
    chosen = [_listed(screen)[0], _listed(screen)[2]]
    _press(screen, f"{_ITEMS.name}_more", "next", "mark")
    chosen.append(_listed(screen)[0])
    assert "3 items chosen" in shown(screen)
    _press(screen, f"{_ITEMS.name}_back")
    assert screen.session_state["choosing.chosen"] == dict.fromkeys(chosen, 1)
    _press(screen, "choose_all")
    assert "30 items chosen" in shown(screen)
    assert "items chosen" not in shown(_press(screen, "choose_none"))


def test_the_keys_choose_the_item_they_are_at(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _press(_queue(open_page, cast.reviewer), "select_many", "next", "mark", "mark")
    first, second, *_ = _listed(screen)
    assert list(screen.session_state["choosing.chosen"]) == [first, second]
    _press(screen, "previous", "mark")
    assert list(screen.session_state["choosing.chosen"]) == [first]


def test_the_items_chosen_are_acted_on_whatever_moved_in_the_list(
    open_page: Open, cast: Cast, items: list[int]
) -> None:
    screen = _press(_queue(open_page, cast.reviewer), "select_many", "next", "mark")
    first = _listed(screen)[0]
    fire = perform(cast.admin, opening.open_item, NewItem("odd", "o", 9, title="Fire", priority="critical")).id
    screen.run()
    assert _listed(screen)[0] == fire
    _press(screen, "batch_claim", "batch_preview", "batch_run")
    assert (item(first).status, item(fire).status) == ("in_progress", "open")


def test_a_batch_is_seen_beforehand_and_done_once(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _press(_queue(open_page, cast.reviewer), "select_many", "choose_page")
    stale = perform(cast.reviewer2, claiming.claim, _listed(screen)[3]).id
    _press(screen, "batch_claim", "batch_preview")
    assert "24 would be claimed" in shown(screen)
    assert "1 refused" in shown(screen)
    assert "Rolf Reviewer" in screen.dataframe[1].value["why"].iloc[0]
    assert count("work_items", "status = 'in_progress'") == 1
    run = screen.button("batch_run")
    run.click().run()
    run.click().run()
    assert "24 done" in shown(screen)
    assert count("batches") == 1
    assert count("work_actions", "kind = 'CLAIM'") == 25
    _press(screen, "batch_keep_refused")
    assert screen.session_state["choosing.chosen"] == {stale: 2}
    assert BATCHES.name not in screen.query_params


def test_what_changed_since_the_preview_is_previewed_again(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _press(_queue(open_page, cast.reviewer), "select_many", "choose_page", "batch_comment")
    screen.text_area("many_comment").set_value("Looked at.")
    _press(screen, "batch_preview")
    assert "batch_run" in _keys(screen)
    screen.text_area("many_comment").set_value("Looked at again.").run()
    assert "batch_run" not in _keys(screen)
    _press(screen, "batch_preview", "batch_run")
    assert rows("SELECT DISTINCT payload ->> 'text' FROM work_actions WHERE kind = 'COMMENT'") == [
        ("Looked at again.",)
    ]


def test_what_a_deed_cannot_be_done_with_is_said(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _press(_queue(open_page, cast.reviewer), "select_many", "choose_page", "batch_escalate", "batch_preview")
    assert "Reason cannot be empty" in shown(screen)


def test_a_decision_with_an_option_common_to_all(open_page: Open, cast: Cast, items: list[int]) -> None:
    mine = [claimed(cast.reviewer), claimed(cast.reviewer, "another_thing")]
    screen = _press(_queue(open_page, cast.reviewer, status="Mine"), "select_many", "choose_page", "batch_decide")
    screen.selectbox("many_option").set_value("resolve").run()
    screen.text_area("many_justification").set_value("She called.")
    _press(screen, "batch_preview", "batch_run")
    assert "2 done" in shown(screen)
    assert [item(number).resolution for number in mine] == ["resolve", "resolve"]


def test_only_managers_assign_many(open_page: Open, cast: Cast, items: list[int]) -> None:
    screen = _press(_queue(open_page, cast.reviewer), "select_many", "choose_page")
    assert "batch_assign" not in _keys(screen)
    screen = _press(_queue(open_page, cast.manager), "select_many", "choose_page", "batch_assign")
    assert screen.button("batch_preview").disabled
    screen.selectbox("many_assignee").set_value(cast.reviewer.staff_id).run()
    _press(screen, "batch_preview", "batch_run")
    assert count("work_items", "assigned_to = :it", it=cast.reviewer.staff_id) == 25


def test_a_batch_that_was_cut_off_is_offered_and_gone_on_with(open_page: Open, cast: Cast, items: list[int]) -> None:
    batch = perform(cast.reviewer, continuing.begin, perform(cast.reviewer, batching.afresh, items), tasks.claim())
    screen = _queue(open_page, cast.reviewer)
    assert "stopped after 0 of 30 items" in shown(screen)
    _press(screen, "batch_take_up")
    assert screen.query_params["batch"] == str(batch)
    assert count("work_items", "status = 'in_progress'") == 30
    assert "30 done" in shown(screen.run())
    again = _queue(open_page, cast.reviewer)
    assert "stopped after" not in shown(again)


def test_a_reload_goes_on_and_what_is_left_alone_stays(open_page: Open, cast: Cast, items: list[int]) -> None:
    chosen = perform(cast.reviewer, batching.afresh, items)
    batch = perform(cast.reviewer, continuing.begin, chosen, tasks.claim())
    screen = _queue(open_page, cast.reviewer, batch=str(batch))
    assert count("work_items", "status = 'in_progress'") == 30
    perform(cast.manager, noting.change_priority, items[0], "critical", "an angry call")
    other = perform(cast.reviewer, continuing.begin, chosen, tasks.comment("Not this."))
    screen = _press(_queue(open_page, cast.reviewer), "batch_leave")
    assert "stopped after" not in shown(screen)
    assert perform(cast.reviewer, continuing.batch, other).has_ended
    assert count("work_actions", "kind = 'COMMENT'") == 0


def test_anothers_batch_is_nobodys_business(open_page: Open, cast: Cast, items: list[int]) -> None:
    chosen = perform(cast.reviewer, batching.afresh, items)
    batch = perform(cast.reviewer, continuing.begin, chosen, tasks.claim())
    screen = _queue(open_page, cast.manager, batch=str(batch))
    assert f"There is no batch {batch}" in shown(screen)
    assert count("work_items", "status = 'in_progress'") == 0
