"""What an item is about: why it is here, the related record, its context, the facts, and the runbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from core.permissions import Principal
from core.queue.viewing import ItemView
from core.resolutions.guiding import Guide
from ui import badges, times
from ui.item import history
from ui.plain import line, literal

_LONGEST_VALUE = 600


def draw(me: Principal, view: ItemView, guide: Guide) -> None:
    """Draw what to know first, and behind tabs what to look up."""
    pairs = dict(_pairs(view.context, me, view.read_at))
    tabs: dict[str, Callable[[], object]] = {
        "About": lambda: _first(me, view, guide),
        "Runbook": lambda: st.markdown(literal(guide.runbook, 8_000)),
    }
    tabs |= {f"History {len(view.history)}": lambda: history.draw(me, view), "Context": lambda: _table(pairs)}
    empty = {"Runbook": not guide.runbook, "Context": not pairs}
    shown = {label: part for label, part in tabs.items() if not empty.get(label)}
    for tab, part in zip(st.tabs(list(shown)), shown.values(), strict=True):
        with tab:
            part()


def _first(me: Principal, view: ItemView, guide: Guide) -> None:
    if view.row.reason:
        st.markdown(literal(view.row.reason))
    if guide.missing:
        missing = ", ".join(badges.words(key).lower() for key in guide.missing)
        st.warning(f"Its context does not say: {literal(missing)}.", icon=":material/help:")
    facts = {fact.label: fact.value for fact in guide.facts}
    known = dict(_pairs(_related(view, facts), me, view.read_at)) | facts
    if known:
        _table(known)
    if view.row.pii_redacted and view.row.related:
        st.caption(":material/visibility_off: Personal data is masked for you.")


def _related(view: ItemView, facts: Mapping[str, str]) -> dict[str, Any]:
    """The related record's summary with what belongs together in one line, without what stands elsewhere."""
    left = {key: value for key, value in view.row.related.items() if line(value) != line(view.row.title)}
    told = {label: _joined(left, keys, by) for label, keys, by in _TOGETHER}
    if "Booking" in facts:
        told.pop("Booking")
    return {label: value for label, value in told.items() if value} | left


def _joined(left: dict[str, Any], keys: tuple[str, ...], by: str) -> str:
    """The values of these keys in one line, taken out of what is left."""
    values = [left.pop(key, None) for key in keys]
    return by.join(f"{value:,.2f}" if isinstance(value, float) else str(value) for value in values if value)


_TOGETHER = (
    ("Customer", ("customer_name", "tier"), " · "),
    ("Contact", ("customer_email", "customer_mobile"), " · "),
    ("Booking", ("amount", "currency", "booking_status", "payment_status"), " "),
)


def _table(pairs: Mapping[str, str]) -> None:
    st.table(
        {literal(label, 60): literal(value, _LONGEST_VALUE) for label, value in pairs.items()}, border="horizontal"
    )


def _pairs(document: Mapping[str, Any], me: Principal, now: datetime) -> Iterator[tuple[str, str]]:
    """Label and value of each entry that says something, times in the reader's zone."""
    for key, value in document.items():
        if value not in (None, "", [], {}):
            yield badges.words(str(key)), _told(value, me, now)


def _told(value: Any, me: Principal, now: datetime) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, float) else str(value)
    if isinstance(value, list):
        return ", ".join(_told(each, me, now) for each in value)
    if isinstance(value, dict):
        return "; ".join(f"{badges.words(str(key))}: {_told(inner, me, now)}" for key, inner in value.items())
    moment = _moment(str(value))
    return times.both(moment, me.zone, now) if moment else str(value)


def _moment(text: str) -> datetime | None:
    """The moment that a text of JSON stands for, where it is one with its zone."""
    if len(text) < 20 or text[4:5] != "-" or "T" not in text[10:11]:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo and 1900 <= moment.year <= 9000 else None
