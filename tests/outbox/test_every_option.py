"""Every option of every shipped type, decided and carried out to its end: none is declared without being tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.permissions import Principal
from core.resolutions.declaring import shipped
from tests.builders import count, item
from tests.cast import NOON, Cast
from tests.outbox.payments import Provider
from tests.outbox.postbox import Postbox
from tests.outbox.storage import Storage
from tests.outbox.test_delivering import deliver
from tests.resolutions import records as r
from tests.resolutions.records import decided, held
from tests.resolutions.test_effects import STORIES

Given = Callable[[Principal, Storage], int]
UNTIL = NOON + timedelta(hours=3)
PAID = {"status": "paid", "amount": "120.50", "currency": "EUR", "reference": "pay-1"}


@dataclass(frozen=True)
class Trial:
    """An item made by `given`; `becomes` holds for it, and `then` for the records, once all is carried out."""

    given: Given
    becomes: dict[str, Any]
    then: str = "staff"
    parameters: dict[str, Any] = field(default_factory=dict)


def _about(item_type: str, about: Callable[[], tuple[str, int]], **context: Any) -> Given:
    return lambda who, _storage: held(who, item_type, about(), **context)


def _stored(who: Principal, storage: Storage) -> int:
    url = storage.url("204/a.pdf")
    return held(who, "pdf_deletion_failed", ("meal_plan", r.meal_plan(pdf_url=url)), pdf_url=url)


def _complaint() -> tuple[str, int]:
    return "complaint", r.complaint(customer_id=r.customer())


def _booking() -> tuple[str, int]:
    return "booking", r.booking(customer_id=r.customer(), external_ref="ref-1")


def _pdf() -> tuple[str, int]:
    return "meal_plan", r.meal_plan()


def _quiz() -> tuple[str, int]:
    return "quiz_response", r.quiz_response()


def _pair() -> tuple[str, int]:
    return "provider", r.provider()


IN_HAND = {"status": "in_progress", "resolution": None}
UP = {"status": "in_progress", "escalation_level": 1}
TRIALS: dict[tuple[str, str], Trial] = {
    ("pdf_deletion_failed", "retry_deletion"): Trial(
        _stored, {"status": "resolved"}, "meal_plans WHERE pdf_url IS NULL AND pdf_deleted_at IS NOT NULL"
    ),
    ("pdf_deletion_failed", "escalate"): Trial(_about("pdf_deletion_failed", _pdf), UP),
    ("pdf_deletion_failed", "defer_hour"): Trial(
        _about("pdf_deletion_failed", _pdf), {"status": "deferred", "deferred_until": NOON + timedelta(hours=1)}
    ),
    ("pdf_deletion_failed", "defer"): Trial(
        _about("pdf_deletion_failed", _pdf), {"status": "deferred", "deferred_until": NOON + timedelta(hours=24)}
    ),
    ("quiz_orphaned", "defer"): Trial(
        _about("quiz_orphaned", _quiz), {"status": "deferred", "deferred_until": UNTIL}, parameters={"until": UNTIL}
    ),
    ("duplicate_check", "defer"): Trial(
        _about("duplicate_check", _pair), {"status": "deferred", "deferred_until": UNTIL}, parameters={"until": UNTIL}
    ),
    ("blacklist_disputed", "escalate"): Trial(
        _about("blacklist_disputed", lambda: ("blacklist_entry", r.blacklist_entry())), UP
    ),
    ("retention_exception", "escalate"): Trial(
        _about("retention_exception", lambda: ("retention_hold", r.hold("meal_plan", 1))), UP
    ),
    ("foreign_key_violation", "escalate"): Trial(_about("foreign_key_violation", _pdf), UP),
    ("complaint", "escalate"): Trial(_about("complaint", _complaint), UP, "complaints WHERE status = 'escalated'"),
    ("complaint", "respond"): Trial(
        _about("complaint", _complaint),
        IN_HAND | {"first_responded_at": NOON},
        "complaints WHERE responded_at IS NOT NULL AND status = 'in_progress'",
        {"message": "We are looking into it."},
    ),
    ("booking", "contact"): Trial(
        _about("booking", _booking), IN_HAND, "outbox WHERE kind = 'mail' AND state = 'done'", {"message": "Hello"}
    ),
    ("booking", "retry_payment_check"): Trial(
        _about("booking", _booking), IN_HAND, "bookings WHERE payment_status = 'paid'"
    ),
}


@pytest.mark.parametrize("key", TRIALS, ids="-".join)
def test_an_option_is_carried_out_to_its_end(
    cast: Cast, storage: Storage, postbox: Postbox, provider: Provider, noon: datetime, key: tuple[str, str]
) -> None:
    trial = TRIALS[key]
    provider.answers["ref-1"] = (200, PAID)
    number = trial.given(cast.reviewer, storage)
    assert item(number).item_type == key[0]
    decided(cast.reviewer, number, key[1], **trial.parameters)
    deliver()
    after = item(number)
    assert {name: getattr(after, name) for name in trial.becomes} == trial.becomes
    table, _, where = trial.then.partition(" WHERE ")
    assert count(table, where or "true") > 0
    assert count("work_actions", "item_id = :id AND payload->>'error' IS NOT NULL", id=number) == 0


def test_every_option_is_tried_here_or_among_the_stories() -> None:
    """The stories settle an item in the decision itself, and are held to what they say in `test_effects`."""
    declared = {(known.name, option.name) for known in shipped().values() for option in known.options}
    assert declared == set(TRIALS) | {(story.item_type, story.option) for story in STORIES}
