"""The decision form: templates, two records side by side, fields that do not fit, and on to the next item."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.queue import opening, viewing
from core.queue.newcomers import NewItem
from core.resolutions import templates
from core.resolutions.templates import Template
from core.uow import perform
from core.words import Status
from tests.builders import claimed, count, item
from tests.cast import Cast
from tests.resolutions import records as r
from tests.resolutions.records import held
from tests.ui.conftest import Open, shown

KNOWN = Template("odd_thing", "Nothing to do", "reject", "The source fixed it itself.")
LATER = Template("odd_thing", "Later", "defer", "Nobody is there.")


def _open(open_page: Open, who: object, number: int) -> AppTest:
    screen = open_page(who, "queue", {"item": str(number)})
    assert not screen.exception
    return screen


def _has(screen: AppTest, key: str) -> bool:
    return any(button.key == key for button in screen.button)


def test_a_template_decides_with_one_click_and_a_second_one_does_nothing(open_page: Open, cast: Cast) -> None:
    kept = perform(cast.reviewer, templates.save, KNOWN)
    number = claimed(cast.reviewer)
    screen = _open(open_page, cast.reviewer, number)
    button = screen.button(f"template_{kept}")
    button.click()
    screen.run()
    assert not screen.exception
    assert (item(number).status, item(number).resolution) == ("rejected", "reject")
    assert item(number).resolution_metadata["justification"] == KNOWN.justification
    assert count("ops_audit_log", "action = 'template.applied'") == 1


def test_a_template_that_leaves_something_open_fills_the_form(open_page: Open, cast: Cast) -> None:
    kept = perform(cast.reviewer, templates.save, LATER)
    number = claimed(cast.reviewer)
    screen = _open(open_page, cast.reviewer, number)
    screen.button(f"template_{kept}").click().run()
    assert not screen.exception
    assert item(number).status == "in_progress"
    assert screen.text_area(f"why_{number}").value == "Nobody is there."
    assert screen.get("datetime_input")


def test_what_is_filled_in_is_kept_as_a_template_and_taken_away(open_page: Open, cast: Cast) -> None:
    number = claimed(cast.reviewer)
    screen = _open(open_page, cast.reviewer, number)
    screen.button("option_reject").click().run()
    screen.text_area(f"why_{number}").set_value("Known and harmless.").run()
    screen.text_input(f"template_name_{number}").set_value("Harmless").run()
    screen.button("keep_template").click().run()
    (kept,) = perform(cast.reviewer, templates.templates, "odd_thing")
    assert (kept.name, kept.option, kept.justification, kept.shared) == (
        "Harmless", "reject", "Known and harmless.", False
    )  # fmt: skip
    assert _has(screen, f"template_{kept.id}")
    screen.button(f"forget_{kept.id}").click().run()
    assert count("resolution_templates") == 0


def test_a_manager_keeps_one_for_everybody_and_a_reviewer_cannot_take_it_away(open_page: Open, cast: Cast) -> None:
    number = claimed(cast.manager)
    screen = _open(open_page, cast.manager, number)
    screen.text_area(f"why_{number}").set_value("As agreed.").run()
    screen.text_input(f"template_name_{number}").set_value("Agreed").run()
    screen.checkbox(f"template_shared_{number}").check().run()
    screen.button("keep_template").click().run()
    (kept,) = perform(cast.reviewer, templates.templates, "odd_thing")
    other = _open(open_page, cast.reviewer, claimed(cast.reviewer))
    assert _has(other, f"template_{kept.id}")
    assert not _has(other, f"forget_{kept.id}")


@pytest.fixture
def twins(cast: Cast) -> tuple[int, int, int]:
    """Two records that may be one, and the item about them."""
    one = r.provider(phone="+12025550143", city="Boston", organisation="**Bold** <b>Clinic</b> ![x](http://evil.test)")
    other = r.provider(phone="+12025550199", city="", organisation="Bold Clinic " * 30)
    known = {"provider_ids": [one, other], "similarity": 0.93, "evidence": ["the same NPI"]}
    return held(cast.senior, "duplicate_check", ("provider", one), **known), one, other


def test_two_records_stand_side_by_side_and_merge_as_picked(
    open_page: Open, cast: Cast, twins: tuple[int, int, int]
) -> None:
    number, one, other = twins
    screen = _open(open_page, cast.senior, number)
    screen.button("option_merge").click().run()
    assert not screen.exception
    assert "93% alike" in shown(screen).replace("\\", "")
    assert "![x](" not in shown(screen)
    screen.button(f"pick_survivor_{one}").click().run()
    screen.button(f"pick_phone_{other}").click().run()
    screen.text_area(f"why_{number}").set_value("One practice.").run()
    screen.button("decide").click().run()
    assert not screen.exception
    kept, gone = r.row("individual_providers", one), r.row("individual_providers", other)
    assert (kept["phone"], kept["city"], gone["merged_into"]) == ("+12025550199", "Boston", one)


def test_what_does_not_fit_is_said_beside_its_field(open_page: Open, cast: Cast) -> None:
    provider = r.provider(npi="", phone="")
    number = held(cast.reviewer, "missing_data", ("provider", provider), fields=["npi", "phone"])
    screen = _open(open_page, cast.reviewer, number)
    screen.button("option_update_fields").click().run()
    key = f"with_{number}_update_fields_"
    screen.text_input(f"{key}npi").set_value("1234567890").run()
    screen.text_area(f"why_{number}").set_value("Seen in the registry.").run()
    screen.button("decide").click().run()
    assert not screen.exception
    told = [caption.value for caption in screen.caption if "check digit" in caption.value]
    assert len([each for each in told if each.startswith(":red[")]) == 1
    assert not any("check digit" in warning.value for warning in screen.warning)
    screen.text_input(f"{key}npi").set_value(r.NPI).run()
    screen.button("decide").click().run()
    assert r.row("individual_providers", provider)["npi"] == r.NPI
    assert item(number).status == "resolved"


def test_after_a_decision_the_next_item_opens_and_the_last_one_can_be_undone(open_page: Open, cast: Cast) -> None:
    news = [NewItem("odd_thing", "thing", n, title=f"Thing {n}") for n in (1, 2, 3)]
    ids = [opened.id for opened in perform(cast.admin, opening.open_items, news)]
    screen = open_page(cast.reviewer, "queue")
    screen.button("next").click().run()
    first = int(screen.query_params["item"])
    screen.button("deed_claim").click().run()
    screen.text_area(f"why_{first}").set_value("Done.").run()
    screen.button("decide").click().run()
    assert not screen.exception
    second = int(screen.query_params["item"])
    assert second in ids
    assert second != first
    assert f"Undo: item {first}" in shown(screen)
    screen.button("undo").click().run()
    assert int(screen.query_params["item"]) == first
    assert perform(cast.reviewer, viewing.view, first).row.status is Status.IN_PROGRESS


def test_where_the_list_ends_the_decided_item_stays(open_page: Open, cast: Cast) -> None:
    number = claimed(cast.reviewer)
    screen = _open(open_page, cast.reviewer, number)
    screen.text_area(f"why_{number}").set_value("Done.").run()
    screen.button("decide").click().run()
    assert int(screen.query_params["item"]) == number
    assert _has(screen, "undo")
