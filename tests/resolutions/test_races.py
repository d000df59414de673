"""Two reviewers with two items about one record, at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from core.errors import OpsError
from tests.builders import rows
from tests.cast import Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, held


def _together(*deeds: Callable[[], object]) -> list[str]:
    """What became of deeds that begin at the same moment: "done", or why not."""
    start = Barrier(len(deeds))

    def go(deed: Callable[[], object]) -> str:
        start.wait()
        try:
            deed()
        except OpsError as refused:
            return refused.sentence
        return "done"

    with ThreadPoolExecutor(len(deeds)) as hands:
        return list(hands.map(go, deeds))


def test_the_same_money_is_never_given_back_twice(cast: Cast) -> None:
    for _ in range(5):
        key = r.paid_booking()
        refund = held(cast.reviewer, "refund", ("booking", key))
        cancellation = held(cast.reviewer2, "cancellation", ("booking", key))
        outcomes = _together(
            lambda refund=refund: decided(cast.reviewer, refund, "approve"),  # type: ignore[misc]
            lambda item=cancellation: decided(cast.reviewer2, item, "accept"),  # type: ignore[misc]
        )
        assert "done" in outcomes
        assert rows("SELECT sum(amount) FROM payments WHERE booking_id = :key", key=key)[0][0] == 0


def test_two_merges_of_one_pair_leave_one_survivor(cast: Cast) -> None:
    for _ in range(2):
        ids = [r.provider(), r.provider()]
        items = [
            held(who, "duplicate_check", ("provider", key), provider_ids=ids)
            for who, key in zip((cast.reviewer, cast.reviewer2), ids, strict=True)
        ]
        outcomes = _together(
            lambda item=items[0], key=ids[0]: decided(cast.reviewer, item, "merge", survivor=key),  # type: ignore[misc]
            lambda item=items[1], key=ids[1]: decided(cast.reviewer2, item, "merge", survivor=key),  # type: ignore[misc]
        )
        assert sorted(outcome == "done" for outcome in outcomes) == [False, True]
        left = rows("SELECT id FROM individual_providers WHERE id = ANY(:ids) AND merged_into IS NULL", ids=ids)
        assert len(left) == 1
