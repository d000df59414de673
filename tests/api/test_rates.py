"""How often a token may call: counted together, exactly, without a row that every call waits for."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from core import clock, config, rates
from core.uow import perform
from tests.api.conftest import V1, Client, Program
from tests.builders import count, rows
from tests.cast import NOON, Cast

COUNT = f"{V1}/alerts/unread/count"


def test_calls_beyond_the_limit_are_told_when_to_come_back(client: Client, cast: Cast) -> None:
    perform(cast.admin, config.change, "API_CALLS_PER_MINUTE", "30")
    script, other = client(cast.reviewer), client(cast.reviewer)
    with clock.frozen(NOON + timedelta(seconds=20)):
        assert Counter(script.get(COUNT).status_code for _ in range(40)) == {200: 30, 429: 10}
        refused = script.get(COUNT)
        assert other.get(COUNT).status_code == 200
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["Retry-After"]) <= 60
    rates.forget()  # as another process that has not heard
    with clock.frozen(NOON + timedelta(seconds=59)):
        assert script.get(COUNT).status_code == 429
    rates.forget()
    with clock.frozen(NOON + timedelta(seconds=60)):
        assert script.get(COUNT).status_code == 200


def test_of_thirty_two_at_once_exactly_as_many_are_let_through_as_may(program: Program, cast: Cast) -> None:
    perform(cast.admin, config.change, "API_CALLS_PER_MINUTE", "100")
    script = program(cast.reviewer)
    if clock.now().second > 40:  # the minute is not to end meanwhile
        rates.WINDOW = timedelta(hours=1)

    def call(_: int) -> Counter[int]:
        return Counter(script.get(COUNT).status_code for _ in range(10))

    try:
        with ThreadPoolExecutor(32) as crowd:
            assert sum(crowd.map(call, range(32)), Counter[int]()) == {200: 100, 429: 220}
    finally:
        rates.WINDOW = timedelta(minutes=1)


def test_a_busy_token_writes_far_fewer_rows_than_it_calls(client: Client, cast: Cast) -> None:
    script = client(cast.reviewer)
    with clock.frozen(NOON):
        for _ in range(50):
            script.get(COUNT)
    assert rows("SELECT drawn, taken FROM call_rates") == [(1200, 1200)]
    assert count("call_rates") == 1


def test_processes_that_draw_together_never_let_through_more(cast: Cast, client: Client) -> None:
    perform(cast.admin, config.change, "API_CALLS_PER_MINUTE", "100")
    script = client(cast.reviewer)
    granted = 0
    with clock.frozen(NOON):
        for _ in range(300):
            rates.forget()  # each call as by another process, which leaves its share lying
            granted += script.get(COUNT).status_code == 200
    assert rows("SELECT taken FROM call_rates") == [(100,)]
    assert 20 < granted <= 100
