"""Four eyes: above a limit, money goes back only when somebody else approves; nobody approves their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core import clock, config, db
from core.errors import Conflict, Invalid, NotPermitted, OpsError
from core.permissions import Principal, process
from core.queue import approving, assigning, batching, claiming, deciding, deferring, tasks, waiting
from core.queue.claiming import NothingToTake
from core.queue.distributing import auto_assign
from core.queue.offering import Deed, offered
from core.queue.tasks import Chosen
from core.queue.viewing import view
from core.uow import UnitOfWork, perform
from tests.builders import count, history, item, rows
from tests.cast import NOON, Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, held


def asked(who: Principal, item_type: str = "refund", price: str = "900.00", **context: Any) -> int:
    """An item about a paid booking in the hands of `who`."""
    key = r.booking(payment_status="paid", status="confirmed", amount=price)
    r.put("payments", booking_id=key, status="paid", amount=price, currency="EUR")
    about = ("booking", key)
    if item_type == "complaint":
        about = ("complaint", r.complaint(booking_id=key))
    return held(who, item_type, about, **context)


@pytest.fixture
def proposed(cast: Cast, noon: datetime) -> int:
    """A refund of 900 that the first reviewer has proposed."""
    number = asked(cast.reviewer)
    decided(cast.reviewer, number, "approve")
    return number


def returned() -> str:
    return str(rows("SELECT coalesce(-sum(amount), 0) FROM payments WHERE status = 'refunded'")[0][0])


STORIES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "refund": ("refund", "approve", {}, "900.00"),
    "part": ("refund", "approve", {"amount": "500.01"}, "500.01"),
    "complaint": ("complaint", "refund", {"amount": "501"}, "501.00"),
    "cancellation": ("cancellation", "accept", {}, "900.00"),
    "with a fee": ("cancellation", "accept_with_fee", {"fee": "100"}, "800.00"),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_gives_back_more_than_one_person_may_waits_for_a_second(cast: Cast, noon: datetime, story: str) -> None:
    item_type, option, parameters, amount = STORIES[story]
    number = asked(cast.reviewer, item_type)
    before = r.everything()
    decided(cast.reviewer, number, option, **parameters)
    kept = item(number)
    assert (kept.status, kept.assigned_to, kept.proposed_by) == ("open", None, cast.reviewer.staff_id)
    assert r.everything() == before
    perform(cast.reviewer2, claiming.claim, number)
    seen = perform(cast.reviewer2, view, number).proposal
    assert seen is not None
    assert (seen.option, seen.name, seen.justification, str(seen.returned)) == (
        option,
        "Rita Reviewer",
        "because it is so",
        amount,
    )
    perform(cast.reviewer2, approving.approve, number)
    after = item(number)
    assert (after.status, after.resolved_by, after.resolution) == ("resolved", cast.reviewer2.staff_id, option)
    assert (after.proposal, after.proposed_by, returned()) == (None, None, amount)
    assert after.resolution_metadata["proposal"]["by"] == cast.reviewer.staff_id
    assert after.resolution_metadata["outcome"]["approved_by"] == "Rolf Reviewer"
    assert history(number)[-3:] == ["PROPOSE", "CLAIM", "RESOLVE"]
    trail = rows("SELECT staff_id, metadata FROM ops_audit_log WHERE action = 'item.approved'")
    assert [(row.staff_id, row.metadata["proposed_by"]) for row in trail] == [
        (cast.reviewer2.staff_id, cast.reviewer.staff_id)
    ]


@pytest.mark.parametrize(
    ("limit", "amount", "waits"), [("500", "500", False), ("500", "500.01", True), ("0", "1", True)]
)
def test_the_limit_is_a_setting_and_0_means_always(
    cast: Cast, noon: datetime, limit: str, amount: str, waits: bool
) -> None:
    perform(cast.admin, config.change, "REFUND_APPROVAL_ABOVE", limit)
    number = asked(cast.reviewer)
    decided(cast.reviewer, number, "approve", amount=amount)
    assert (item(number).proposed_by is not None) is waits


def test_many_small_sums_are_one_large_one(cast: Cast, noon: datetime) -> None:
    key = r.booking(payment_status="paid", status="confirmed", amount="900.00")
    for amount, waits in (("400", False), ("101", True)):
        number = held(cast.reviewer, "refund", ("booking", key))
        decided(cast.reviewer, number, "approve", amount=amount)
        assert (item(number).proposed_by is not None) is waits


def test_what_could_not_be_decided_is_not_proposed(cast: Cast, noon: datetime) -> None:
    number = asked(cast.reviewer)
    with pytest.raises(Invalid, match="amount"):
        decided(cast.reviewer, number, "approve", amount="900.01")
    assert item(number).status == "in_progress"


def _as_a_program(who: Principal) -> Principal:
    return replace(who, kind="token", name="their program")


def _batched(uow: UnitOfWork, number: int) -> None:
    (outcome,) = batching.carry_out(uow, "b", Chosen({number: None}), tasks.claim())
    if outcome.refusal:
        raise outcome.refusal


WAYS: dict[str, Callable[[UnitOfWork, int], object]] = {
    "claim": claiming.claim,
    "take over": assigning.take_over,
    "batch": _batched,
    "approve": approving.approve,
    "send back": lambda uow, number: approving.send_back(uow, number, "no"),
    "decide": lambda uow, number: deciding.decide(uow, number, deciding.Decision("approve", "so", {})),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", ["admin", "token"])
def test_nobody_gets_at_their_own_proposal(cast: Cast, noon: datetime, way: str, who: str) -> None:
    me = cast.admin if who == "admin" else _as_a_program(cast.manager)
    owner = cast.admin if who == "admin" else cast.manager
    number = asked(owner)
    decided(owner, number, "approve")
    with pytest.raises(OpsError):
        perform(me, WAYS[way], number)
    perform(cast.reviewer2, claiming.claim, number)
    for each in WAYS.values():
        with pytest.raises(OpsError):
            perform(me, each, number)
    assert (item(number).assigned_to, returned()) == (cast.reviewer2.staff_id, "0")


def test_a_manager_cannot_put_it_into_its_proposers_hands(cast: Cast, proposed: int) -> None:
    with pytest.raises(Conflict, match="proposed by Rita Reviewer"):
        perform(cast.manager, assigning.assign, proposed, cast.reviewer.staff_id or 0)


def test_even_in_their_own_hands_nobody_approves_their_own(cast: Cast, proposed: int) -> None:
    _forced_into(cast.reviewer, proposed)
    with pytest.raises(NotPermitted, match="Nobody approves"):
        perform(cast.reviewer, approving.approve, proposed)
    assert returned() == "0"


def _forced_into(who: Principal, number: int) -> None:
    """Past every guard, as no verb would."""
    statement = "UPDATE work_items SET status = 'in_progress', assigned_to = :me, lease_expires_at = now()"
    with db.engine("owner").begin() as connection:
        connection.execute(text(f"{statement} WHERE id = :id"), {"me": who.staff_id, "id": number})


def test_take_next_passes_by_what_one_has_proposed(cast: Cast, proposed: int) -> None:
    nothing = perform(cast.reviewer, claiming.claim_next)
    assert isinstance(nothing, NothingToTake)
    assert "approve what you proposed" in nothing.sentence
    taken = perform(cast.reviewer2, claiming.claim_next)
    assert not isinstance(taken, NothingToTake)
    assert taken.id == proposed


def test_what_hands_items_out_by_itself_passes_by_the_proposer(cast: Cast, proposed: int) -> None:
    perform(cast.admin, config.change, "ASSIGN_CUSTOMER", "round_robin")
    for who in (cast.reviewer, cast.reviewer2):
        r.put(
            "staff_sessions",
            token_hash=f"{who.name}".encode().hex(),
            staff_id=who.staff_id,
            epoch=0,
            created_at=NOON,
            last_used_at=NOON,
            idle_until=NOON + timedelta(hours=1),
            expires_at=NOON + timedelta(hours=1),
        )
    assert perform(process("job", "auto_assign"), auto_assign) == 1
    assert item(proposed).assigned_to == cast.reviewer2.staff_id


def test_the_second_person_sends_it_back_with_a_reason_and_the_first_may_go_on(cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    with pytest.raises(Invalid, match="reason"):
        perform(cast.reviewer2, approving.send_back, proposed, " ")
    perform(cast.reviewer2, approving.send_back, proposed, "The deposit was agreed to be kept.")
    assert (item(proposed).status, item(proposed).proposal, history(proposed)[-1]) == ("open", None, "SEND_BACK")
    perform(cast.reviewer, claiming.claim, proposed)
    with pytest.raises(Conflict):
        perform(cast.reviewer, approving.approve, proposed)


def test_the_second_person_may_decide_otherwise(cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    decided(cast.reviewer2, proposed, "approve", amount="100")
    assert (item(proposed).status, returned()) == ("resolved", "100.00")


def test_another_large_sum_is_another_proposal(cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    decided(cast.reviewer2, proposed, "approve", amount="700")
    assert item(proposed).proposed_by == cast.reviewer2.staff_id
    perform(cast.reviewer, claiming.claim, proposed)
    perform(cast.reviewer, approving.approve, proposed)
    assert returned() == "700.00"


def test_the_proposer_takes_it_back_until_it_is_approved(cast: Cast, proposed: int) -> None:
    with pytest.raises(Conflict):
        perform(cast.reviewer2, deciding.undo, proposed)
    perform(cast.reviewer, deciding.undo, proposed)
    assert (item(proposed).status, item(proposed).assigned_to) == ("in_progress", cast.reviewer.staff_id)
    assert item(proposed).proposal is None


def test_what_is_taken_back_is_gone_from_under_whoever_was_to_approve_it(cast: Cast, proposed: int) -> None:
    seen = perform(cast.reviewer2, claiming.claim, proposed).version
    perform(cast.reviewer, deciding.undo, proposed)
    assert (item(proposed).assigned_to, item(proposed).proposal) == (cast.reviewer2.staff_id, None)
    with pytest.raises(Conflict, match="has changed"):
        perform(cast.reviewer2, approving.approve, proposed, seen)
    with pytest.raises(Conflict, match="any more"):
        perform(cast.reviewer2, approving.approve, proposed)


def test_an_approval_that_is_undone_leaves_the_proposal_as_it_was(cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    before = item(proposed).proposal
    perform(cast.reviewer2, approving.approve, proposed)
    perform(cast.reviewer2, deciding.undo, proposed)
    assert (item(proposed).proposal, item(proposed).proposed_by) == (before, cast.reviewer.staff_id)
    assert returned() == "0"
    perform(cast.reviewer2, approving.approve, proposed)
    assert returned() == "900.00"


def test_another_amount_than_was_proposed_is_not_approved(cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    r.put("payments", booking_id=1, status="refunded", amount="-50.00", currency="EUR")
    with pytest.raises(Conflict, match="Another amount"):
        perform(cast.reviewer2, approving.approve, proposed)
    assert (item(proposed).status, returned()) == ("in_progress", "50.00")


def test_a_proposal_stays_through_waiting_deferring_and_giving_back(cast: Cast, proposed: int) -> None:
    perform(cast.reviewer2, claiming.claim, proposed)
    perform(cast.reviewer2, waiting.wait_on, proposed, "colleague")
    perform(cast.reviewer2, waiting.resume, proposed)
    perform(cast.reviewer2, deferring.defer, proposed, NOON + timedelta(hours=1))
    assert item(proposed).proposed_by == cast.reviewer.staff_id
    with clock.frozen(NOON + timedelta(hours=2)), pytest.raises(Conflict, match="proposed by"):
        perform(cast.reviewer, claiming.claim, proposed)


def test_the_screen_offers_what_the_verbs_allow(cast: Cast, proposed: int) -> None:
    def may(who: Principal) -> set[Deed]:
        return set(offered(who, perform(who, view, proposed).row, NOON))

    assert {Deed.UNDO} <= may(cast.reviewer)
    assert not {Deed.CLAIM, Deed.APPROVE, Deed.SEND_BACK} & may(cast.reviewer)
    assert not {Deed.APPROVE, Deed.UNDO} & may(cast.reviewer2)
    perform(cast.reviewer2, claiming.claim, proposed)
    assert {Deed.APPROVE, Deed.SEND_BACK, Deed.DECIDE} <= may(cast.reviewer2)
    assert may(cast.reviewer) & {Deed.CLAIM, Deed.TAKE_OVER, Deed.APPROVE} == set()


def test_of_an_approval_and_a_withdrawal_at_once_one_happens(cast: Cast) -> None:
    for _ in range(6):
        number = asked(cast.reviewer)
        decided(cast.reviewer, number, "approve")
        perform(cast.reviewer2, claiming.claim, number)
        with ThreadPoolExecutor(3) as pool:
            attempts = [
                pool.submit(perform, cast.reviewer2, approving.approve, number),
                pool.submit(perform, cast.reviewer, deciding.undo, number),
                pool.submit(perform, cast.reviewer2, approving.approve, number),
            ]
        won = [attempt.exception() is None for attempt in attempts]
        assert sum(won) == 1, [attempt.exception() for attempt in attempts]
        assert (item(number).status == "resolved") is not won[1]
    assert count("payments", "status = 'refunded'") == count("work_items", "status = 'resolved'")


def test_of_two_sessions_of_one_person_neither_decides_alone(cast: Cast) -> None:
    number = asked(cast.reviewer)
    with ThreadPoolExecutor(2) as pool:
        attempts = [pool.submit(decided, cast.reviewer, number, "approve") for _ in range(2)]
    assert sum(attempt.exception() is None for attempt in attempts) == 1
    assert (item(number).proposed_by, returned()) == (cast.reviewer.staff_id, "0")
