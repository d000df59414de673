"""The rows of a rule's condition: which field, compared how, with what; no code needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.alerts.rules.fields import Field
from core.alerts.rules.parsing import OPERATIONS
from ui.badges import words

MOST_ROWS = 8
_LISTS = {"one_of", "none_of"}
_BARE = {"is_empty", "is_set"}
_hidden: Mapping[str, Any] = {"label_visibility": "collapsed"}
_JOINED = {"all": "All of these", "any": "Any of these"}


def rows_of(condition: Mapping[str, Any] | None) -> tuple[str, list[dict[str, Any]]] | None:
    """A condition as the form can show it: how its rows are joined, and the rows; None where it is nested deeper."""
    if condition is None:
        return "all", []
    inner = condition.get("of")
    if condition.get("op") not in _JOINED:
        return None if inner is not None else ("all", [dict(condition)])
    if not isinstance(inner, list) or len(inner) > MOST_ROWS or any("of" in each for each in inner):
        return None
    return str(condition["op"]), [dict(each) for each in inner]


def draw(prefix: str, fields: Mapping[str, Field], kept: Mapping[str, Any] | None) -> None:
    """Draw the rows. Widgets are known by `prefix`; `kept` is the condition to begin with."""
    joined, begun = rows_of(kept) or ("all", [])
    count = st.session_state.setdefault(f"{prefix}_rows", len(begun))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**When**")
        if count > 1:
            st.segmented_control(
                "Joined",
                list(_JOINED),
                format_func=_JOINED.__getitem__,
                default=joined,
                required=True,
                key=f"{prefix}_joined",
                label_visibility="collapsed",
            )
        if count < MOST_ROWS:
            st.button(
                "Add a comparison",
                key=f"{prefix}_add",
                icon=":material/add:",
                type="tertiary",
                on_click=_add,
                args=(prefix,),
            )
        if count:
            st.button("Remove the last", key=f"{prefix}_less", type="tertiary", on_click=_remove, args=(prefix,))
    if not count:
        st.caption("Whenever it happens.")
    for place in range(count):
        _row(f"{prefix}_{place}", fields, begun[place] if place < len(begun) else {})


def read(prefix: str, fields: Mapping[str, Field]) -> dict[str, Any] | None:
    """The condition that the rows say; None where there are none."""
    said = st.session_state
    rows = [_said(f"{prefix}_{place}", fields) for place in range(said.get(f"{prefix}_rows", 0))]
    if not rows:
        return None
    return rows[0] if len(rows) == 1 else {"op": said.get(f"{prefix}_joined") or "all", "of": rows}


def _add(prefix: str) -> None:
    st.session_state[f"{prefix}_rows"] += 1


def _remove(prefix: str) -> None:
    st.session_state[f"{prefix}_rows"] -= 1


def _row(prefix: str, fields: Mapping[str, Field], kept: Mapping[str, Any]) -> None:
    names = list(fields)
    left, middle, right = st.columns([1.2, 1, 1.4], gap="small")
    name = left.selectbox(
        "Field",
        names,
        index=_place(names, kept.get("field")),
        format_func=lambda each: fields[each].label,
        key=f"{prefix}_field",
        label_visibility="collapsed",
    )
    operations = list(OPERATIONS[fields[name].kind])
    kind = f"{prefix}_{fields[name].kind}"
    op = middle.selectbox(
        "Comparison",
        operations,
        index=_place(operations, kept.get("op")),
        format_func=lambda each: words(each).lower(),
        key=f"{kind}_op",
        label_visibility="collapsed",
    )
    if op not in _BARE:
        with right:
            _value(f"{prefix}_{name}", fields[name], kept, several=op in _LISTS)


def _value(key: str, field: Field, kept: Mapping[str, Any], *, several: bool) -> None:
    value = kept.get("value")
    if field.words and several:
        st.multiselect(
            "Values", field.words, list(kept.get("values", ())), format_func=words, key=f"{key}_values", **_hidden
        )
    elif field.words:
        st.selectbox(
            "Value", field.words, index=_place(field.words, value), format_func=words, key=f"{key}_word", **_hidden
        )
    elif several:
        listed = ", ".join(str(each) for each in kept.get("values", ()))
        st.text_input("Values", listed, key=f"{key}_list", placeholder="one, another", **_hidden)
    elif field.kind == "truth":
        st.selectbox("Value", [True, False], index=int(value is False), format_func=_yes, key=f"{key}_truth", **_hidden)
    elif field.kind == "number":
        begun = float(value) if isinstance(value, int | float) else 0.0
        st.number_input("Value", value=begun, key=f"{key}_number", **_hidden)
    else:
        st.text_input("Value", str(value or ""), key=f"{key}_text", max_chars=200, **_hidden)


def _said(prefix: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    said = st.session_state
    field = fields.get(said.get(f"{prefix}_field", "")) or next(iter(fields.values()))
    op = said.get(f"{prefix}_{field.kind}_op") or next(iter(OPERATIONS[field.kind]))
    part: dict[str, Any] = {"op": op, "field": field.name}
    key = f"{prefix}_{field.name}"
    if op in _LISTS:
        part["values"] = (
            list(said.get(f"{key}_values", ())) if field.words else _listed(field, said.get(f"{key}_list", ""))
        )
    elif op not in _BARE:
        part["value"] = _plain(next((said[f"{key}_{kind}"] for kind in _KINDS if f"{key}_{kind}" in said), None))
    return part


_KINDS = ("word", "truth", "number", "text")


def _listed(field: Field, text: str) -> list[Any]:
    parts = [part.strip() for part in str(text).split(",") if part.strip()]
    return [_number(part) for part in parts] if field.kind == "number" else parts


def _number(text: str) -> Any:
    try:
        return _plain(float(text))
    except ValueError:
        return text


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _place(names: Sequence[Any], kept: Any) -> int:
    return names.index(kept) if kept in names else 0
