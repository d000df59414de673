"""`python -m jobs report`: the daily report of the queue, printed."""

from __future__ import annotations

from typing import Annotated

import typer

from core.reports.wording import Form
from jobs.operators import operator


def report(
    date: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day (UTC), as it was at its end; today's, until now, by default."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How it is written down.")] = Form.TEXT,
) -> None:
    """Print the report of the queue for a day, and keep it: a day that is over has one report for good."""
    from core.reports import keeping
    from core.reports.wording import written
    from core.uow import perform

    day = None if date is None else keeping.day_of(date)
    made = perform(operator(), keeping.produce, day)
    print(written(made.report, made.names, form))
