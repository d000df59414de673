"""A clean-up script hands its failure over with one call."""

from __future__ import annotations

from typing import Any

import pytest

from core import add_to_queue
from core.errors import Invalid
from tests.builders import count, item
from tests.cast import NOON, Cast

FAILED: dict[str, Any] = {
    "item_type": "pdf_deletion_failed",
    "resource_type": "meal_plan",
    "resource_id": 12345,
    "priority": "medium",
    "reason": "storage answered 503 after 3 attempts",
    "context": {"pdf_url": "https://blob.example.com/12345.pdf", "retry_count": 3, "last_error": "503"},
    "sla_hours": 24,
}


def test_the_call_of_the_specification_makes_an_item_with_its_deadline(cast: Cast, noon: object) -> None:
    number = add_to_queue(**FAILED)
    found = item(number)
    assert (found.queue, found.item_type, found.resource_id) == ("automation", "pdf_deletion_failed", "12345")
    assert (found.sla_deadline - NOON).total_seconds() == 24 * 3600
    assert count("ops_audit_log", "action = 'item.opened' AND actor_kind = 'cli' AND actor_name = 'script'") == 1


def test_the_same_failure_again_is_one_item_with_two_occurrences(cast: Cast) -> None:
    assert add_to_queue(**FAILED) == (number := add_to_queue(**FAILED))
    assert item(number).occurrences == 2


def test_a_bad_call_is_refused_by_field(cast: Cast) -> None:
    with pytest.raises(Invalid, match="sla_hours"):
        add_to_queue(**FAILED | {"sla_hours": float("nan")})
