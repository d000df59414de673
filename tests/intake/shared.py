"""The folder of real sample data, and questions to the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core import db
from core.permissions import process
from core.settings import PROJECT

DATA = PROJECT.parent / "shared" / "data"
OPERATOR = process("cli", "import")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the sample data are not at {DATA}")


def rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """All rows of one question."""
    with db.engine("app").connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql), values)]


def one(sql: str, **values: Any) -> Any:
    """The one value of one question."""
    return rows(sql, **values)[0][0]


def state() -> tuple[Any, ...]:
    """What an import could have changed: how many rows each table has, and the items' versions."""
    tables = ("work_items", "complaints", "bookings", "individual_providers", "work_actions", "clock_events")
    counts = tuple(one(f"SELECT count(*) FROM {table}") for table in tables)
    return counts, one(
        "SELECT md5(string_agg(id || ':' || version || ':' || occurrences, ',' ORDER BY id)) FROM work_items"
    )


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
