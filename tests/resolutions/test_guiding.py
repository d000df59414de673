"""What a reviewer is shown before deciding: complete, in the right order, masked, and never a crash."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core import clock, db, looking
from core.errors import NotFound, NotPermitted, OpsError
from core.permissions import Principal
from core.queue import deciding, viewing
from core.queue.deciding import Decision
from core.resolutions.declaring import shipped
from core.resolutions.guiding import Guide, guide
from core.uow import UnitOfWork, perform
from tests.builders import claimed, count, rows
from tests.cast import Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, held

PLACES = {
    "complaint": r.complaint,
    "booking": r.paid_booking,
    "provider": r.provider,
    "meal_plan": r.meal_plan,
    "quiz_response": r.quiz_response,
    "blacklist_entry": r.blacklist_entry,
    "retention_hold": lambda: r.hold("customer", r.customer()),
    "record": r.customer,
}


def _guide(who: Principal, number: int) -> Guide:
    return perform(who, guide, number)


def _recommended(who: Principal, number: int) -> tuple[str, str] | None:
    best = _guide(who, number).recommended
    return (best.name, best.reason or "") if best else None


def test_a_quiz_is_offered_in_the_order_of_its_age(cast: Cast, noon: datetime) -> None:
    r.customer()
    ages = {"young": timedelta(hours=23), "between": timedelta(days=3), "old": timedelta(days=8)}
    numbers = {
        name: held(
            cast.reviewer,
            "quiz_orphaned",
            ("quiz_response", r.quiz_response(created_at=noon - age)),
            created_at="x",
            references=[],
            user_id=1 if name == "between" else None,
        )
        for name, age in ages.items()
    }
    first = {name: _guide(cast.reviewer, number).options[0].name for name, number in numbers.items()}
    assert first == {"young": "defer", "between": "associate", "old": "delete"}
    assert _guide(cast.reviewer, numbers["between"]).options[0].parameters[0].suggested == "1"


@pytest.mark.parametrize(
    ("error", "days", "wanted"),
    [("503", 0, "defer"), ("HTTP 404", 0, "mark_failed"), ("503", 4, "escalate")],
)
def test_a_pdf_that_fails_for_long_goes_to_engineering(
    cast: Cast, noon: datetime, error: str, days: int, wanted: str
) -> None:
    number = held(cast.reviewer, "pdf_deletion_failed", ("meal_plan", r.meal_plan()), pdf_url="u", last_error=error)
    with clock.frozen(noon + timedelta(days=days)):
        assert (_recommended(cast.reviewer, number) or ("",))[0] == wanted


def test_what_is_missing_is_named(cast: Cast) -> None:
    for name, known in shipped().items():
        assert _guide(cast.reviewer, held(cast.reviewer, name)).missing == known.context_keys


def test_an_appeal_shows_how_its_owner_has_paid(cast: Cast, noon: datetime) -> None:
    booked = r.booking(customer_id=r.customer(email="Jane@Example.com"))
    for status, why in (("paid", None), ("failed", "card of jane@example.com refused"), ("failed", None)):
        r.put(
            "payments",
            booking_id=booked,
            status=status,
            amount="1240.5",
            currency="EUR",
            failure_reason=why,
            created_at="2026-03-01T00:00:00Z",
        )
    number = held(cast.reviewer, "blacklist_disputed", ("blacklist_entry", r.blacklist_entry()))
    facts = [(fact.label, fact.value) for fact in _guide(cast.reviewer, number).facts]
    assert facts == [
        ("Payments that came in", "1"),
        ("Payments that failed", "2"),
        ("01 Mar 2026", "failed 1,240.50 EUR"),
        ("01 Mar 2026", "failed 1,240.50 EUR: card of **** refused"),
        ("01 Mar 2026", "paid 1,240.50 EUR"),
    ]
    assert "jane@example.com refused" in _guide(cast.senior, number).facts[3].value


def test_a_reviewer_decides_between_values_without_seeing_them_and_a_senior_sees_them(cast: Cast) -> None:
    r.provider(last_name="Featherstone", phone="2025550143")
    r.provider(last_name="Fetherstone", phone="2025550199")
    number = held(cast.reviewer, "duplicate_check", ("provider", 1), provider_ids=[1, 2])
    masked, clear = (repr(_guide(who, number)) for who in (cast.reviewer, cast.senior))
    for value in ("Featherstone", "Fetherstone", "2025550143", "2025550199"):
        assert (value in masked, value in clear) == (False, True)
    assert "20****0143" in masked
    decided(cast.reviewer, number, "merge", survivor="2", phone="1", last_name="2")
    assert (r.row("individual_providers", 2)["phone"], r.row("individual_providers", 1)["merged_into"]) == (
        "2025550143",
        2,
    )


def test_flagged_values_are_shown_masked_too(cast: Cast) -> None:
    number = held(cast.reviewer, "missing_data", ("provider", r.provider(fax="2025550177")), fields=["fax", "city"])
    assert {fact.label: fact.value for fact in _guide(cast.reviewer, number).facts} == {
        "Fax": "20****0177",
        "City": "nothing",
    }
    assert [parameter.name for parameter in _guide(cast.reviewer, number).options[0].parameters] == ["fax", "city"]


@pytest.mark.parametrize(
    ("npis", "wanted"),
    [((r.NPI, r.NPI), "merge"), ((r.NPI, r.OTHER_NPI), "not_duplicate"), ((r.NPI, None), None)],
)
def test_the_npi_says_whether_two_records_are_one(cast: Cast, npis: tuple[str, str | None], wanted: str | None) -> None:
    ids = [r.provider(npi=npi) for npi in npis]
    number = held(cast.reviewer, "duplicate_check", ("provider", ids[0]), provider_ids=ids)
    best = _recommended(cast.reviewer, number)
    assert (best and best[0]) == wanted


def test_a_refund_suggests_what_was_asked_for_and_at_most_what_is_left(cast: Cast) -> None:
    suggested = []
    for wanted in (50, "1e9", "NaN", "lots", None, True, -4):
        number = held(cast.reviewer, "refund", ("booking", r.paid_booking(status="cancelled")), amount=wanted)
        suggested.append(_guide(cast.reviewer, number).options[0].parameters[0].suggested)
    assert suggested == ["50.00", *["120.50"] * 6]
    assert _recommended(cast.reviewer, number) == ("approve", "The booking is cancelled and its money is still here.")


def test_an_item_finds_its_booking_through_the_session(cast: Cast) -> None:
    r.paid_booking(session_id="s-1")
    number = claimed(cast.reviewer, "refund", session_id="s-1")
    assert _guide(cast.reviewer, number).facts[0].value == "1: confirmed, paid"


def test_looking_is_on_record_and_says_whether_it_was_in_clear(cast: Cast) -> None:
    looking.forget()
    number = held(cast.reviewer, "complaint", ("complaint", r.complaint()))
    _guide(cast.viewer, number)
    _guide(cast.senior, number)
    seen = rows("SELECT actor_name, pii_accessed FROM ops_audit_log WHERE action = 'item.read' ORDER BY id")
    assert [tuple(found) for found in seen] == [("viewer", False), ("senior", True)]


def test_an_item_that_is_opened_and_guided_at_once_is_on_record_once(cast: Cast) -> None:
    looking.forget()
    number = held(cast.reviewer, "complaint", ("complaint", r.complaint()))
    with UnitOfWork(cast.senior) as uow:
        viewing.view(uow, number)
        guide(uow, number)
    assert count("ops_audit_log", "action = 'item.read'") == 1


def test_nobody_without_the_permission_is_guided(cast: Cast) -> None:
    number = held(cast.reviewer, "complaint")
    for who in (cast.auditor, cast.stranger):
        with pytest.raises(NotPermitted):
            _guide(who, number)
    with pytest.raises(NotFound):
        _guide(cast.viewer, 999)


JUNK: tuple[Any, ...] = (
    None,
    "",
    " ",
    0,
    -1,
    1e300,
    True,
    "1",
    "x" * 2000,
    "٣",
    [],
    [None],
    [1, 2],
    ["npi", 3],
    {},
    {"a": []},
)


@pytest.mark.parametrize("name", sorted(shipped()))
@pytest.mark.parametrize("recorded", [True, False])
def test_no_context_whatever_breaks_the_guide_or_a_decision(cast: Cast, name: str, recorded: bool) -> None:
    """Every key of the type with every kind of junk: a guide each time, and a refusal or a decision for each option."""
    declared = shipped()[name]
    about = (declared.resource_type, PLACES[declared.resource_type]()) if recorded else None
    number = held(cast.reviewer, name, about)
    contexts = [dict.fromkeys((*declared.context_keys, *declared.optional_keys), junk) for junk in JUNK]
    for context in [*contexts, {"table": "staff; --", "unknown": 1}]:
        _tell(number, context)
        offers = _guide(cast.reviewer, number).options
        assert len(offers) == len(declared.options)
        for offer in offers:
            _try(cast.reviewer, number, offer.name, refused=offer.refusal)


def _tell(number: int, context: dict[str, Any]) -> None:
    with db.engine("owner").begin() as connection:
        connection.execute(
            text("UPDATE work_items SET context = CAST(:context AS jsonb) WHERE id = :id"),
            {"context": json.dumps(context), "id": number},
        )


class _Enough(Exception):
    """Takes a trial back."""


def _try(who: Principal, number: int, option: str, *, refused: str | None) -> None:
    """Decide and take it back; what was refused before must be refused in the same words."""
    with pytest.raises((OpsError, _Enough)) as ended, UnitOfWork(who) as uow:  # noqa: PT012 - both are one trial
        deciding.decide(uow, number, Decision(option, "why not", {}))
        raise _Enough
    assert refused is None or str(ended.value) == refused


def test_the_guide_changes_nothing(cast: Cast) -> None:
    number = held(cast.reviewer, "complaint", ("complaint", r.complaint()))
    before = (r.everything(), count("work_actions"))
    _guide(cast.reviewer, number)
    assert (r.everything(), count("work_actions")) == before
