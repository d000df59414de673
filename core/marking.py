"""Keyed hashes of what identifies a customer: by them alone customers are found again, exactly, by who has the key."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core import keys

MARKED: Mapping[str, tuple[str, ...]] = {"customers": ("email", "mobile")}
"""The columns, by table, beside which a column `…_hash` holds the keyed hash of the value."""
_KEY_BYTES = 4
_HASH_BYTES = 32


def plain(field: str, value: str) -> str:
    """However it was written, one way to write it."""
    return re.sub(r"[^0-9]", "", value) if field == "mobile" else value.strip().lower()


def digest(field: str, value: str) -> bytes:
    """The keyed hash of a value, however it was written."""
    return _digest(keys.key("search"), field, value)


def mark(field: str, value: str) -> bytes:
    """The hash as it is stored: which key it was made with (4 bytes), then `digest`."""
    return _mark(keys.key("search"), field, value)


def bounds() -> tuple[bytes, bytes]:
    """Between these lie all hashes that the present key makes, and none of another's."""
    first = _name(keys.key("search"))
    return first, first + b"\xff" * _HASH_BYTES


def with_marks(table: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows to be written to `table`, each value that is marked together with its hash: every write goes through here.

    A value that a row does not name stays as it is, and so does its hash.
    """
    fields = MARKED.get(table, ())
    if not fields:
        return [dict(row) for row in rows]
    key = keys.key("search")
    return [{**row, **_marks(key, row, fields)} for row in rows]


def as_json(value: object) -> str:
    """What is no JSON by itself, as the database reads it from JSON: for `json.dumps(…, default=as_json)`."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _marks(key: bytes, row: Mapping[str, Any], fields: Sequence[str]) -> dict[str, bytes | None]:
    return {
        f"{field}_hash": None if row[field] is None else _mark(key, field, row[field])
        for field in fields
        if field in row
    }


def _mark(key: bytes, field: str, value: str) -> bytes:
    return _name(key) + _digest(key, field, value)


def _digest(key: bytes, field: str, value: str) -> bytes:
    return hmac.digest(key, f"{field}:{plain(field, value)}".encode(), hashlib.sha256)


def _name(key: bytes) -> bytes:
    """What a key is told from others by, which gives nothing of it away."""
    return hmac.digest(key, b"which key", hashlib.sha256)[:_KEY_BYTES]
