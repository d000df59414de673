"""Options that do not end an item: answering, putting off, handing up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.resolutions.declaring import shipped
from tests.builders import history, item, rows
from tests.cast import Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, held


def test_a_response_meets_the_first_deadline_and_the_claim_did_not(cast: Cast, noon: datetime) -> None:
    number = held(cast.reviewer, "complaint", ("complaint", r.complaint()))
    assert item(number).first_responded_at is None
    decided(cast.reviewer, number, "respond", message="We are looking into it.")
    assert (item(number).status, item(number).first_responded_at) == ("in_progress", noon)
    found = r.row("complaints", 1)
    assert (found["status"], datetime.fromisoformat(found["responded_at"])) == ("in_progress", noon)
    told = rows("SELECT payload FROM work_actions WHERE kind = 'RESPOND'")[0].payload
    assert told["outcome"] == {"message": "We are looking into it."}


def test_the_message_is_in_no_audit_row(cast: Cast) -> None:
    number = held(cast.reviewer, "complaint", ("complaint", r.complaint()))
    decided(cast.reviewer, number, "respond", message="Dear Jane")
    assert not rows("SELECT 1 FROM ops_audit_log WHERE metadata::text LIKE '%Jane%'")


def test_a_second_response_keeps_the_moment_of_the_first(cast: Cast, noon: datetime) -> None:
    number = held(cast.reviewer, "complaint", ("complaint", r.complaint(responded_at="2026-03-01T00:00:00Z")))
    decided(cast.reviewer, number, "respond", message="Again.")
    assert r.row("complaints", 1)["responded_at"] == "2026-03-01T00:00:00+00:00"


def test_a_pdf_is_put_off_for_a_day_and_a_quiz_until_a_moment_of_ones_own(cast: Cast, noon: datetime) -> None:
    pdf = held(cast.reviewer, "pdf_deletion_failed", ("meal_plan", r.meal_plan()))
    quiz = held(cast.reviewer, "quiz_orphaned", ("quiz_response", r.quiz_response()))
    decided(cast.reviewer, pdf, "defer")
    decided(cast.reviewer, quiz, "defer", until=noon + timedelta(hours=3))
    assert item(pdf).deferred_until == noon + timedelta(hours=24)
    assert item(quiz).deferred_until == noon + timedelta(hours=3)


@pytest.mark.parametrize(
    ("item_type", "whom"),
    [
        ("pdf_deletion_failed", "engineering"),
        ("blacklist_disputed", "support"),
        ("retention_exception", "compliance"),
        ("foreign_key_violation", "engineering"),
        ("complaint", "the customer care lead"),
    ],
)
def test_an_escalation_names_who_should_see_it_and_keeps_the_item_in_hand(
    cast: Cast, item_type: str, whom: str
) -> None:
    number = held(cast.reviewer, item_type)
    decided(cast.reviewer, number, "escalate")
    assert (item(number).escalation_level, item(number).status) == (1, "in_progress")
    assert history(number)[-1] == "ESCALATE"
    assert rows("SELECT payload FROM work_actions WHERE kind = 'ESCALATE'")[0].payload["to"] == whom


@pytest.mark.parametrize("about", [("complaint", 99), ("order", 1)])
def test_an_item_whose_record_is_not_there_can_still_be_handed_up(cast: Cast, about: tuple[str, int]) -> None:
    number = held(cast.reviewer, "complaint", about)
    decided(cast.reviewer, number, "escalate")
    assert item(number).escalation_level == 1


def test_an_escalated_complaint_says_so_itself_until_it_is_settled(cast: Cast) -> None:
    number = held(cast.reviewer, "complaint", ("complaint", r.complaint()))
    decided(cast.reviewer, number, "escalate")
    assert r.row("complaints", 1)["status"] == "escalated"
    decided(cast.reviewer, number, "resolve")
    decided_at = r.row("complaints", 1)["resolved_at"]
    assert (r.row("complaints", 1)["status"], decided_at is not None) == ("resolved", True)


def test_the_twelve_types_are_declared_as_the_queue_knows_them() -> None:
    queues = {name: str(known.queue) for name, known in shipped().items()}
    assert queues == {
        **dict.fromkeys(("complaint", "booking", "refund", "cancellation"), "customer"),
        **dict.fromkeys(
            (
                "pdf_deletion_failed",
                "quiz_orphaned",
                "blacklist_disputed",
                "retention_exception",
                "foreign_key_violation",
            ),
            "automation",
        ),
        **dict.fromkeys(("duplicate_check", "missing_data", "validation_flag"), "provider_data"),
    }
