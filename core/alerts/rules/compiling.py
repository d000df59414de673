"""A rule's condition as SQL over recorded events (`e`), with every value bound. `judging` says the same in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.alerts.rules.fields import Field
from core.alerts.rules.language import Among, Compare, Condition, Not, Presence, Several, exact

_CASTS = {"word": "text", "number": "numeric", "truth": "boolean"}
_SIGNS = {
    "is": "=",
    "is_not": "<>",
    "more_than": ">",
    "at_least": ">=",
    "less_than": "<",
    "at_most": "<=",
}


@dataclass
class Compiled:
    """A condition in SQL, and the values that it binds."""

    fields: Mapping[str, Field]
    values: dict[str, Any] = field(default_factory=dict)

    def sql(self, part: Condition | None) -> str:
        """The condition, true or false and never unknown: of what is empty, no comparison holds."""
        if part is None:
            return "true"
        if isinstance(part, Several):
            return "(" + (" AND " if part.op == "all" else " OR ").join(self.sql(inner) for inner in part.of) + ")"
        if isinstance(part, Not):
            return f"(NOT {self.sql(part.of)})"
        return f"coalesce({self._leaf(part)}, false)"

    def _leaf(self, part: Compare | Among | Presence) -> str:
        known = self.fields[part.field]
        found = f"CAST(e.facts ->> '{known.name}' AS {_CASTS[known.kind]})"
        if isinstance(part, Presence):
            return f"{found} IS {'' if part.op == 'is_empty' else 'NOT '}NULL"
        if isinstance(part, Among):
            bound = self._bind([exact(value) for value in part.values], f"{_CASTS[known.kind]}[]")
            return f"{found} = ANY({bound})" if part.op == "one_of" else f"{found} <> ALL({bound})"
        bound = self._bind(exact(part.value), _CASTS[known.kind])
        return f"strpos({found}, {bound}) > 0" if part.op == "contains" else f"{found} {_SIGNS[part.op]} {bound}"

    def _bind(self, value: object, kind: str) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})"
