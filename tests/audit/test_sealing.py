"""Seals cover every row once, whoever writes and whoever seals meanwhile."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text

from core import db, keys, sealing
from core.errors import NotPermitted, OpsError
from core.permissions import Principal
from core.uow import perform
from tests.audit.logs import RUNNER, drawn_and_undone, judged, sealed, written
from tests.cast import Cast

INSERT = (
    "INSERT INTO ops_audit_log (at, actor_kind, actor_name, action, resource_type, metadata) "
    "VALUES (now(), 'cli', 'slow', 'slow', 'nothing', '{}') RETURNING id"
)


@contextmanager
def writer_at_work() -> Iterator[Connection]:
    """A connection of the application in a transaction of its own; rolled back unless it commits."""
    with db.engine("app").connect() as connection:
        yield connection


def _seals() -> list[tuple[int, int, int, int]]:
    with db.engine("app").connect() as connection:
        query = text("SELECT id, first_id, last_id, row_count FROM audit_seals ORDER BY id")
        return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def test_a_seal_covers_all_rows_since_the_last_and_the_gaps_among_them(cast: Cast) -> None:
    written(cast.senior, 5)
    assert sealed() == 5
    drawn_and_undone()
    written(cast.senior, 2)
    drawn_and_undone()
    assert sealed() == 2
    assert _seals() == [(0, 0, 0, 0), (1, 1, 5, 5), (2, 6, 9, 2)]


def test_nothing_new_makes_no_seal(cast: Cast) -> None:
    assert sealed() == 0
    written(cast.senior, 1)
    assert (sealed(), sealed()) == (1, 0)
    assert len(_seals()) == 2


def test_a_long_log_is_sealed_in_several_seals(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "ROWS_PER_SEAL", 10)
    monkeypatch.setattr(sealing, "SEALS_AT_ONCE", 3)
    written(cast.senior, 35)
    assert (sealed(), sealed()) == (30, 5)
    assert [seal[3] for seal in _seals()] == [0, 10, 10, 10, 5]
    assert judged().ok


def test_a_row_still_being_written_is_waited_for(cast: Cast) -> None:
    with writer_at_work() as slow:
        slow.execute(text(INSERT))
        written(cast.senior, 3)
        assert sealed(patience_seconds=0.1) == 0
        slow.commit()
    assert sealed() == 4


def test_a_number_drawn_by_a_transaction_that_has_no_id_yet_is_waited_for(cast: Cast) -> None:
    written(cast.senior, 1)  # so that the next number needs no record of its own, and so no transaction id
    with writer_at_work() as slow:
        slow.execute(text("LOCK TABLE ops_audit_log IN ROW EXCLUSIVE MODE"))  # what an INSERT begins with
        number = slow.scalar(text("SELECT nextval(pg_get_serial_sequence('ops_audit_log', 'id'))"))
        assert slow.scalar(text("SELECT pg_current_xact_id_if_assigned()")) is None
        written(cast.senior, 1)
        assert sealed(patience_seconds=0.1) == 0
        slow.execute(text(INSERT.replace("(at", "(id, at").replace("(now", f"({number}, now")))
        slow.commit()
    assert sealed() == 3
    assert judged().ok


def test_new_writers_do_not_keep_the_sealer_waiting(cast: Cast) -> None:
    written(cast.senior, 3)
    done = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        busy = [pool.submit(_write_until, done, cast.senior) for _ in range(2)]
        count = pool.submit(sealed, 5.0).result()
        done.set()
        assert [future.result() for future in busy] == [None, None]
    assert count >= 3


def _write_until(done: threading.Event, principal: Principal) -> None:
    while not done.is_set():
        written(principal, 1)


def test_sealing_among_writers_loses_no_row_and_doubles_none(cast: Cast) -> None:
    done = threading.Event()
    with ThreadPoolExecutor(6) as pool:
        sealers = [pool.submit(_seal_until, done) for _ in range(2)]
        writers = [pool.submit(written, cast.senior, 100, 10) for _ in range(4)]
        for future in writers:
            future.result()
        done.set()
        count = sum(future.result() for future in sealers) + sealed()
    verdict = judged()
    assert (count, verdict.rows, verdict.unsealed, verdict.ok) == (400, 400, 0, True)


def _seal_until(done: threading.Event) -> int:
    count = 0
    while not done.is_set():
        count += sealed()
    return count


def test_eight_sealers_at_once_seal_each_row_once(cast: Cast) -> None:
    written(cast.senior, 40)
    start = threading.Barrier(8)

    def together() -> int:
        start.wait()
        return sealed()

    with ThreadPoolExecutor(8) as pool:
        counts = [future.result() for future in [pool.submit(together) for _ in range(8)]]
    assert sum(counts) == 40
    assert judged().ok


def test_the_log_is_never_sealed_on_under_another_key_or_without_one(cast: Cast) -> None:
    written(cast.senior, 1)
    sealed()
    written(cast.senior, 1)
    keys.key_file("audit").rename(keys.key_file("audit").with_suffix(".away"))
    with pytest.raises(OpsError, match="missing on this machine"):
        sealed()
    keys.key("audit")
    with pytest.raises(OpsError, match="not the one"):
        sealed()
    keys.key_file("audit").with_suffix(".away").rename(keys.key_file("audit"))
    assert sealed() == 1
    assert judged().ok


def test_sealing_is_for_the_jobs_and_leaves_no_row_of_its_own(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        perform(cast.auditor, sealing.seal)
    assert perform(RUNNER, sealing.seal) == 1, "the refusal alone"
    assert sealed() == 0


def test_every_column_of_the_log_is_under_the_seal(database: None) -> None:
    with db.engine("app").connect() as connection:
        sealed_columns = connection.execute(text(f"SELECT {sealing.ROW_COLUMNS} FROM ops_audit_log")).keys()
        all_columns = connection.execute(text("SELECT * FROM ops_audit_log")).keys()
    assert list(sealed_columns) == list(all_columns)


def test_the_written_form_of_a_row_never_changes() -> None:
    row = [7, "1773230400000001", "staff", None, "Ünal", "item.view", "work_item", "", False, '{"a": 1.50}', None, "x"]
    written_form = (
        rb'[7,"1773230400000001","staff",null,"\u00dcnal","item.view","work_item","",false,"{\"a\": 1.50}",null,"x"]'
    )
    assert sealing.digest([row]) == hashlib.sha256(written_form + b"\n").hexdigest()


def test_the_signature_of_a_seal_never_changes() -> None:
    seal = sealing.Seal(2, 6, 9, 2, "1773230400000001", "")
    signed = b'["opsdesk.seal.1","aa",2,6,9,2,"1773230400000001","bb"]\n'
    assert seal.true_mac(b"key", "aa", "bb") == hmac.new(b"key", signed, hashlib.sha256).hexdigest()
