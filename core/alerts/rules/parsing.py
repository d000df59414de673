"""Reading a rule: what the JSON says in the language of rules, or where it leaves it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from core.alerts.rules import bounds
from core.alerts.rules.fields import EVENTS, METRICS, SUBJECTS, Field
from core.alerts.rules.language import (
    MOST_CONDITION_DEPTH,
    MOST_CONDITIONS,
    Among,
    AnyRule,
    Compare,
    EventRule,
    Not,
    Presence,
    Rule,
    ScheduleRule,
    Several,
    SlaRule,
    ThresholdRule,
    subject_of,
)
from core.errors import Invalid
from core.sla.wall import zone_named

_RULES: TypeAdapter[AnyRule] = TypeAdapter(Rule)

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "word": ("is", "is_not", "one_of", "none_of", "contains", "is_empty", "is_set"),
    "number": (
        "is",
        "is_not",
        "more_than",
        "at_least",
        "less_than",
        "at_most",
        "one_of",
        "none_of",
        "is_empty",
        "is_set",
    ),
    "truth": ("is", "is_empty", "is_set"),
}
"""Which comparisons each kind of field allows."""
_PLACEHOLDER = re.compile(r"\{([a-z_0-9]{1,60})\}")
_OF_ALL = ("rule", "at")
_OF_RECORDS = ("number", "event")
_OF_THRESHOLDS = ("metric", "value", "limit", "held_minutes")


def parse(given: Any) -> AnyRule:
    """The rule that this JSON says. Raises Invalid whose `field` is the place that is wrong."""
    bounds.check(given)
    try:
        rule = _RULES.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = _place(first["loc"][1:], given, is_absent=first["type"] == "missing")
        raise Invalid(bounds.named(place), _words(first["msg"])) from None
    except RecursionError:
        raise Invalid("definition", "is nested too deeply") from None
    _check(rule)
    return rule


def placeholder_names(given: Mapping[str, Any]) -> tuple[str, ...]:
    """What the title and message of a rule may name, as far as it is filled in: its kind, and its event."""
    if given.get("kind") in {"event", "sla"}:
        known = EVENTS.get(str(given.get("event")))
        return (*_OF_ALL, *_OF_RECORDS, *SUBJECTS[known.subject if known else "item"].fields)
    return (*_OF_ALL, *_OF_THRESHOLDS) if given.get("kind") == "threshold" else (*_OF_ALL, *METRICS)


def _check(rule: AnyRule) -> None:
    if isinstance(rule, EventRule) and rule.event not in EVENTS:
        raise Invalid("event", f"is one of {', '.join(EVENTS)}")
    if isinstance(rule, EventRule | SlaRule):
        if rule.condition is not None:
            _Checking(SUBJECTS[subject_of(rule)].fields).check(rule.condition, ("condition",), 1)
    elif rule.audience.to == "assignee":
        raise Invalid("audience.to", "is one of role, staff, everybody: nobody holds what this rule is about")
    if isinstance(rule, ThresholdRule):
        _check_threshold(rule)
    if isinstance(rule, ScheduleRule):
        zone_named(rule.zone)
        _check_distinct("days", rule.days)
    _check_distinct("channels", rule.channels)
    for name in ("title", "message"):
        _check_template(name, getattr(rule, name), placeholder_names(vars(rule)))


def _check_threshold(rule: ThresholdRule) -> None:
    if rule.metric not in METRICS:
        raise Invalid("metric", f"is one of {', '.join(METRICS)}")
    if rule.clears_at is None:
        return
    upwards = rule.operator in {"more_than", "at_least"}
    if rule.clears_at > rule.value if upwards else rule.clears_at < rule.value:
        raise Invalid("clears_at", f"is {'at most' if upwards else 'at least'} {rule.value:g}, the value it fires at")


def _check_distinct(name: str, given: Sequence[str]) -> None:
    if len(set(given)) != len(given):
        raise Invalid(name, "names something twice")


def _check_template(name: str, text: str, allowed: Sequence[str]) -> None:
    rest = _PLACEHOLDER.sub(lambda found: "" if found[1] in allowed else found[0], text)
    unknown = _PLACEHOLDER.search(rest)
    if unknown:
        raise Invalid(name, f"{unknown[0]} is no placeholder here; there are {', '.join(allowed)}")
    if "{" in rest or "}" in rest:
        place = max(text.find("{"), text.find("}")) + 1
        raise Invalid(name, f"has a brace that belongs to no placeholder, near character {place}")


class _Checking:
    """One walk through a condition over the fields of a subject."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        self._count = 0

    def check(self, part: Any, path: bounds.Path, depth: int) -> None:
        self._count += 1
        if self._count > MOST_CONDITIONS:
            raise Invalid(bounds.named(path), f"the condition has more than {MOST_CONDITIONS} parts")
        if depth > MOST_CONDITION_DEPTH:
            raise Invalid(bounds.named(path), f"is nested more than {MOST_CONDITION_DEPTH} levels deep")
        if isinstance(part, Several):
            for place, inner in enumerate(part.of):
                self.check(inner, (*path, "of", place), depth + 1)
        elif isinstance(part, Not):
            self.check(part.of, (*path, "of"), depth + 1)
        else:
            self._leaf(part, path)

    def _leaf(self, part: Compare | Among | Presence, path: bounds.Path) -> None:
        field = self._fields.get(part.field)
        if field is None:
            raise Invalid(bounds.named((*path, "field")), f"is one of {', '.join(self._fields)}")
        if part.op not in OPERATIONS[field.kind]:
            raise Invalid(
                bounds.named((*path, "op")), f"{part.op} cannot be asked of {field.name}, which is a {field.kind}"
            )
        if isinstance(part, Compare):
            _check_value(field, part.op, part.value, (*path, "value"))
        elif isinstance(part, Among):
            for place, value in enumerate(part.values):
                _check_value(field, part.op, value, (*path, "values", place))


def _check_value(field: Field, op: str, value: object, path: bounds.Path) -> None:
    kinds = {"word": isinstance(value, str), "truth": isinstance(value, bool)}
    fits = kinds.get(field.kind, isinstance(value, int | float) and not isinstance(value, bool))
    if not fits:
        raise Invalid(bounds.named(path), f"{field.name} is a {field.kind}")
    if field.words and op != "contains" and value not in field.words:
        raise Invalid(bounds.named(path), f"is one of {', '.join(field.words)}")


def _place(loc: Sequence[str | int], given: Any, *, is_absent: bool) -> bounds.Path:
    """Where in the JSON an error is: the library's own names for the branches it tried are left out."""
    path: list[str | int] = []
    here = given
    for part in loc:
        in_list = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if in_list or (isinstance(here, dict) and part in here):
            here = here[part]
            path.append(part)
    return (*path, loc[-1]) if is_absent and loc else tuple(path)


def _words(said: str) -> str:
    return said[:1].lower() + said[1:].replace("Extra inputs are not permitted", "is no part of a rule")
