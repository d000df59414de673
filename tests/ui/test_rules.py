"""The rules page: built without code, tried against the past, saved off, switched on, with what is wrong in place."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.alerts.rules import keeping
from core.uow import perform
from tests.alerts.rules.saying import evaluate, rule
from tests.builders import opened
from tests.cast import Cast
from tests.ui.conftest import Open, shown


def _field(screen: AppTest, kind: str, name: str) -> str:
    """The key of the form's field of that name, whichever rule it is of."""
    return next(str(each.key) for each in screen.get(kind) if str(each.key).endswith(f"_{name}"))


def _fill(screen: AppTest, name: str, title: str) -> None:
    screen.text_input(_field(screen, "text_input", "name")).set_value(name)
    screen.text_input(_field(screen, "text_input", "title")).set_value(title)


def test_only_managers_have_the_page(open_page: Open, cast: Cast) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(cast.senior, "rules")
    assert "New rule" in shown(open_page(cast.manager, "rules"))


def test_a_rule_is_built_tried_saved_and_switched_on(open_page: Open, cast: Cast) -> None:
    for place, priority in enumerate(("critical", "low")):
        opened(cast.reviewer, priority=priority, resource_id=place)
    evaluate()
    screen = open_page(cast.manager, "rules")
    next(each for each in screen.button if each.label == "Add a comparison").click().run()
    screen.selectbox(_field(screen, "selectbox", "0_field")).set_value("priority").run()
    _fill(screen, "Critical ones", "Look at {number}")
    screen.button("try_rule").click().run()
    assert not screen.exception
    assert "would have fired once" in shown(screen)
    assert list(screen.dataframe[-1].value["Alert"]) == ["Look at 1"]
    screen.button("save_rule").click().run()
    assert not screen.exception
    [kept] = perform(cast.manager, keeping.rules)
    assert (kept.name, kept.enabled, kept.definition["condition"]) == (
        "Critical ones",
        False,
        {"op": "is", "field": "priority", "value": "critical"},
    )
    screen.button("switch_rule").click().run()
    assert perform(cast.manager, keeping.rule, kept.id).enabled
    assert "On" in str(screen.dataframe[0].value["state"][0])


@pytest.mark.parametrize("kind", ["sla", "threshold", "schedule"])
def test_every_kind_is_built_without_code(open_page: Open, cast: Cast, kind: str) -> None:
    screen = open_page(cast.manager, "rules")
    key = _field(screen, "button_group", "kind")
    next(each for each in screen.button_group if each.key == key).set_value(kind).run()
    assert not screen.exception
    _fill(screen, kind, "Look at {at}")
    screen.button("save_rule").click().run()
    assert not screen.exception
    assert [each.kind for each in perform(cast.manager, keeping.rules)] == [kind]


def test_what_is_wrong_is_said_with_its_place_and_nothing_is_saved(open_page: Open, cast: Cast) -> None:
    screen = open_page(cast.manager, "rules")
    _fill(screen, "Mine", "Ask {email}")
    screen.button("save_rule").click().run()
    assert r"\{email\} is no placeholder" in shown(screen)
    assert perform(cast.manager, keeping.rules) == []


def test_a_nested_rule_is_shown_and_saved_as_json(open_page: Open, cast: Cast) -> None:
    nested = rule(condition={"op": "not", "of": {"op": "is", "field": "held", "value": True}})
    number = perform(cast.manager, keeping.create, "Nested", nested)
    screen = open_page(cast.manager, "rules", {"rule": str(number)})
    area = screen.text_area(_field(screen, "text_area", "json"))
    assert json.loads(area.value or "") == nested
    area.set_value(json.dumps(nested | {"severity": "critical"}))
    screen.button("save_rule").click().run()
    assert perform(cast.manager, keeping.rule, number).definition["severity"] == "critical"
    area = screen.text_area(_field(screen, "text_area", "json"))
    area.set_value("{")
    screen.button("save_rule").click().run()
    assert "is no JSON" in shown(screen)


def test_a_rule_is_taken_away_and_its_history_is_shown(open_page: Open, cast: Cast) -> None:
    number = perform(cast.manager, keeping.create, "Mine", rule())
    screen = open_page(cast.manager, "rules", {"rule": str(number)})
    screen.button("delete_rule").click().run()
    assert not screen.exception
    assert "No rules yet" in shown(screen)
    assert [each.deed for each in perform(cast.manager, keeping.history, number)] == ["taken away", "created"]
