"""Items that get nowhere are found, each with its reasons, and found by index."""

from __future__ import annotations

from datetime import timedelta

from core import clock, config
from core.permissions import Principal
from core.queue import assigning, claiming, deciding, waiting
from core.queue.deciding import Decision
from core.queue.stuck import Stuck, stuck
from core.uow import perform
from tests.builders import claimed, opened
from tests.cast import NOON, Cast
from tests.queue.test_plans import _whole_table_reads, plans  # noqa: F401 - a fixture

DAY = timedelta(days=1)


def _stuck(who: Principal, days: float, *ids: int) -> list[Stuck]:
    with clock.frozen(NOON + days * DAY):
        return perform(who, stuck, list(ids) or None)


def test_a_young_item_in_good_hands_is_not_stuck(cast: Cast, noon: object) -> None:
    claimed(cast.reviewer)
    assert _stuck(cast.viewer, 1) == []


def test_an_item_open_for_too_long_is_stuck(cast: Cast, noon: object) -> None:
    number = claimed(cast.reviewer)
    assert _stuck(cast.viewer, 13.9) == []
    assert _stuck(cast.viewer, 20) == [Stuck(number, ("open for 20 d",))]


def test_how_long_is_too_long_is_a_setting(cast: Cast, noon: object) -> None:
    number = opened(cast.reviewer)
    perform(cast.admin, config.change, "STUCK_OPEN_DAYS", "3")
    assert _stuck(cast.viewer, 3) == [Stuck(number, ("open for 3 d",))]


def test_a_decided_item_is_not_stuck_and_a_reopened_one_is_young_again(cast: Cast, noon: object) -> None:
    number = claimed(cast.reviewer)
    perform(cast.reviewer, deciding.decide, number, Decision("resolve", "done", {}))
    assert _stuck(cast.viewer, 30) == []
    with clock.frozen(NOON + 29 * DAY):
        perform(cast.manager, deciding.reopen, number, "it was not")
    assert (_stuck(cast.viewer, 30), len(_stuck(cast.viewer, 43))) == ([], 1)


def test_an_item_is_stuck_when_one_answer_does_not_come(cast: Cast, noon: object) -> None:
    number = claimed(cast.reviewer)
    perform(cast.reviewer, waiting.wait_on, number, "customer")
    assert _stuck(cast.viewer, 6) == [Stuck(number, ("waiting on the customer for 6 d",))]
    with clock.frozen(NOON + 6 * DAY):
        perform(cast.reviewer, waiting.resume, number)
        perform(cast.reviewer, waiting.wait_on, number, "supplier")
    assert _stuck(cast.viewer, 10) == []


def test_an_item_that_everybody_passes_on_is_stuck_and_forgotten_in_time(cast: Cast, noon: object) -> None:
    number = claimed(cast.reviewer)
    perform(cast.reviewer, claiming.release, number)
    perform(cast.manager, assigning.assign, number, cast.reviewer2.staff_id or 0)
    assert _stuck(cast.viewer, 0) == []
    perform(cast.manager, assigning.assign, number, cast.senior.staff_id or 0)
    perform(cast.senior, claiming.release, number)
    told = "left people's hands undecided 3 times in 7 days"
    assert _stuck(cast.viewer, 1) == [Stuck(number, (told,))]
    assert _stuck(cast.viewer, 8) == []


def test_an_item_may_be_stuck_for_several_reasons_and_can_be_asked_for_by_number(cast: Cast, noon: object) -> None:
    both, other = claimed(cast.reviewer), opened(cast.reviewer)
    perform(cast.reviewer, waiting.wait_on, both, "colleague")
    reasons = ("open for 20 d", "waiting on the colleague for 20 d")
    assert _stuck(cast.viewer, 20, both) == [Stuck(both, reasons)]
    assert [found.item_id for found in _stuck(cast.viewer, 20)] == [both, other]


def test_the_question_walks_indexes_at_100_000_items(cast: Cast, plans: list[dict[str, object]]) -> None:  # noqa: F811
    perform(cast.viewer, stuck)
    perform(cast.viewer, stuck, list(range(1, 26)))
    assert plans
    assert _whole_table_reads(plans) == []
