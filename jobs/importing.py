"""The command that imports a file, with a bar that says how far it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from core.clock import checked_moment
from jobs.operators import operator

if TYPE_CHECKING:
    from core.intake.importing import Outcome


def import_file(
    kind: Annotated[
        str, typer.Argument(help="bookings, complaints, payments, providers, incidents, transfers or work_items.")
    ],
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines, plain or gzipped.")],
    format: Annotated[
        str | None,
        typer.Option(help="boston-311, ehr-directory, gp2gp, hotel-demand, nppes or uci-incidents."),
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="A TOML file that describes any other shape.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="MOMENT", help='When the file was "now", say 2016-01-13T00:00-05:00.')
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; keep nothing.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go, with line and reason.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON, for programs.")] = False,
) -> None:
    """Import a file of records; safe to run twice. Exit code 3 when rows were rejected."""
    from core.intake.importing import run

    moment = None if as_of is None else checked_moment("as-of", as_of)
    with _bar() as bar:
        task = bar.add_task("", total=1.0)

        def show(outcome: Outcome, share: float) -> None:
            bar.update(task, completed=share, description=f"{outcome.read:,} rows")

        outcome = run(
            operator(), kind, file, format, mapping=mapping, as_of=moment, dry_run=dry_run, rejects=rejects,
            progress=show,
        )  # fmt: skip
    print(json.dumps(vars(outcome)) if as_json else _words(outcome, dry_run=dry_run))
    raise typer.Exit(3 if outcome.rejected else 0)


def _bar() -> Progress:
    """On standard error, so that what is printed can be read by programs; nothing where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


def _words(outcome: Outcome, *, dry_run: bool) -> str:
    counted = {name: count for name, count in vars(outcome).items() if count and name != "read"}
    told = ", ".join(f"{count:,} {name}" for name, count in counted.items()) or "nothing in them"
    return f"{outcome.read:,} rows read: {told}." + (" Nothing was kept: a dry run." if dry_run else "")
