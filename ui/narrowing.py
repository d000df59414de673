"""What a figure counted, more exactly than the queue's filters can say: moments and exact statuses in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import streamlit as st

from core.queue.filters import Filter
from core.words import Status
from ui import badges, times

_SPANS = {"arrived": ("created_from", "created_to"), "decided": ("decided_from", "decided_to")}
_MOMENTS = tuple(name for span in _SPANS.values() for name in span)
_EXACTLY = "exactly"
PARAMETERS = (*_MOMENTS, _EXACTLY)


def told(wanted: Filter) -> dict[str, str]:
    """The parameters of the address for what of a question is exact."""
    moments = {name: getattr(wanted, name).isoformat() for name in _MOMENTS if getattr(wanted, name) is not None}
    return moments | ({_EXACTLY: wanted.status} if wanted.status in set(Status) else {})


def narrowed(wanted: Filter, zone: str) -> Filter:
    """The question with what the address says exactly, for which a button is drawn that takes it away again."""
    given = _given()
    if not given:
        return wanted
    st.button(
        _said(given, zone),
        key="widen",
        icon=":material/close:",
        on_click=widen,
        help="The items that a figure counted. Press to see all that the filters describe.",
    )
    return replace(wanted, **given)


def is_narrowed() -> bool:
    """Whether the address says anything exactly."""
    return bool(_given())


def widen() -> None:
    """Forget what the address says exactly; for callbacks."""
    for name in PARAMETERS:
        st.query_params.pop(name, None)


def _given() -> dict[str, Any]:
    """What the address says exactly, as far as it means anything."""
    moments = {name: _moment(st.query_params.get(name, "")) for name in _MOMENTS}
    status = st.query_params.get(_EXACTLY)
    known: dict[str, Any] = {name: moment for name, moment in moments.items() if moment is not None}
    return known | ({"status": status} if status in set(Status) else {})


def _moment(given: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(given[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and 1900 <= moment.year <= 9000 else None


def _said(given: Mapping[str, Any], zone: str) -> str:
    """In words: "Arrived 12 Mar 14:00 to 13 Mar 14:00", "Waiting"."""
    parts = []
    for word, (since, until) in _SPANS.items():
        bounds = {"from": given.get(since), "before": given.get(until)}
        said = [f"{how} {times.stamp(moment, zone)[:16]}" for how, moment in bounds.items() if moment]
        if said:
            parts.append(f"{word} {' '.join(said)}")
    if "status" in given:
        parts.append(badges.look(badges.STATUS, given["status"]).word)
    sentence = ", ".join(parts)
    return sentence[:1].upper() + sentence[1:]
