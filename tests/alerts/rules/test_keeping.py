"""Keeping rules: versions, who may, and what is said of a rule that contradicts itself, storms or repeats another."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from core import config, db
from core.alerts.rules import evaluating, keeping
from core.alerts.rules.backtesting import backtest
from core.alerts.rules.linting import lint
from core.errors import Conflict, Invalid, NotFound
from core.uow import perform
from tests.alerts.rules.saying import JOB, alerts, at, evaluate, fired, kept, rule, threshold
from tests.builders import count, opened, rows
from tests.cast import NOON, Cast

CRITICAL = {"op": "is", "field": "priority", "value": "critical"}


def set_by_hand(statement: str, **values: object) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(text(statement), values)


def test_a_rule_is_made_changed_switched_and_taken_away_on_record(cast: Cast) -> None:
    number = perform(cast.manager, keeping.create, "Mine", rule())
    assert not perform(cast.manager, keeping.rule, number).enabled
    assert perform(cast.manager, keeping.change, number, 1, "Ours", threshold()) == 2
    assert perform(cast.admin, keeping.switch, number, 2, on=True) == 3
    assert perform(cast.admin, keeping.switch, number, 3, on=False) == 4
    perform(cast.manager, keeping.delete, number, 4)
    told = perform(cast.manager, keeping.history, number)
    assert [(each.deed, each.by_name, each.version) for each in told] == [
        ("taken away", "Mona Manager", 4),
        ("switched off", "Ada Admin", 4),
        ("switched on", "Ada Admin", 3),
        ("changed", "Mona Manager", 2),
        ("created", "Mona Manager", 1),
    ]
    assert [each.name for each in told] == ["Ours"] * 4 + ["Mine"]
    left = {row.action for row in rows("SELECT action FROM ops_audit_log WHERE resource_type = 'alert_rule'")}
    assert left == {"rule.created", "rule.changed", "rule.switched", "rule.deleted"}


def test_a_stale_screen_changes_nothing(cast: Cast) -> None:
    number = kept(cast.manager, rule())
    for deed in (
        lambda: perform(cast.manager, keeping.change, number, 1, "x", rule()),
        lambda: perform(cast.manager, keeping.switch, number, 1, on=False),
        lambda: perform(cast.manager, keeping.delete, number, 1),
    ):
        with pytest.raises(Conflict, match="somebody else"):
            deed()
    with pytest.raises(NotFound):
        perform(cast.manager, keeping.switch, 99, 1, on=False)


def test_names_are_unique_and_named_staff_exist(cast: Cast) -> None:
    perform(cast.manager, keeping.create, "Mine", rule())
    with pytest.raises(Conflict, match="called Mine"):
        perform(cast.manager, keeping.create, "Mine", rule())
    named = {"to": "staff", "ids": [cast.viewer.staff_id, 999]}
    with pytest.raises(Invalid, match=r"audience\.ids\.1"):
        perform(cast.manager, keeping.create, "Other", rule(audience=named))


def test_switching_off_ends_what_stands_and_a_change_begins_afresh(cast: Cast) -> None:
    with at(NOON):
        number = kept(cast.manager, rule())
        opened(cast.reviewer)
        evaluate()
        assert count("alerts", "rule_id = :id AND resolved_at IS NULL", id=number) == 1
        perform(cast.manager, keeping.switch, number, 2, on=False)
        assert count("alerts", "rule_id = :id AND resolved_at IS NULL", id=number) == 0
        opened(cast.reviewer, resource_id=2)
        evaluate()
        assert len(fired(number)) == 1


def test_a_rule_that_fails_is_switched_off_aloud_and_stops_no_other(cast: Cast) -> None:
    with at(NOON):
        broken, sound = kept(cast.manager, rule(), "Broken"), kept(cast.manager, rule(), "Sound")
        set_by_hand('UPDATE alert_rules SET definition = \'{"kind": "gone"}\' WHERE id = :id', id=broken)
        opened(cast.reviewer)
        outcomes = [evaluate() for _ in range(6)]
    assert [each["failed"] for each in outcomes] == [1, 1, 1, 1, 1, 0]
    assert len(fired(sound)) == 1
    kept_rule = perform(cast.manager, keeping.rule, broken)
    assert (kept_rule.enabled, "5 times in a row" in (kept_rule.last_error or "")) == (False, True)
    assert alerts("alert_type = 'system'") == ["The rule “Broken” was switched off"]
    perform(cast.manager, keeping.change, broken, 2, "Broken", rule())
    perform(cast.manager, keeping.switch, broken, 3, on=True)
    assert not count("alerts", "alert_type = 'system' AND resolved_at IS NULL")


@pytest.mark.parametrize("change", ["role = 'reviewer'", "is_active = false"])
def test_a_rule_whose_owner_may_no_longer_is_switched_off_aloud(cast: Cast, change: str) -> None:
    with at(NOON):
        number = kept(cast.manager, rule())
        set_by_hand(f"UPDATE staff SET {change} WHERE id = :id", id=cast.manager.staff_id)
        opened(cast.reviewer)
        evaluate()
    assert not fired(number)
    assert not perform(cast.admin, keeping.rule, number).enabled
    assert alerts("alert_type = 'system'") == ["The rule “Trial” was switched off"]
    perform(cast.admin, keeping.switch, number, 2, on=True)
    with at(NOON):
        opened(cast.reviewer, resource_id=5)
        perform(JOB, evaluating.evaluate, number)


def warned(cast: Cast, definition: Any, tried: bool = False) -> list[str]:
    outcome = perform(cast.manager, backtest, definition) if tried else None
    return [each.kind for each in perform(cast.manager, lint, definition, outcome)]


def both(*parts: Any) -> Any:
    return {"op": "all", "of": list(parts)}


def number_is(op: str, value: float) -> Any:
    return {"op": op, "field": "stake_amount", "value": value}


@pytest.mark.parametrize(
    "condition",
    [
        both(CRITICAL, {"op": "is", "field": "priority", "value": "low"}),
        both(CRITICAL, {"op": "is_not", "field": "priority", "value": "critical"}),
        both(CRITICAL, {"op": "none_of", "field": "priority", "values": ["critical", "low"]}),
        both(CRITICAL, {"op": "is_empty", "field": "priority"}),
        both(number_is("more_than", 5), number_is("less_than", 5)),
        both(number_is("more_than", 5), number_is("at_most", 5)),
        both(number_is("is", 4), number_is("at_least", 5)),
        {"op": "none_of", "field": "queue", "values": ["customer", "automation", "provider_data"]},
        both(
            CRITICAL,
            {
                "op": "any",
                "of": [
                    both(CRITICAL, number_is("is", 1), number_is("is", 2)),
                    both(number_is("is", 1), number_is("more_than", 3)),
                ],
            },
        ),
    ],
)
def test_a_condition_that_contradicts_itself_is_pointed_out(cast: Cast, condition: Any) -> None:
    assert warned(cast, rule(condition=condition)) == ["unreachable"]


@pytest.mark.parametrize(
    "condition",
    [
        None,
        CRITICAL,
        both(number_is("at_least", 5), number_is("at_most", 5)),
        {"op": "not", "of": both(CRITICAL, {"op": "is_empty", "field": "priority"})},
        {"op": "any", "of": [both(number_is("is", 1), number_is("is", 2)), CRITICAL]},
        both(*[{"op": "any", "of": [CRITICAL, number_is("is", each)]} for each in range(12)]),
    ],
)
def test_a_condition_that_can_be_met_is_not(cast: Cast, condition: Any) -> None:
    assert warned(cast, rule(condition=condition)) == []


def test_rules_that_tell_the_same_are_pointed_out_and_disjoint_ones_are_not(cast: Cast) -> None:
    kept(cast.manager, rule(condition=CRITICAL), "Critical")
    kept(cast.manager, threshold(), "Many")
    kept(cast.manager, rule("schedule", time="09:00"), "Morning")
    assert warned(cast, rule()) == ["overlap"]
    assert warned(cast, rule(condition={"op": "is", "field": "priority", "value": "low"})) == []
    assert warned(cast, rule(event="item.claimed")) == []
    assert warned(cast, threshold(value=99)) == ["overlap"]
    assert warned(cast, threshold(operator="less_than", value=2)) == []
    assert warned(cast, threshold(operator="less_than", value=0)) == ["unreachable"]
    assert warned(cast, rule("schedule", time="09:00", days=["monday"])) == ["overlap"]
    assert warned(cast, rule("schedule", time="09:01")) == []


def test_a_storm_and_a_silence_are_pointed_out(cast: Cast) -> None:
    perform(cast.admin, config.change, "RULE_STORM", "2")
    for each in range(2):
        opened(cast.reviewer, resource_id=each)
    evaluate()
    assert warned(cast, rule(), tried=True) == ["storm"]
    assert warned(cast, rule(event="item.rejected"), tried=True) == ["silent"]
