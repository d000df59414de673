"""The command line: everything that an operator types, each command one call."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer

from core.errors import Invalid, OpsError
from core.permissions import Role
from jobs.adding import add
from jobs.importing import import_file
from jobs.operators import member, operator
from jobs.process_queue import process_queue
from jobs.reporting import report

app = typer.Typer(
    name="jobs",
    help="Runs Opsdesk's scheduled work, and what an operator does by hand.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON, for programs.")]


def main() -> NoReturn:
    """Run one command. A refusal is one sentence on standard error: exit code 2 for what was typed, else 1."""
    with _in_a_sentence():
        app()
    raise SystemExit(0)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except OpsError as error:
        print(error.sentence, file=sys.stderr)
        raise SystemExit(2 if isinstance(error, Invalid) else 1) from None
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines() or ["no answer"]
        print(f"The database cannot be used: {said[0]}", file=sys.stderr)
        raise SystemExit(1) from None


def _say(said: Any, *, as_json: bool, words: str) -> None:
    print(json.dumps(said, default=str) if as_json else words)


@app.command()
def run() -> None:
    """Run the timetable until told to stop: this is the process to keep going. Several may; one leads."""
    from core import migrating
    from jobs.runner import Runner

    migrating.require_current()
    raise typer.Exit(Runner().run())


@app.command("run-once")
def run_once(
    name: Annotated[str, typer.Argument(help="Which job; `list` names them.")], as_json: AsJson = False
) -> None:
    """Run one job now and exit with its outcome: 0 done, 1 failed."""
    from jobs.timetable import job
    from jobs.turns import Turn, carry_out

    found = job(name)
    outcome = carry_out(Turn(found.name, operator().name), found.work)
    counted = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in outcome.counts.items())
    words = f"{name}: {outcome.how}" + (f" ({outcome.error or counted})" if outcome.error or counted else "")
    _say({"job": name, **vars(outcome)}, as_json=as_json, words=words)
    raise typer.Exit(0 if outcome.how == "done" else 1)


@app.command("list")
def list_jobs(as_json: AsJson = False) -> None:
    """Show every job with its last and its next run."""
    from jobs.listing import lines, table

    found = lines(operator())
    _say([vars(line) for line in found], as_json=as_json, words=table(found))


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema. Any number of processes may: one does it."""
    from core import migrating

    migrating.migrate()
    print(f"The schema is at {migrating.version()}.")


@app.command()
def demo() -> None:
    """Load the demonstration into an empty database and show how to sign in."""
    from core import demo as demonstration
    from core import migrating

    migrating.require_current()
    print(*demonstration.load_if_empty(), sep="\n")


@app.command("verify-audit")
def verify_audit(as_json: AsJson = False) -> None:
    """Prove that nothing in the audit log was altered, removed or cut off. Exit code 1 says where it was."""
    from core import verifying
    from core.uow import perform

    verdict = perform(operator(), verifying.verify)
    said = {**vars(verdict), "ok": verdict.ok, "findings": [vars(finding) for finding in verdict.findings]}
    checked = f"{verdict.rows:,} rows, {verdict.seals:,} seals and {verdict.anchors:,} anchors were checked"
    lines = [
        f"The audit log is whole: {checked}." if verdict.ok else f"The audit log is NOT what it was; {checked}:",
        *(f"- {finding.where}: {finding.what}" for finding in verdict.findings),
        *verdict.cautions,
    ]
    _say(said, as_json=as_json, words="\n".join(lines))
    raise typer.Exit(0 if verdict.ok else 1)


app.command("import")(import_file)
app.command("add")(add)
app.command("process-queue")(process_queue)
app.command("report")(report)


@app.command("create-staff")
def create_staff(
    username: str,
    full_name: str,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.VIEWER,
    email: Annotated[str | None, typer.Option(help="Their address, by which they may sign in too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take on a member of staff and print their first password, once."""
    from core import people
    from core.uow import perform

    made = perform(operator(), people.create_staff, username, full_name, role, email=email)
    words = f"{made.username} can sign in with the password {made.password}, and changes it then."
    _say(vars(made), as_json=as_json, words=words)


@app.command("create-token")
def create_token(
    staff: Annotated[str, typer.Option(help="Username of the owner.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="A permission; may be repeated. None: all of the owner's.")
    ] = None,
    expires_days: Annotated[int | None, typer.Option(help="Days until it ends.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API token for a member of staff and print it, once."""
    from core import tokens
    from core.uow import perform

    owner = member(staff).id
    made = perform(
        operator(), tokens.create_token, name, staff_id=owner, scopes=scope or None, expires_days=expires_days
    )
    _say(vars(made), as_json=as_json, words=made.token)


@app.command("remark-customers")
def remark_customers(as_json: AsJson = False) -> None:
    """Make customers findable again after the search key was changed, in batches. Safe to interrupt and to repeat."""
    from core import findable
    from core.uow import perform

    done = 0
    while batch := perform(operator(), findable.remark_customers):
        done += batch
    _say({"customers": done}, as_json=as_json, words=f"{done:,} customers have hashes of the present key.")


@app.command()
def doctor(
    rebuild_metrics: Annotated[
        bool, typer.Option("--rebuild-metrics", help="First sum the metrics anew from the records.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, database, schema, roles, clocks, jobs and metrics. Exit code 1 when something is wrong."""
    from core.metrics import proving
    from core.uow import perform
    from jobs.doctor import examine

    if rebuild_metrics:
        perform(operator(), proving.rebuild)

    found = examine(operator())
    words = "\n".join(f"{'ok  ' if each.ok else 'BAD '} {each.name}: {each.said}" for each in found)
    _say([vars(each) for each in found], as_json=as_json, words=words)
    raise typer.Exit(0 if all(each.ok for each in found) else 1)


if __name__ == "__main__":
    main()
