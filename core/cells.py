"""Cells of a table that leaves as CSV: what a spreadsheet shows and never runs."""

from __future__ import annotations

import json
from datetime import datetime

_RUN = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_STRIPPED = ("\t", "\r", "\n")


def cell(value: object) -> str:
    """A value as a cell: nothing as an empty one, moments in ISO 8601, documents as JSON.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; NULs are left out. Numbers of ours
    stay numbers.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool | int | float):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _harmless(text.replace("\x00", ""))


def _harmless(text: str) -> str:
    runs = text.startswith(_STRIPPED) or text.lstrip().startswith(_RUN)
    return f"'{text}" if runs else text
