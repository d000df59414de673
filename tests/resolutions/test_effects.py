"""Every option that changes records: what it changes, and that an undo leaves no difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock
from core.permissions import Principal
from core.queue import deciding
from core.resolutions.declaring import shipped
from core.uow import perform
from tests.builders import history, item, rows
from tests.cast import Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, everything, held


@dataclass(frozen=True)
class Story:
    """An item made by `given`, settled with `option`; `then` is an SQL condition that holds afterwards."""

    item_type: str
    option: str
    given: Callable[[Principal], int]
    then: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.item_type}-{self.option}"


def _pdf(who: Principal) -> int:
    context = {"pdf_url": "https://store.test/a.pdf", "pdf_generated_at": "x", "retry_count": 3, "last_error": "503"}
    return held(who, "pdf_deletion_failed", ("meal_plan", r.meal_plan()), **context)


def _quiz(who: Principal) -> int:
    r.customer()
    return held(who, "quiz_orphaned", ("quiz_response", r.quiz_response()), created_at="x", references=[])


def _appeal(who: Principal) -> int:
    context = {"email": "jane@example.com", "blacklist_reason": "chargeback", "appeal_message": "my bank"}
    return held(who, "blacklist_disputed", ("blacklist_entry", r.blacklist_entry()), **context)


def _held(kind: str, make: Callable[..., int], **values: Any) -> Callable[[Principal], int]:
    def given(who: Principal) -> int:
        hold = r.hold(kind, make(**values))
        return held(who, "retention_exception", ("retention_hold", hold), hold_reason="court", hold_until="2026-03-01")

    return given


def _broken(**more: Any) -> Callable[[Principal], int]:
    def given(who: Principal) -> int:
        plan = r.meal_plan()
        for _ in range(3):
            r.quiz_response(meal_plan_id=plan)
        told = {"table": "meal_plans", "referencing_table": "quiz_responses"}
        told["constraint"] = "quiz_responses_meal_plan_id_fkey"
        return held(who, "foreign_key_violation", ("meal_plan", plan), **told, **more)

    return given


def _about_booking(item_type: str, make: Callable[..., int] = r.booking) -> Callable[[Principal], int]:
    return lambda who: held(who, item_type, ("booking", make()))


def _complained(who: Principal) -> int:
    return held(who, "complaint", ("complaint", r.complaint(booking_id=r.paid_booking())))


def _pair(who: Principal) -> int:
    one = r.provider(organisation="Lee Clinic")
    other = r.provider(phone="+12025550199", city="Boston")
    earlier, third = r.provider(merged_into=other), r.provider()
    assert (one, other, earlier, third) == (1, 2, 3, 4)
    r.put_pair(other, third)
    held(who, "missing_data", ("provider", other), fields=["fax"])
    return held(who, "duplicate_check", ("provider", one), provider_ids=[one, other])


def _lacking(item_type: str) -> Callable[[Principal], int]:
    fields = ["npi", "phone", "postal_code"]
    return lambda who: held(
        who, item_type, ("provider", r.provider(npi=None, phone=None, unobtainable=["fax", "phone"])), fields=fields
    )


_FILLED = {"npi": r.OTHER_NPI, "phone": "(202) 555-0188", "postal_code": "02118-1234"}
_FILLED_IN = "(npi, phone, postal_code) = ('1245319599', '+12025550188', '02118-1234') AND unobtainable = '[\"fax\"]'"
_MARKED = '["fax", "npi", "phone", "postal_code"]'
_LATER = "2027-01-01T00:00:00+00:00"

STORIES = [
    Story(
        "pdf_deletion_failed", "mark_failed", _pdf, "meal_plans WHERE pdf_url IS NULL AND pdf_deleted_at IS NOT NULL"
    ),
    Story("quiz_orphaned", "delete", _quiz, "customers WHERE NOT EXISTS (SELECT FROM quiz_responses)"),
    Story("quiz_orphaned", "associate", _quiz, "quiz_responses WHERE user_id = 1", {"user_id": "1"}),
    Story("blacklist_disputed", "remove", _appeal, "blacklist_entries WHERE NOT active AND decided_at IS NOT NULL"),
    Story("blacklist_disputed", "reject_appeal", _appeal, "blacklist_entries WHERE active AND decided_at IS NOT NULL"),
    Story(
        "retention_exception",
        "release",
        _held("quiz_response", r.quiz_response),
        "retention_holds WHERE released_at IS NOT NULL AND NOT EXISTS (SELECT FROM quiz_responses)",
    ),
    Story(
        "retention_exception",
        "release",
        _held("meal_plan", r.meal_plan, pdf_url=None),
        "retention_holds WHERE released_at IS NOT NULL AND NOT EXISTS (SELECT FROM meal_plans)",
    ),
    Story(
        "retention_exception",
        "release",
        _held("blacklist_entry", r.blacklist_entry),
        "retention_holds WHERE released_at IS NOT NULL AND NOT EXISTS (SELECT FROM blacklist_entries)",
    ),
    Story(
        "retention_exception",
        "release",
        _held("customer", r.customer),
        "customers WHERE name IS NULL AND email IS NULL AND mobile IS NULL AND tier = 'standard'",
    ),
    Story(
        "retention_exception",
        "release",
        _held("complaint", r.complaint),
        "complaints WHERE subject = '(erased)' AND description IS NULL AND category = 'quality'",
    ),
    Story(
        "retention_exception",
        "release",
        _held("booking", r.booking, session_id="s1"),
        "bookings WHERE session_id IS NULL AND amount = 120.50",
    ),
    Story(
        "retention_exception",
        "release",
        _held("provider", r.provider),
        "individual_providers WHERE last_name IS NULL AND phone IS NULL AND details = '{}' AND npi IS NOT NULL",
    ),
    Story(
        "retention_exception",
        "extend",
        _held("customer", r.customer),
        "retention_holds WHERE hold_until = '2027-01-01Z' AND released_at IS NULL",
        {"hold_until": _LATER},
    ),
    Story("foreign_key_violation", "retry", _broken(), "meal_plans"),
    Story(
        "foreign_key_violation",
        "remove_reference",
        _broken(),
        "meal_plans WHERE (SELECT count(*) FROM quiz_responses WHERE meal_plan_id IS NULL) = 3",
    ),
    Story(
        "foreign_key_violation",
        "remove_reference",
        _broken(referencing_id=2),
        "quiz_responses WHERE id = 2 AND meal_plan_id IS NULL "
        "AND (SELECT count(*) FROM quiz_responses WHERE meal_plan_id = 1) = 2",
    ),
    Story(
        "complaint",
        "resolve",
        _complained,
        "complaints WHERE status = 'resolved' AND resolved_at IS NOT NULL AND responded_at IS NOT NULL",
    ),
    Story(
        "complaint",
        "refund",
        _complained,
        "bookings b JOIN payments p ON p.booking_id = b.id JOIN complaints c ON c.booking_id = b.id "
        "WHERE p.amount = -120.50 AND b.payment_status = 'refunded' AND c.status = 'resolved'",
        {"amount": "120.5"},
    ),
    Story(
        "complaint",
        "refund",
        _complained,
        "bookings b JOIN payments p ON p.booking_id = b.id WHERE p.amount = -20.25 AND p.status = 'refunded' "
        "AND b.payment_status = 'paid'",
        {"amount": "20.245"},
    ),
    Story("booking", "confirm", _about_booking("booking"), "bookings WHERE status = 'confirmed'"),
    Story("booking", "cancel", _about_booking("booking"), "bookings WHERE status = 'cancelled'"),
    Story(
        "refund",
        "approve",
        _about_booking("refund", r.paid_booking),
        "bookings JOIN payments p ON booking_id = bookings.id WHERE payment_status = 'refunded' AND p.amount = -120.50",
    ),
    Story("refund", "refuse", _about_booking("refund", r.paid_booking), "bookings WHERE payment_status = 'paid'"),
    Story(
        "cancellation",
        "accept",
        _about_booking("cancellation", r.paid_booking),
        "bookings WHERE status = 'cancelled' AND payment_status = 'refunded'",
    ),
    Story("cancellation", "accept", _about_booking("cancellation"), "bookings WHERE status = 'cancelled'"),
    Story(
        "cancellation",
        "accept_with_fee",
        _about_booking("cancellation", r.paid_booking),
        "bookings b JOIN payments p ON p.booking_id = b.id WHERE b.status = 'cancelled' AND p.amount = -100.50",
        {"fee": 20},
    ),
    Story(
        "cancellation",
        "accept_with_fee",
        _about_booking("cancellation", r.paid_booking),
        "bookings WHERE status = 'cancelled' AND payment_status = 'paid'",
        {"fee": "120.50"},
    ),
    Story("cancellation", "keep", _about_booking("cancellation"), "bookings WHERE status = 'pending'"),
    Story(
        "duplicate_check",
        "merge",
        _pair,
        "individual_providers s, individual_providers a, individual_providers e, work_items w, "
        "distinct_provider_pairs p "
        "WHERE (s.id, a.id, e.id) = (1, 2, 3) AND s.phone = '+12025550199' AND s.organisation = 'Lee Clinic' "
        "AND s.city IS NULL AND a.merged_into = 1 AND NOT a.is_active AND e.merged_into = 1 "
        "AND w.item_type = 'missing_data' AND w.resource_id = '1' AND w.dedup_key = 'missing_data|provider|1' "
        "AND (p.lower_id, p.higher_id) = (1, 4)",
        {"survivor": "1", "phone": "2", "organisation": "1"},
    ),
    Story(
        "duplicate_check",
        "not_duplicate",
        _pair,
        "distinct_provider_pairs WHERE (lower_id, higher_id) = (1, 2) AND judged_by IS NOT NULL",
    ),
    Story(
        "missing_data", "update_fields", _lacking("missing_data"), f"individual_providers WHERE {_FILLED_IN}", _FILLED
    ),
    Story(
        "missing_data",
        "mark_unobtainable",
        _lacking("missing_data"),
        f"individual_providers WHERE unobtainable = '{_MARKED}'",
    ),
    Story("missing_data", "reject", _lacking("missing_data"), "individual_providers WHERE npi IS NULL"),
    Story(
        "validation_flag",
        "update_fields",
        _lacking("validation_flag"),
        f"individual_providers WHERE {_FILLED_IN}",
        _FILLED,
    ),
    Story(
        "validation_flag",
        "mark_unobtainable",
        _lacking("validation_flag"),
        f"individual_providers WHERE unobtainable = '{_MARKED}'",
    ),
    Story("validation_flag", "resolve", _about_booking("validation_flag"), "bookings WHERE status = 'pending'"),
    Story("validation_flag", "reject", _about_booking("validation_flag"), "bookings WHERE status = 'pending'"),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_an_option_does_what_it_says_and_its_undo_leaves_no_difference(
    cast: Cast, noon: datetime, story: Story
) -> None:
    number = story.given(cast.reviewer)
    before, summary = everything(), item(number).summary
    decided(cast.reviewer, number, story.option, **story.parameters)
    assert rows(f"SELECT 1 FROM {story.then}"), everything()
    assert item(number).resolution == story.option
    perform(cast.reviewer, deciding.undo, number)
    assert everything() == before
    assert (item(number).status, item(number).summary) == ("in_progress", summary)


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_every_changed_record_has_its_row_in_the_trail(cast: Cast, noon: datetime, story: Story) -> None:
    number = story.given(cast.reviewer)
    before = everything()
    decided(cast.reviewer, number, story.option, **story.parameters)
    after = everything()
    changed = {table for table in before if before[table] != after[table]}
    assert _on_record("action LIKE 'record.%'") == changed
    perform(cast.reviewer, deciding.undo, number)
    assert _on_record("action = 'record.restored'") == changed


def _on_record(which: str) -> set[str]:
    return {found[0] for found in rows(f"SELECT DISTINCT resource_type FROM ops_audit_log WHERE {which}")}


def test_the_stories_cover_every_option_that_settles_an_item() -> None:
    settling = {
        (known.name, option.name)
        for known in shipped().values()
        for option in known.options
        if option.settles in ("resolve", "reject") and (option.effect or option.outside is None)
    }
    assert {(story.item_type, story.option) for story in STORIES} == settling


def test_the_merged_items_history_says_so_and_the_undo_says_so_too(cast: Cast, noon: datetime) -> None:
    number = _pair(cast.reviewer)
    decided(cast.reviewer, number, "merge", survivor="1")
    perform(cast.reviewer, deciding.undo, number)
    assert history(number - 1) == ["OPEN", "CLAIM", "FIELD_UPDATE", "FIELD_UPDATE"]
    assert (item(number - 1).resource_id, item(number - 1).dedup_key) == ("2", "missing_data|provider|2")


def test_a_merge_leaves_the_key_where_an_open_item_about_the_survivor_has_it(cast: Cast) -> None:
    number = _pair(cast.reviewer)
    held(cast.reviewer, "missing_data", ("provider", 1), fields=["npi"])
    decided(cast.reviewer, number, "merge", survivor="1")
    found = rows("SELECT dedup_key FROM work_items WHERE item_type = 'missing_data' AND resource_id = '1' ORDER BY id")
    assert [key for (key,) in found] == ["missing_data|provider|2", "missing_data|provider|1"]


def test_an_undo_after_somebody_else_changed_the_record_is_refused_and_changes_nothing(cast: Cast) -> None:
    number = _about_booking("booking")(cast.reviewer)
    decided(cast.reviewer, number, "confirm")
    key = int(item(number).resource_id)
    other = held(cast.reviewer2, "cancellation", ("booking", key))
    decided(cast.reviewer2, other, "accept")
    with pytest.raises(Exception, match="cannot be undone any more"):
        perform(cast.reviewer, deciding.undo, number)
    assert (r.row("bookings", key)["status"], item(number).status) == ("cancelled", "resolved")


def test_an_undo_that_the_database_itself_forbids_is_refused(cast: Cast) -> None:
    number = _held("quiz_response", r.quiz_response)(cast.reviewer)
    decided(cast.reviewer, number, "release")
    r.hold("quiz_response", 1)
    with pytest.raises(Exception, match="cannot be undone any more"):
        perform(cast.reviewer, deciding.undo, number)


def test_the_window_for_an_undo_closes(cast: Cast, noon: datetime) -> None:
    number = _quiz(cast.reviewer)
    decided(cast.reviewer, number, "delete")
    with clock.frozen(noon + timedelta(seconds=11)), pytest.raises(Exception, match="time to undo it has passed"):
        perform(cast.reviewer, deciding.undo, number)


def test_summaries_of_other_items_follow_the_record(cast: Cast) -> None:
    number = _lacking("missing_data")(cast.reviewer)
    flagged = held(cast.reviewer2, "validation_flag", ("provider", 1), fields=["city"])
    decided(cast.reviewer, number, "update_fields", phone="202-555-0188")
    assert item(flagged).summary["phone"] == "+12025550188"


def test_what_is_deleted_leaves_no_summary_behind(cast: Cast) -> None:
    number = _held("blacklist_entry", r.blacklist_entry)(cast.reviewer)
    appeal = held(cast.reviewer2, "blacklist_disputed", ("blacklist_entry", 1))
    assert item(appeal).summary["email"] == "jane@example.com"
    decided(cast.reviewer, number, "release")
    assert item(appeal).summary == {}
