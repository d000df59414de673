"""What forbids an option: the reviewer is told why, before and when deciding, and nothing has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import Conflict, Invalid, NotPermitted
from core.permissions import Principal
from core.queue import deciding
from core.queue.deciding import Decision
from core.resolutions.guiding import guide
from core.uow import perform
from tests.builders import claimed, item
from tests.cast import Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, everything, held

Given = Callable[[Principal], int]


def _quiz(references: object = (), **values: Any) -> Given:
    return lambda who: held(
        who, "quiz_orphaned", ("quiz_response", r.quiz_response(**values)), created_at="x", references=references
    )


def _planned_quiz(who: Principal) -> int:
    return _quiz(meal_plan_id=r.meal_plan())(who)


def _kept_quiz(who: Principal) -> int:
    r.hold("quiz_response", 1)
    return _quiz()(who)


def _booked(item_type: str, **values: Any) -> Given:
    return lambda who: held(who, item_type, ("booking", r.booking(**values)))


def _pair(one: dict[str, Any], *ids: object) -> Given:
    def given(who: Principal) -> int:
        r.provider()
        r.provider(**one)
        return held(who, "duplicate_check", ("provider", 1), provider_ids=list(ids))

    return given


def _held(kind: str, key: int = 1, **values: Any) -> Given:
    return lambda who: held(
        who, "retention_exception", ("retention_hold", r.hold(kind, key, **values)), hold_reason="c", hold_until="2026"
    )


def _kept_plan(**values: Any) -> Given:
    def given(who: Principal) -> int:
        r.quiz_response(meal_plan_id=r.meal_plan(**values))
        return _held("meal_plan")(who)

    return given


def _kept_file(who: Principal) -> int:
    r.meal_plan()
    return _held("meal_plan")(who)


def _broken(key: int, **context: Any) -> Given:
    told = {"table": "customers", "referencing_table": "bookings", "constraint": "bookings_customer_id_fkey"}

    def given(who: Principal) -> int:
        r.booking(customer_id=r.customer())
        return held(who, "foreign_key_violation", ("customer", key), **told | context)

    return given


def _flagged(**context: Any) -> Given:
    return lambda who: held(who, "missing_data", ("provider", r.provider(unobtainable=["npi"])), **context)


FORBIDDEN: list[tuple[str, str, Given]] = [
    ("delete", "Meal plan 1 refers to this", _planned_quiz),
    ("delete", "Retention hold 1 says", _kept_quiz),
    ("delete", "context names references", _quiz(references=["plan 7"])),
    ("delete", "needs references", lambda who: held(who, "quiz_orphaned", ("quiz_response", r.quiz_response()))),
    ("delete", "no longer exists", lambda who: held(who, "quiz_orphaned", ("quiz_response", 99), references=[])),
    ("delete", "names no quiz response", lambda who: held(who, "quiz_orphaned", ("booking", 1), references=[])),
    ("mark_failed", "needs pdf_url", lambda who: held(who, "pdf_deletion_failed", ("meal_plan", r.meal_plan()))),
    (
        "remove",
        "not in force any more",
        lambda who: held(
            who, "blacklist_disputed", ("blacklist_entry", r.blacklist_entry(active=False)), blacklist_reason="x"
        ),
    ),
    (
        "reject_appeal",
        "needs blacklist_reason, appeal_message",
        lambda who: held(who, "blacklist_disputed", ("blacklist_entry", r.blacklist_entry()), appeal_message=" "),
    ),
    ("release", "released already", _held("customer", released_at="2026-01-01Z")),
    ("extend", "released already", _held("customer", released_at="2026-01-01Z")),
    ("release", "A robot cannot be deleted", _held("robot")),
    ("release", "still has a stored PDF", _kept_file),
    ("release", "Quiz responses refer to meal plan 1", _kept_plan(pdf_url=None)),
    ("retry", "still no customers 99", _broken(99)),
    ("retry", "1 bookings still refer to customers 1", _broken(1, operation="delete")),
    ("retry", "names no reference that can be handled", _broken(1, constraint="staff_password_fkey")),
    ("remove_reference", "names no reference that can be handled", _broken(1, referencing_table="staff")),
    ("remove_reference", "No bookings refer to customers 99", _broken(99)),
    ("confirm", "Booking 1 is completed", _booked("booking", status="completed")),
    ("cancel", "Booking 1 is in progress", _booked("booking", status="in_progress")),
    ("confirm", "leads to no booking", lambda who: held(who, "booking", ("order", 1))),
    ("approve", "Nothing that was paid", _booked("refund")),
    ("accept", "is completed", _booked("cancellation", status="completed")),
    ("accept_with_fee", "Nothing that was paid", _booked("cancellation")),
    ("keep", "is cancelled already", _booked("cancellation", status="cancelled")),
    ("refund", "leads to no booking", lambda who: held(who, "complaint", ("complaint", r.complaint()))),
    ("respond", "names no complaint", lambda who: held(who, "complaint", ("order", 1))),
    ("resolve", "complaints 99 no longer exists", lambda who: held(who, "complaint", ("complaint", 99))),
    ("merge", "does not name two", _pair({}, 1, 1)),
    ("merge", "does not name two", _pair({}, 1, "2; DROP TABLE staff")),
    ("merge", "3 no longer exists", _pair({}, 1, 3)),
    ("merge", "merged into provider 1 already", _pair({"merged_into": 1}, 1, 2)),
    ("not_duplicate", "merged into provider 1 already", _pair({"merged_into": 1}, 1, 2)),
    ("merge", "needs provider_ids", lambda who: held(who, "duplicate_check", ("provider", r.provider()))),
    ("update_fields", "needs fields", _flagged()),
    ("update_fields", "names no field", _flagged(fields=["password_hash", "id"])),
    ("mark_unobtainable", "known to be unobtainable already", _flagged(fields=["npi"])),
    ("update_fields", "names no provider", lambda who: held(who, "validation_flag", ("booking", 1), fields=["npi"])),
]


@pytest.mark.parametrize(("option", "why", "given"), FORBIDDEN)
def test_what_forbids_an_option_is_said_before_and_when_deciding(
    cast: Cast, option: str, why: str, given: Given
) -> None:
    number = given(cast.reviewer)
    before = everything()
    offers = {offer.name: offer for offer in perform(cast.reviewer, guide, number).options}
    assert why in (offers[option].refusal or ""), offers[option]
    with pytest.raises(Conflict, match=why):
        decided(cast.reviewer, number, option)
    assert (everything(), item(number).status) == (before, "in_progress")


def _paid(item_type: str) -> Given:
    return lambda who: held(who, item_type, ("booking", r.paid_booking()))


def _complained(who: Principal) -> int:
    return held(who, "complaint", ("complaint", r.complaint(booking_id=r.paid_booking())))


_NPI = _flagged(fields=["npi", "phone", "postal_code", "country"])
_TWO = _pair({"city": "Boston"}, 1, 2)
UNFIT: list[tuple[Given, str, dict[str, Any], str]] = [
    (_quiz(), "associate", {"user_id": 99}, "user_id"),
    (_quiz(), "associate", {"user_id": "one"}, "user_id"),
    (_quiz(), "associate", {}, "user_id"),
    (_held("customer"), "extend", {"hold_until": "2020-01-01T00:00:00Z"}, "hold_until"),
    (_held("customer"), "extend", {"hold_until": "2027-01-01T00:00:00"}, "hold_until"),
    (_held("customer", hold_until="2028-01-01Z"), "extend", {"hold_until": "2027-01-01T00:00:00Z"}, "hold_until"),
    (_complained, "refund", {"amount": "120.51"}, "amount"),
    (_complained, "refund", {"amount": "0.004"}, "amount"),
    (_complained, "refund", {"amount": "NaN"}, "amount"),
    (_complained, "refund", {"amount": -1}, "amount"),
    (_complained, "respond", {"message": "\x00"}, "message"),
    (_paid("refund"), "approve", {"amount": "121"}, "amount"),
    (_paid("cancellation"), "accept_with_fee", {"fee": 0}, "fee"),
    (_paid("cancellation"), "accept_with_fee", {"fee": "120.51"}, "fee"),
    (_TWO, "merge", {"survivor": "3"}, "survivor"),
    (_TWO, "merge", {}, "survivor"),
    (_TWO, "merge", {"survivor": "1", "city": "9"}, "city"),
    (_TWO, "merge", {"survivor": "1", "npi": "2"}, "npi"),
    (_NPI, "update_fields", {}, "npi"),
    (_NPI, "update_fields", {"npi": "1234567890"}, "npi"),
    (_NPI, "update_fields", {"phone": "000000000"}, "phone"),
    (_NPI, "update_fields", {"postal_code": "N/A"}, "postal_code"),
    (_NPI, "update_fields", {"country": "Atlantis"}, "country"),
    (_NPI, "update_fields", {"country": "DE", "postal_code": "02118-1234"}, "postal_code"),
    (_NPI, "update_fields", {"last_name": "Lee"}, "last_name"),
]


@pytest.mark.parametrize(("given", "option", "parameters", "field"), UNFIT)
def test_a_parameter_that_does_not_fit_is_named_and_nothing_changes(
    cast: Cast, given: Given, option: str, parameters: dict[str, Any], field: str
) -> None:
    number = given(cast.reviewer)
    before = everything()
    with pytest.raises(Invalid) as refused:
        decided(cast.reviewer, number, option, **parameters)
    assert refused.value.field == field
    assert (everything(), item(number).status) == (before, "in_progress")


def test_who_may_not_write_changes_nothing(cast: Cast) -> None:
    number = _paid("refund")(cast.reviewer)
    before = everything()
    with pytest.raises(NotPermitted):
        decided(cast.viewer, number, "approve")
    assert everything() == before


def test_who_does_not_hold_the_item_changes_nothing(cast: Cast) -> None:
    number = _paid("refund")(cast.reviewer)
    before = everything()
    with pytest.raises(Conflict, match="taken by Rita"):
        decided(cast.reviewer2, number, "approve")
    with pytest.raises(Conflict, match="has changed"):
        perform(cast.reviewer, deciding.decide, number, Decision("approve", "yes", {}), version=1)
    assert everything() == before


def test_an_option_of_another_type_is_unknown(cast: Cast) -> None:
    with pytest.raises(Invalid, match="is one of approve, refuse"):
        decided(cast.reviewer, _paid("refund")(cast.reviewer), "merge")


def test_an_unknown_type_is_settled_with_the_general_options(cast: Cast) -> None:
    number = claimed(cast.reviewer, "strange_thing")
    offered = perform(cast.reviewer, guide, number)
    assert [offer.name for offer in offered.options] == ["resolve", "reject", "defer", "escalate"]
    assert decided(cast.reviewer, number, "resolve").status == "resolved"


def test_a_complaint_told_by_telephone_has_no_record_and_can_be_settled(cast: Cast) -> None:
    number = claimed(cast.reviewer, "complaint")
    decided(cast.reviewer, number, "escalate")
    decided(cast.reviewer, number, "respond", message="We are on it.")
    assert decided(cast.reviewer, number, "resolve").status == "resolved"
