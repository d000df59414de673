"""Single values of a row: numbers and moments as files write them, each refused by its column's name."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import Invalid

Columns = Mapping[str, Any]


def text(columns: Columns, name: str, missing: Iterable[str] = ("",)) -> str | None:
    """The trimmed text of a column; None where the format's word for nothing stands."""
    said = str(columns[name]).strip()
    return None if said in missing else said


def whole(columns: Columns, name: str) -> int:
    """A whole number."""
    said = str(columns[name]).strip()
    try:
        return int(said)
    except ValueError:
        raise Invalid(name, "is a whole number") from None


def decimal(columns: Columns, name: str) -> Decimal:
    """A number with decimals, finite."""
    try:
        value = Decimal(str(columns[name]).strip())
    except InvalidOperation:
        raise Invalid(name, "is a number") from None
    if not value.is_finite():
        raise Invalid(name, "is a number")
    return value


def moment(
    columns: Columns, name: str, form: str, zone: ZoneInfo | None = None, missing: Iterable[str] = ("",)
) -> datetime | None:
    """A moment written as `form` in `zone` (UTC by default), in UTC; None where nothing stands."""
    said = text(columns, name, missing)
    if said is None:
        return None
    try:
        return datetime.strptime(said, form).replace(tzinfo=zone or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(name, f"is a time such as {datetime(2016, 1, 31, 13, 5, tzinfo=UTC):{form}}") from None


class Places:
    """The place of each row among those that are equal to it: what a row is known by where its set names none.

    Equal rows may be distinct records; the third of them is the third again when the file is read once more, even
    if the file has grown.
    """

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def of(self, columns: Columns) -> str:
        """A reference for this row."""
        told = "\x1f".join(map(str, columns.values())).encode("utf-8", "replace")
        digest = hashlib.sha256(told).digest()[:12]
        self._seen[digest] += 1
        return f"{digest.hex()}-{self._seen[digest]}"
