"""The language of rules: everything outside it is refused with its place, and what SQL says Python says too."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.alerts.rules import bounds, judging
from core.alerts.rules.compiling import Compiled
from core.alerts.rules.fields import EVENTS, METRICS, SUBJECTS, Field
from core.alerts.rules.folding import Firing
from core.alerts.rules.language import Condition
from core.alerts.rules.parsing import parse
from core.alerts.rules.telling import text as told
from core.errors import Invalid
from core.pii import PERSONAL_FIELDS
from core.uow import UnitOfWork
from tests.alerts.rules.saying import JOB, rule, threshold
from tests.cast import NOON

IS_CRITICAL = {"op": "is", "field": "priority", "value": "critical"}


def deep(levels: int) -> Any:
    part: Any = IS_CRITICAL
    for _ in range(levels):
        part = {"op": "not", "of": part}
    return part


def wide(count: int) -> Any:
    return {"op": "any", "of": [{"op": "any", "of": [IS_CRITICAL] * 10}] * count}


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ([], "definition"),
        ({}, "definition"),
        ("__import__('os')", "definition"),
        (rule("evil"), "definition"),
        (rule(event="alert.raised"), "event"),
        (rule(extra=1), "extra"),
        (rule(title=""), "title"),
        (rule(title="{email}"), "title"),
        (rule(title="{number.__class__}"), "title"),
        (rule(message="a { b"), "message"),
        (rule(severity="loud"), "severity"),
        (rule(audience={"to": "moon"}), "audience"),
        (rule(audience={"to": "role", "role": "god"}), "audience.role"),
        (rule(audience={"to": "staff", "ids": []}), "audience.ids"),
        (rule(audience={"to": "staff", "ids": [1, "2"]}), "audience.ids.1"),
        (rule(cooldown_minutes=-1), "cooldown_minutes"),
        (rule(cooldown_minutes=True), "cooldown_minutes"),
        (rule(channels=["pigeon"]), "channels.0"),
        (rule(channels=["email", "email"]), "channels"),
        (rule(condition={"op": "eval", "code": "1"}), "condition"),
        (rule(condition={"op": "is", "field": "__class__", "value": "x"}), "condition.field"),
        (rule(condition={"op": "is", "field": "email", "value": "x"}), "condition.field"),
        (rule(condition={"op": "is", "field": "title", "value": "x"}), "condition.field"),
        (rule(condition={"op": "is", "field": "priority", "value": "urgent"}), "condition.value"),
        (rule(condition={"op": "is", "field": "priority", "value": 3}), "condition.value"),
        (rule(condition={"op": "is", "field": "priority"}), "condition.value"),
        (rule(condition={"op": "is", "field": "priority", "value": {"$ne": 1}}), "condition.value"),
        (rule(condition={"op": "more_than", "field": "priority", "value": 3}), "condition.op"),
        (rule(condition={"op": "more_than", "field": "stake_amount", "value": "3"}), "condition.value"),
        (rule(condition={"op": "more_than", "field": "stake_amount", "value": True}), "condition.value"),
        (rule(condition={"op": "more_than", "field": "stake_amount", "value": float("nan")}), "condition.value"),
        (rule(condition={"op": "more_than", "field": "stake_amount", "value": 10**400}), "condition.value"),
        (rule(condition={"op": "is", "field": "item_type", "value": "a\x00b"}), "condition.value"),
        (rule(condition={"op": "is", "field": "item_type", "value": "x" * 300}), "condition.value"),
        (rule(condition={"op": "all", "of": []}), "condition.of"),
        (
            rule(condition={"op": "all", "of": [IS_CRITICAL, {"op": "is", "field": "no", "value": 1}]}),
            "condition.of.1.field",
        ),
        (rule(condition={"op": "one_of", "field": "queue", "values": ["customer", "x"]}), "condition.values.1"),
        (rule(condition={"op": "one_of", "field": "item_type", "values": ["x"] * 51}), "condition.values"),
        (rule(condition=deep(9)), "condition.of.of.of.of.of.of.of.of"),
        (rule(condition=wide(7)), "condition.of.5.of.7"),
        (rule(condition=deep(5_000)), None),
        (rule(condition={"op": "any", "of": [IS_CRITICAL] * 10_000}), None),
        (rule("sla", mark="someday"), "mark"),
        (rule("sla", event="item.opened"), "event"),
        (threshold(metric="revenue_total"), "metric"),
        (threshold(value="10"), "value"),
        (threshold(value=float("inf")), "value"),
        (threshold(clears_at=11), "clears_at"),
        (threshold(audience={"to": "assignee"}), "audience.to"),
        (rule("schedule", time="25:00"), "time"),
        (rule("schedule", time="09:00\n"), "time"),
        (rule("schedule", time="09:00", zone="Mars/Olympus"), "zone"),
        (rule("schedule", time="09:00", days=["monday", "monday"]), "days"),
        (rule("schedule", time="09:00", days=["someday"]), "days.0"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_place(definition: Any, place: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(definition)
    assert place is None or refusal.value.field == place


@pytest.mark.parametrize("text", ["", "{", "[" * 10_000, "x" * 30_000, '{"a": ' + "1" * 5_000 + "}", "nul"])
def test_text_that_is_no_json_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="definition"):
        bounds.check(bounds.from_text(text))


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["op", "of", "field", "value", "values", "__class__", "kind", "to", "event", "title"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(_anything, st.sampled_from(["condition", "audience", "event", "title", "channels", "per"]))
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_is_a_rule_or_is_refused_in_words(given_part: Any, where: str) -> None:
    for definition in (given_part, rule(**{where: given_part})):
        with suppress(Invalid):
            parse(definition)


def test_nothing_personal_can_be_asked_or_told() -> None:
    names = {name for subject in SUBJECTS.values() for name in subject.fields} | set(METRICS)
    free_text = {"title", "subject", "reason", "notes", "failure_reason", "draft_note", "context", "summary"}
    assert not names & (set(PERSONAL_FIELDS) | free_text)
    assert not [event for event in EVENTS.values() if event.resource == "alert"], "alerts are no subject of rules"


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "truth":
        return st.booleans()
    if field.kind == "number":
        return st.integers(-3, 3) | st.sampled_from([0.1, 0.3, 2.5, -0.0, 1e12, 1e-7])
    return st.sampled_from(field.words or ("a", "A", "ab", "é", "%", "_", "'", "b\\"))


def _fact(field: Field) -> st.SearchStrategy[Any]:
    exact = st.integers(-3, 3) | st.sampled_from([Decimal("0.1"), Decimal("0.30"), Decimal("2.5"), Decimal("1E-7")])
    return st.none() | (exact if field.kind == "number" else _value(field))


@st.composite
def _conditions(draw: Callable[..., Any]) -> Any:
    fields = SUBJECTS["item"].fields

    def leaf() -> Any:
        field = draw(st.sampled_from(sorted(fields.values(), key=lambda each: each.name)))
        asked = {
            "word": ["is", "is_not", "contains", "one_of", "none_of", "is_empty", "is_set"],
            "number": ["is", "is_not", "more_than", "at_least", "less_than", "at_most", "one_of", "none_of", "is_set"],
            "truth": ["is", "is_empty", "is_set"],
        }[field.kind]
        op = draw(st.sampled_from(asked))
        part: dict[str, Any] = {"op": op, "field": field.name}
        if op in {"one_of", "none_of"}:
            part["values"] = draw(st.lists(_value(field), min_size=1, max_size=3))
        elif op not in {"is_empty", "is_set"}:
            part["value"] = draw(_value(field))
        return part

    def part(depth: int) -> Any:
        kind = draw(st.sampled_from(["leaf", "all", "any", "not"])) if depth < 4 else "leaf"
        if kind == "leaf":
            return leaf()
        if kind == "not":
            return {"op": "not", "of": part(depth + 1)}
        return {"op": kind, "of": [part(depth + 1) for _ in range(draw(st.integers(1, 3)))]}

    return part(1)


_rows = st.lists(
    st.fixed_dictionaries({name: _fact(field) for name, field in SUBJECTS["item"].fields.items()}),
    min_size=1,
    max_size=8,
)


def _in_sql(condition: Condition, told_rows: list[dict[str, Any]]) -> list[bool]:
    compiled = Compiled(SUBJECTS["item"].fields)
    asked = compiled.sql(condition)
    facts = [json.dumps(row, default=str) for row in told_rows]
    with UnitOfWork(JOB) as uow:
        found = uow.rows(
            f"SELECT {asked} AS met FROM unnest(CAST(:facts AS jsonb[])) WITH ORDINALITY AS e(facts, place) "
            "ORDER BY place",
            {"facts": facts, **compiled.values},
        )
    return [row.met for row in found]


@given(_conditions(), _rows)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_python_agree_on_every_condition_and_record(database: None, said: Any, told_rows: list[Any]) -> None:
    condition = parse(rule(condition=said)).condition  # type: ignore[union-attr]
    assert condition is not None
    judged = [judging.holds(condition, row) for row in told_rows]
    assert _in_sql(condition, told_rows) == judged
    for row, met in zip(told_rows, judged, strict=True):
        if met and said["op"] not in {"not", "all", "any"}:
            assert judging.reasons(condition, row, SUBJECTS["item"].fields)


def test_values_are_told_as_text_and_fill_in_nothing_themselves() -> None:
    said = rule(title="{number} {item_type}: {stake_amount}, {held}, {resolution}, {at}")
    firing = Firing(
        "item:1",
        NOON,
        {"item_type": "{rule} call +49 170 1234567", "stake_amount": Decimal("1234.50"), "held": True},
        12345678,
    )
    assert told(said["title"], "Mine", parse(said), firing) == (
        "12345678 {rule} call ****: 1,234.5, yes, n/a, 2026-03-11 12:00 UTC"
    )
