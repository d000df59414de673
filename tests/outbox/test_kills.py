"""Workers killed at named points and at random: no effect is lost, and repeats carry the first key."""

from __future__ import annotations

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from core import clock, db
from tests.builders import count
from tests.cast import Cast
from tests.outbox import trial
from tests.outbox.payments import Provider
from tests.outbox.postbox import Postbox
from tests.outbox.storage import Storage
from tests.outbox.test_delivering import order
from tests.resolutions import records as r
from tests.resolutions.records import decided, held

WORKERS = multiprocessing.get_context("forkserver")
WORKERS.set_forkserver_preload(["tests.outbox.trial"])
ROUNDS = {"leased": 12, "sent": 12, "closing": 12, "anywhere": 6}


def run(point: str) -> int | None:
    """A worker that ends at `point`; its exit code. What others had leased is due again at once."""
    worker = WORKERS.Process(target=trial.work, args=(point, dict(os.environ)))
    worker.start()
    worker.join(60)
    code = worker.exitcode
    worker.close()
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE outbox SET due_at = now(), leased_until = now() WHERE state <> 'done'"))
    return code


def delete(cast: Cast, storage: Storage, number: int) -> None:
    order(cast, storage, f"204/{number}")


def answer(cast: Cast, number: int) -> None:
    found = r.complaint(customer_id=r.customer(email=f"c{number}@example.com"))
    decided(cast.reviewer, held(cast.reviewer, "complaint", ("complaint", found)), "respond", message="Dear Jane")


def ask(cast: Cast, provider: Provider, number: int) -> None:
    paid = {"status": "paid", "amount": "120.50", "currency": "EUR", "reference": f"pay-{number}"}
    provider.answers[f"ref-{number}"] = (200, paid)
    found = held(cast.reviewer, "booking", ("booking", r.booking(external_ref=f"ref-{number}")))
    decided(cast.reviewer, found, "retry_payment_check")


@pytest.mark.parametrize("point", ROUNDS)
def test_no_kill_loses_doubles_or_renames_an_effect(
    cast: Cast, storage: Storage, postbox: Postbox, provider: Provider, point: str
) -> None:
    for number in range(ROUNDS[point]):
        with clock.frozen(clock.now() - timedelta(minutes=1)):
            (partial(delete, cast, storage), partial(answer, cast), partial(ask, cast, provider))[number % 3](number)
        assert run(point) == -9
        if number % 4 == 3:  # at its fifth attempt it would count as poison
            assert run("none") == 0
    assert run("none") == 0
    each = ROUNDS[point] // 3
    assert count("outbox", "state <> 'done' OR last_error IS NOT NULL") == 0
    assert count("work_items", "status = 'resolved'") == count("work_actions", "kind = 'RESOLVE'") == each
    assert count("work_actions", "kind = 'RESPOND'") == count("complaints", "responded_at IS NOT NULL") == each
    assert count("payments", "status = 'paid'") == count("bookings", "payment_status = 'paid'") == each
    assert count("work_items", "status = 'in_progress' AND resolution IS NULL") == 2 * each
    letters = ((str(message["To"]), str(message["Message-ID"])) for message in postbox.got)
    for told in (letters, ((path, str(key)) for path, key, _ in storage.asked)):
        keys = by_name(told)
        assert len(keys) == each
        assert all(len(known) == 1 for known in keys.values())
    assert len({path for path, *_ in provider.asked}) == each


def by_name(told: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The keys that each was told under."""
    keys: dict[str, set[str]] = defaultdict(set)
    for name, key in told:
        keys[name].add(key)
    return keys
