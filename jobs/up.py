"""Starts all of Opsdesk with one command, database, web and jobs, and ends all of it with one Ctrl-C."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, TextIO

import typer

from core import embedded
from core.errors import Conflict, OpsError, Unavailable
from core.filelock import held
from core.settings import PROJECT, Settings, settings
from jobs import keeper

_ANSWER_WITHIN_SECONDS = 60


def up(
    *,
    with_api: bool = False,
    end_with_parent: bool = False,
    procfile: Path = PROJECT / "Procfile",
    prepare: Callable[[], list[str]] | None = None,
) -> int:
    """Run Opsdesk until it is told to stop; returns the exit code.

    `with_api` runs the API as a process of its own as well; `end_with_parent` ends when the process that
    started this one is gone. A second start says where the first one is and does no harm.
    """
    _heed_signals()
    names = ["web", "jobs", *(["api"] if with_api else [])]
    try:
        return _run(settings(), procfile, names, prepare or prepare_database, os.getppid() if end_with_parent else 0)
    except KeyboardInterrupt:
        print("Opsdesk has stopped.", flush=True)
        return 0
    except OpsError as error:
        print(error.sentence, file=sys.stderr, flush=True)
        return 1


def _heed_signals() -> None:
    """Every request to stop arrives as KeyboardInterrupt; `nohup` keeps its meaning."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def prepare_database() -> list[str]:
    """Bring the schema up to date and fill an empty database; returns the lines about signing in."""
    from core import demo, migrating, people

    migrating.migrate()
    return demo.load_if_empty() if settings().demo else people.first_administrator()


def _run(given: Settings, procfile: Path, names: list[str], prepare: Callable[[], list[str]], parent: int) -> int:
    with held(given.data_dir / "up.lock", patience_seconds=0) as mine:
        if mine is None:
            print(f"Opsdesk is already running at {(given.data_dir / 'up.lock').read_text()}.", flush=True)
            return 0
        _sign(mine, f"{given.address} (process {os.getpid()})")
        with _keeping(given, procfile, names) as kept:
            if given.database_url is None:
                embedded.start(given.data_dir)
            sign_ins = prepare()
            _begin(kept)
            return _watch(given, kept, sign_ins, parent)


def _sign(lock: TextIO, words: str) -> None:
    lock.truncate(0)
    lock.write(words)
    lock.flush()


@contextmanager
def _keeping(given: Settings, procfile: Path, names: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A keeper, from before anything runs until everything has ended, whoever of us may be killed."""
    # A keeper whose start was killed may still be ending things: its lock is free when it has.
    with held(given.data_dir / "keeper.lock", patience_seconds=30) as lock:
        if lock is None:
            raise Conflict("An earlier Opsdesk is still ending; try again in a moment.")
        _check_ports(given, names)
        database = [] if given.database_url else ["--stop-postgres", str(given.data_dir)]
        command = [sys.executable, "-m", "jobs.keeper", str(procfile), *names, *database]
        kept = subprocess.Popen(
            command, cwd=PROJECT, env=_environment(given), stdin=subprocess.PIPE, start_new_session=True,
            pass_fds=(lock.fileno(),),
        )  # fmt: skip
        try:
            yield kept
        finally:
            _end(given, kept)


def _environment(given: Settings) -> dict[str, str]:
    """What the Procfile's lines refer to, and this interpreter's programs first."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "OPSDESK_WEB_HOST": given.web_host,
        "OPSDESK_WEB_PORT": str(given.web_port),
        "OPSDESK_API_PORT": str(given.api_port),
    }


def _check_ports(given: Settings, names: list[str]) -> None:
    """Raises Conflict with the variable to change when somebody else has a port that we need."""
    wanted = {"web": ("OPSDESK_WEB_PORT", given.web_port), "api": ("OPSDESK_API_PORT", given.api_port)}
    for variable, port in (wanted[name] for name in names if name in wanted):
        if not _is_free(given.web_host, port):
            raise Conflict(f"Port {port} is taken by another program; choose another, say {variable}={port + 100}.")


def _is_free(host: str, port: int) -> bool:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            trial.bind(address)
            return True
    return False


def _begin(kept: subprocess.Popen[bytes]) -> None:
    if kept.stdin is None or kept.poll() is not None:
        raise Unavailable("Opsdesk could not start its processes; what it printed above says why.")
    kept.stdin.write(keeper.BEGIN)
    kept.stdin.flush()


def _watch(given: Settings, kept: subprocess.Popen[bytes], sign_ins: list[str], parent: int) -> int:
    """Say when the web answers, then wait: for a signal, the parent's end, or the keeper's, a fault."""
    give_up = time.monotonic() + _ANSWER_WITHIN_SECONDS
    said = False
    while kept.poll() is None:
        if parent and os.getppid() != parent:
            return 0
        if not said and ((answers := _answers(given)) or time.monotonic() > give_up):
            said = True
            _announce(given, answers, sign_ins)
        time.sleep(0.25)
    print("The process that keeps the others was killed; everything has been ended.", file=sys.stderr)
    return 1


def _announce(given: Settings, answers: bool, sign_ins: list[str]) -> None:
    where = f"Opsdesk is at {given.address}"
    late = f"The web has not answered within {_ANSWER_WITHIN_SECONDS} s; its messages above say why."
    lines = ["", where if answers else late, *sign_ins, "Ctrl-C ends it.", ""]
    with suppress(OSError):  # nobody may be reading any more
        print("\n".join(lines), flush=True)


def _answers(given: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(given.web_host, given.web_host)  # noqa: S104
    connection = http.client.HTTPConnection(host, given.web_port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(given: Settings, kept: subprocess.Popen[bytes]) -> None:
    """Cut the keeper's lifeline and wait; a keeper that was killed leaves its work to us."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if kept.stdin is not None:
        with suppress(OSError):
            kept.stdin.close()
    if kept.wait() != 0:
        keeper.end_group(kept.pid)
        if given.database_url is None:
            embedded.stop(given.data_dir)


_command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@_command.command()
def main(
    api: Annotated[bool, typer.Option("--api", help="Run the API as a process of its own as well.")] = False,
    end_with_parent: Annotated[bool, typer.Option(help="End when the process that started this one does.")] = False,
) -> None:
    """Start the database, the web and the jobs, and run them until Ctrl-C."""
    raise typer.Exit(up(with_api=api, end_with_parent=end_with_parent))


if __name__ == "__main__":
    _command()
