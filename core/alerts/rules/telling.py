"""The words of a rule's alert: its templates filled in with what is known of the firing, as plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.alerts.rules.fields import EVENTS, METRICS, Mark
from core.alerts.rules.folding import Firing
from core.alerts.rules.language import AnyRule, EventRule, SlaRule, ThresholdRule
from core.pii import cut, scrub

_PLACEHOLDER = re.compile(r"\{([a-z_0-9]{1,60})\}")
_MARKS = {
    Mark.BEFORE_4H: "4 hours before the deadline",
    Mark.BEFORE_1H: "1 hour before the deadline",
    Mark.BEFORE_15M: "15 minutes before the deadline",
    Mark.DUE: "the deadline passes",
    Mark.LATE_1H: "1 hour past the deadline",
    Mark.LATE_4H: "4 hours past the deadline",
    Mark.LATE_1D: "a day past the deadline",
}


def text(template: str, name: str, rule: AnyRule, firing: Firing) -> str:
    """A template's text for one firing. A value is text and nothing else: no placeholder in it is filled in."""
    known = {**_common(name, firing), **_own(rule, firing), **firing.told}
    filled = {each: said(value) for each, value in known.items()}
    filled["number"] = "n/a" if firing.subject_id is None else str(firing.subject_id)
    return _PLACEHOLDER.sub(lambda found: filled.get(found[1], "n/a"), template)


def event_words(kind: str) -> str:
    """What a kind of event, or a mark on the way to a deadline, is called."""
    return EVENTS[kind].label if kind in EVENTS else _MARKS[Mark(kind)]


def said(value: object) -> str:
    """One value as people read it; text from outside is scrubbed of addresses and numbers, and cut."""
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, int | float | Decimal):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return cut(scrub(" ".join(str(value).split())))


def _common(name: str, firing: Firing) -> Mapping[str, Any]:
    return {"rule": name, "at": firing.at}


def _own(rule: AnyRule, _firing: Firing) -> Mapping[str, Any]:
    if isinstance(rule, ThresholdRule):
        metric = METRICS[rule.metric]
        return {"metric": metric.label, "limit": rule.value, "held_minutes": rule.held_minutes}
    if isinstance(rule, EventRule):
        return {"event": event_words(rule.event)}
    return {"event": event_words(rule.mark)} if isinstance(rule, SlaRule) else {}
