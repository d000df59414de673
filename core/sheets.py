"""Sheets: a table that stands on a screen as a CSV file, through a ticket of its own."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from core import tickets
from core.cells import cell
from core.errors import Invalid
from core.permissions import Permission, requires
from core.text import checked_text
from core.tickets import Export
from core.uow import UnitOfWork

CONTENTS = "sheet"
MOST_CELLS = 20_000
_PLAIN = (str, int, float, type(None))


@requires(Permission.OPS_READ, leaves="sheet.offered")
def offer(uow: UnitOfWork, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A ticket for a table as its reader sees it: good once, for a minute, for the asker alone.

    The file is at `/export/` and the ticket. `name` is words and underscores, of which the file's name is made. Raises
    Invalid for more than 20,000 cells, or for what is no plain value.
    """
    called = checked_text("name", name, 60)
    if not called.replace("_", "").isalnum() or not called.isascii():
        raise Invalid("name", "is made of letters, digits and underscores")
    if len(rows) * len(columns) > MOST_CELLS:
        raise Invalid("rows", f"have at most {MOST_CELLS:,} cells")
    if not all(isinstance(value, _PLAIN) for row in rows for value in row):
        raise Invalid("rows", "hold texts and numbers")
    told = {"name": called, "columns": list(columns), "rows": [list(row) for row in rows]}
    ticket = tickets.give(uow, CONTENTS, json.dumps(told))
    uow.record("sheet.offered", "sheet", called, rows=len(rows))
    return ticket


@requires(Permission.OPS_READ, leaves="sheet.downloaded")
def download(uow: UnitOfWork, _contents: str, wanted: Mapping[str, Any]) -> Export:
    """The table that a ticket was given for."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerows([[cell(value) for value in row] for row in (wanted["columns"], *wanted["rows"])])
    content = text.getvalue().encode("utf-8-sig")  # a spreadsheet knows UTF-8 by its mark alone
    uow.record("sheet.downloaded", "sheet", wanted["name"], rows=len(wanted["rows"]))
    name = f"opsdesk-{wanted['name'].replace('_', '-')}-{uow.now:%Y%m%d-%H%M}.csv"
    return Export(name, io.BytesIO(content), len(content), len(wanted["rows"]))


tickets.made_by(download, CONTENTS)
