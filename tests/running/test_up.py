"""One command starts everything and, however it ends, nothing is left running and the next start works."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from core.settings import PROJECT

PROCFILE = """\
web: exec python -m http.server --directory {served} --bind 127.0.0.1 "$OPSDESK_WEB_PORT"
jobs: sh -c 'sleep 1000 & echo at work; wait'
"""
START = """
import sys
from pathlib import Path
from jobs.up import up
end = "--end" in sys.argv
sys.exit(up(procfile=Path(sys.argv[1]), prepare=lambda: ["Sign in as nobody"], end_with_parent=end))
"""


@dataclass
class House:
    """A data folder, a port and a Procfile of two plain programs, as `up` would find them."""

    folder: Path
    port: int
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        without = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "OPSDESK_"))}
        return without | {"OPSDESK_DATA_DIR": str(self.folder), "OPSDESK_WEB_PORT": str(self.port)}

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-c", START, str(self.folder / "Procfile")]

    def start(self, *, under: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> Output:
        process = subprocess.Popen(
            [*under, *self.command, *more], cwd=PROJECT, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return Output(process)

    def inhabitants(self) -> list[psutil.Process]:
        """Every living process that was started with this data folder, PostgreSQL included."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            return bool(alive and process.environ().get("OPSDESK_DATA_DIR") == str(self.folder))
        except psutil.Error:
            return False

    def one(self, *words: str) -> psutil.Process:
        [found] = [process for process in self.inhabitants() if set(words) <= set(process.cmdline())]
        return found

    def assert_empty(self, within_seconds: float) -> None:
        _wait(lambda: not self.inhabitants(), within_seconds, lambda: f"still there: {self.inhabitants()}")


class Output:
    """What a process prints, line by line, with a limit to waiting."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.seen = ""
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)

    def until(self, words: str, times: int = 1) -> None:
        deadline = time.monotonic() + 30
        while self.seen.count(words) < times:
            try:
                self.seen += self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"never said {words!r}, but:\n{self.seen}") from None


def _wait(until: Callable[[], bool], seconds: float, complaint: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "served").mkdir()
    (folder / "served" / "healthz").write_text("well")
    (folder / "Procfile").write_text(PROCFILE.format(served=folder / "served"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        built = House(folder, free.getsockname()[1])
    yield built
    for process in built.started:
        process.terminate()
    built.assert_empty(20)


@pytest.fixture
def running(house: House) -> Iterator[Output]:
    output = house.start()
    output.until("Ctrl-C ends it.")
    yield output
    output.process.terminate()
    output.process.wait(20)
    house.assert_empty(10)


def test_a_start_says_where_it_is_and_how_to_sign_in(house: House, running: Output) -> None:
    running.until("at work")
    assert f"Opsdesk is at http://localhost:{house.port}\nSign in as nobody\n" in running.seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_ends_everything_with_code_0(house: House, running: Output, number: int) -> None:
    running.process.send_signal(number)
    assert running.process.wait(20) == 0
    assert house.inhabitants() == []


def test_a_second_start_says_where_the_first_is_and_harms_nothing(house: House, running: Output) -> None:
    second = subprocess.run(
        house.command,
        cwd=PROJECT,
        env=house.environment,
        text=True,
        capture_output=True,
        timeout=20,
        check=False,
    )
    said = f"Opsdesk is already running at http://localhost:{house.port} (process {running.process.pid}).\n"
    assert (second.returncode, second.stdout, second.stderr) == (0, said, "")
    assert house.one("http.server").is_running()


def test_a_kill_of_all_in_the_foreground_leaves_nothing_and_the_next_start_just_works(house: House) -> None:
    first = house.start()
    first.until("Ctrl-C ends it.")
    os.killpg(first.process.pid, signal.SIGKILL)
    second = house.start()
    second.until("Ctrl-C ends it.")
    os.killpg(second.process.pid, signal.SIGKILL)
    house.assert_empty(15)


def test_a_kill_while_the_database_starts_leaves_nothing(house: House) -> None:
    start = house.start()
    _wait(lambda: any("pg_ctl" in one.name() for one in house.inhabitants()), 20, lambda: "no database started")
    start.process.kill()
    house.assert_empty(15)


def test_a_killed_keeper_takes_everything_with_it_and_the_start_says_so(house: House) -> None:
    output = house.start()
    output.until("Ctrl-C ends it.")
    house.one("jobs.keeper").kill()
    assert output.process.wait(20) == 1
    output.until("was killed")
    house.assert_empty(5)


def test_a_process_that_crashes_is_started_again(house: House, running: Output) -> None:
    web = house.one("http.server")
    web.kill()
    running.until("ended with -9; it starts again in 1 s")
    _wait(
        lambda: any("http.server" in process.cmdline() for process in house.inhabitants()),
        10,
        lambda: "no web",
    )
    assert house.one("http.server").pid != web.pid


def test_the_end_of_the_parent_ends_everything_where_that_was_asked(house: House) -> None:
    output = house.start(under=("sh", "-c", '"$@"; true', "sh"), more=("--end",))
    output.until("Ctrl-C ends it.")
    output.process.kill()
    house.assert_empty(15)


def test_a_taken_port_is_named_with_the_variable_to_change(house: House) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", house.port))
        other.listen()
        output = house.start()
        output.until(f"Port {house.port} is taken by another program; choose another, say OPSDESK_WEB_PORT=")
    assert output.process.wait(20) == 1
    house.assert_empty(5)
