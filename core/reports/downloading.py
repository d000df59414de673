"""Reports as files: in each of their forms, fetched once with a ticket of a minute, as their reader may see them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from core import tickets
from core.permissions import Permission, requires
from core.reports.keeping import shown
from core.reports.wording import Form, written
from core.tickets import Export
from core.uow import UnitOfWork

CONTENTS = "report"
_FILES = {
    Form.TEXT: ("txt", "text/plain; charset=utf-8"),
    Form.HTML: ("html", "text/html; charset=utf-8"),
    Form.JSON: ("json", "application/json"),
}


@requires(Permission.OPS_READ, leaves="report.offered")
def offer(uow: UnitOfWork, day: date, form: Form) -> str:
    """A ticket for the kept report of a day in one form: good once, for a minute, for the asker alone.

    The file is at `/export/` and the ticket. Raises NotFound for a day without a report.
    """
    shown(uow, day)
    ticket = tickets.give(uow, CONTENTS, json.dumps({"day": day.isoformat(), "form": form}))
    uow.record("report.offered", "report", day, form=form)
    return ticket


@requires(Permission.OPS_READ, leaves="report.downloaded")
def download(uow: UnitOfWork, _contents: str, wanted: Mapping[str, Any]) -> Export:
    """The report that a ticket was given for, as a file."""
    day, form = date.fromisoformat(wanted["day"]), Form(wanted["form"])
    found = shown(uow, day)
    content = written(found.report, found.names, form)
    suffix, media_type = _FILES[form]
    uow.record("report.downloaded", "report", day, pii=found.in_clear, form=form)
    file = io.BytesIO(content.encode())
    return Export(f"opsdesk-report-{day}.{suffix}", file, len(file.getvalue()), content.count("\n"), media_type)


tickets.made_by(download, CONTENTS)
