"""Duplicate checks after a merge elsewhere: they follow their records, and are settled when the two are one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core import clock
from core.permissions import process
from core.queue import claiming, deciding, deferring, waiting
from core.resolutions.guiding import guide
from core.scanning.following import follow_merges
from core.uow import perform
from tests.builders import count, history, item, opened
from tests.cast import NOON, Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, held

AFTERWARDS = NOON + timedelta(seconds=11)


def followed(at: datetime = AFTERWARDS) -> int:
    with clock.frozen(at):
        return perform(process("job", "follow_merges"), follow_merges)


def check(cast: Cast, one: int, other: int) -> int:
    known = {"resource_type": "provider", "resource_id": other, "dedup_key": f"pair-{one}-{other}"}
    return opened(cast.manager, "duplicate_check", context={"provider_ids": [one, str(other)]}, **known)


def merged(cast: Cast, survivor: int, away: int) -> int:
    """Merge two records through an item of theirs."""
    number = held(cast.reviewer, "duplicate_check", ("provider", survivor), provider_ids=[survivor, away])
    decided(cast.reviewer, number, "merge", survivor=str(survivor))
    return number


@pytest.fixture
def three(cast: Cast, noon: datetime) -> tuple[int, int, int]:
    return r.provider(), r.provider(), r.provider()


def test_a_check_follows_the_record_that_was_merged_away(cast: Cast, three: tuple[int, int, int]) -> None:
    one, other, third = three
    number = check(cast, third, other)
    merged(cast, one, other)
    assert followed(NOON + timedelta(seconds=9)) == 0
    assert (followed(), followed()) == (1, 0)
    assert (item(number).context["provider_ids"], item(number).resource_id) == ([third, one], str(one))
    assert history(number)[-1] == "FIELD_UPDATE"
    perform(cast.reviewer, claiming.claim, number)
    assert all(offer.refusal is None for offer in perform(cast.reviewer, guide, number).options)


@pytest.mark.parametrize("standing", ["open", "held", "waiting", "deferred"])
def test_a_check_of_what_has_become_one_is_settled_with_the_reason(
    cast: Cast, three: tuple[int, int, int], standing: str
) -> None:
    one, other, third = three
    number = check(cast, other, third)
    if standing != "open":
        perform(cast.reviewer2, claiming.claim, number)
    if standing == "waiting":
        perform(cast.reviewer2, waiting.wait_on, number, "supplier")
    if standing == "deferred":
        perform(cast.reviewer2, deferring.defer, number, NOON + timedelta(hours=1))
    merged(cast, one, other)
    merged(cast, one, third)
    assert (followed(), followed()) == (1, 0)
    after = item(number)
    assert (after.status, after.resolution, after.resolved_by) == ("resolved", "merged", None)
    assert after.resolution_metadata["reason"] == f"Both records have become provider {one}."
    assert count("clock_events", "kind = 'fulfil' AND item_id = :id", id=number) == 1


def test_a_merge_that_is_undone_is_not_followed(cast: Cast, three: tuple[int, int, int]) -> None:
    one, other, third = three
    number = check(cast, other, third)
    perform(cast.reviewer, deciding.undo, merged(cast, one, other))
    assert followed() == 0
    assert item(number).context["provider_ids"] == [other, str(third)]


def test_what_names_no_records_is_left_alone(cast: Cast, three: tuple[int, int, int]) -> None:
    for ids in ("x", [], ["a", "b"], [1], [10**30, 1], None):
        opened(cast.manager, "duplicate_check", resource_id=str(ids), context={"provider_ids": ids})
    merged(cast, three[0], three[1])
    assert followed() == 0
