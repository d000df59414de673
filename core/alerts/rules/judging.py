"""A rule's condition judged in Python over the facts of one event: why it fired. `compiling` says the same in SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.alerts.rules.fields import Field
from core.alerts.rules.language import Among, Compare, Condition, Not, Presence, Several, exact

_COMPARES: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "is_not": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
    "contains": operator.contains,
}


def holds(part: Condition | None, facts: Mapping[str, Any]) -> bool:
    """Whether the condition holds of these facts (numbers as int or Decimal). Of what is empty, no comparison holds."""
    if part is None:
        return True
    if isinstance(part, Several):
        return (all if part.op == "all" else any)(holds(inner, facts) for inner in part.of)
    if isinstance(part, Not):
        return not holds(part.of, facts)
    return _leaf(part, facts.get(part.field))


def _leaf(part: Compare | Among | Presence, found: Any) -> bool:
    if isinstance(part, Presence):
        return (found is None) == (part.op == "is_empty")
    if found is None:
        return False
    if isinstance(part, Among):
        return any(found == exact(value) for value in part.values) == (part.op == "one_of")
    return _COMPARES[part.op](found, exact(part.value))


def reasons(part: Condition | None, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> list[str]:
    """Which comparisons of the condition these facts meet, in words: "Priority is critical"."""
    return list(dict.fromkeys(_reasons(part, facts, fields)))


def _reasons(part: Condition | None, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[str]:
    if isinstance(part, Several):
        for inner in part.of:
            yield from _reasons(inner, facts, fields)
    elif isinstance(part, Compare | Among | Presence) and _leaf(part, facts.get(part.field)):
        yield in_words(part, fields)


def in_words(part: Condition, fields: Mapping[str, Field]) -> str:
    """A condition as people say it."""
    if isinstance(part, Several):
        joined = f" {'and' if part.op == 'all' else 'or'} ".join(in_words(inner, fields) for inner in part.of)
        return f"({joined})" if len(part.of) > 1 else joined
    if isinstance(part, Not):
        return f"not {in_words(part.of, fields)}"
    label, asked = fields[part.field].label, part.op.replace("_", " ")
    if isinstance(part, Presence):
        return f"{label} {asked}"
    if isinstance(part, Among):
        return f"{label} is {asked} {', '.join(_said(value) for value in part.values)}"
    return f"{label} {'' if asked.startswith(('is', 'contains')) else 'is '}{asked} {_said(part.value)}"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ") if isinstance(value, str) else f"{value:,}"
