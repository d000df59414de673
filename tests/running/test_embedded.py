"""The PostgreSQL that comes with Opsdesk: it starts once, survives being killed, and says what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from core import embedded
from core.errors import OpsError
from core.settings import PROJECT


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data_dir = tmp_path_factory.mktemp("embedded")
    yield data_dir
    embedded.stop(data_dir)


def ask(data_dir: Path, question: str) -> object:
    engine = create_engine(embedded.url(data_dir))
    try:
        with engine.begin() as connection:
            return connection.execute(text(question)).scalar()
    finally:
        engine.dispose()


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n")[0])


def test_two_processes_starting_at_once_start_one_server(place: Path) -> None:
    code = "import sys; from pathlib import Path; from core import embedded; embedded.start(Path(sys.argv[1]))"
    starts = [subprocess.Popen([sys.executable, "-c", code, str(place)], cwd=PROJECT) for _ in range(2)]
    assert [start.wait(60) for start in starts] == [0, 0]
    servers = [process for process in psutil.process_iter(["cmdline"]) if _serves(process, place)]
    assert [server.pid for server in servers] == [postmaster(place)]


def _serves(process: psutil.Process, place: Path) -> bool:
    words = process.info["cmdline"] or [""]
    return words[0].endswith("/postgres") and str(place / "postgres") in words


def test_the_owner_may_make_roles_and_owns_the_database(place: Path) -> None:
    embedded.start(place, durable=False)
    assert ask(place, "SELECT current_user") == "opsdesk_owner"
    assert ask(place, "SELECT rolcreaterole AND NOT rolsuper FROM pg_roles WHERE rolname = current_user") is True
    assert ask(place, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'opsdesk'") == "opsdesk_owner"


def test_no_network_address_is_opened_and_nobody_else_reaches_the_socket(place: Path) -> None:
    embedded.start(place, durable=False)
    assert ask(place, "SELECT current_setting('listen_addresses')") == ""
    assert (place / "postgres").stat().st_mode & 0o077 == 0


def test_what_was_committed_survives_a_kill_and_a_start(place: Path) -> None:
    embedded.start(place)
    ask(place, "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1); SELECT 1")
    os.kill(postmaster(place), signal.SIGKILL)
    _wait_until_dead(place)
    embedded.start(place)
    assert ask(place, "SELECT count(*) FROM kept") == 1


def test_the_number_of_a_dead_server_in_other_hands_does_not_stop_a_start(place: Path) -> None:
    embedded.start(place, durable=False)
    note = (place / "postgres" / "postmaster.pid").read_text().split("\n")
    os.kill(postmaster(place), signal.SIGKILL)
    _wait_until_dead(place)
    note[0] = str(os.getpid())
    (place / "postgres" / "postmaster.pid").write_text("\n".join(note))
    assert not embedded.is_running(place)
    embedded.start(place, durable=False)
    assert ask(place, "SELECT 1") == 1


def _wait_until_dead(place: Path) -> None:
    for _ in range(100):
        if not embedded.is_running(place):
            return
        time.sleep(0.05)
    raise AssertionError("the server outlived its kill")


def test_stopping_leaves_nothing_running_and_may_be_repeated(place: Path) -> None:
    embedded.start(place, durable=False)
    server = psutil.Process(postmaster(place))
    embedded.stop(place)
    embedded.stop(place)
    assert not embedded.is_running(place)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_a_path_too_long_for_a_socket_finds_a_private_place(tmp_path: Path) -> None:
    data_dir = tmp_path / ("a very long name, with a comma " * 4)
    try:
        embedded.start(data_dir, durable=False)
        assert ask(data_dir, "SELECT 1") == 1
    finally:
        embedded.stop(data_dir)


def test_a_set_up_killed_half_way_is_begun_afresh(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    try:
        embedded.start(tmp_path, durable=False)
        assert not (tmp_path / "postgres.new").exists()
    finally:
        embedded.stop(tmp_path)


def test_data_of_another_postgresql_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(OpsError, match="PostgreSQL 16 wrote"):
        embedded.start(tmp_path)


def test_a_folder_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("dear reader")
    with pytest.raises(OpsError, match="not a database"):
        embedded.start(tmp_path, durable=False)
    assert (tmp_path / "postgres" / "letter.txt").exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OpsError, match="cannot be used"):
        embedded.start(tmp_path / "file" / "data")
