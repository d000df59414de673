"""Workers killed at named points and at random: no effect is lost, and repeats carry the first key."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import text

from core import clock, db
from core.settings import PROJECT
from tests.builders import count
from tests.cast import Cast
from tests.outbox.storage import Storage
from tests.outbox.test_delivering import order

ROUNDS = {"leased": 12, "sent": 12, "closing": 12, "anywhere": 8}


def run(point: str) -> int:
    """A worker that ends at `point`; its exit code. What others had leased is due again at once."""
    worker = [sys.executable, "-m", "tests.outbox.trial", point]
    code = subprocess.run(worker, cwd=PROJECT, timeout=60, check=False).returncode
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE outbox SET due_at = now(), leased_until = now() WHERE state = 'leased'"))
    return code


@pytest.mark.parametrize("point", ROUNDS)
def test_no_kill_loses_or_renames_an_effect(cast: Cast, storage: Storage, point: str) -> None:
    numbers: list[int] = []
    for _ in range(ROUNDS[point]):
        with clock.frozen(clock.now() - timedelta(minutes=1)):
            numbers.append(order(cast, storage, f"204/{len(numbers)}"))
        assert run(point) == -9
        if len(numbers) % 4 == 0:
            assert run("none") == 0
    assert run("none") == 0
    assert count("outbox", "state <> 'done' OR last_error IS NOT NULL") == 0
    assert count("work_items", "status = 'resolved'") == len(numbers)
    assert count("work_actions", "kind = 'RESOLVE'") == len(numbers)
    keys: dict[str, set[str | None]] = {}
    for path, key, _ in storage.asked:
        keys.setdefault(path, set()).add(key)
    assert len(keys) == len(numbers)
    assert all(len(known) == 1 for known in keys.values())
