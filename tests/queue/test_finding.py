"""Personal fields are searched exactly, with full access only, and the trail never holds what was searched for."""

from __future__ import annotations

import pytest

from core.errors import Invalid, NotPermitted
from core.queue.finding import items_of_customer, mark
from core.uow import perform
from tests.builders import count, opened, rows
from tests.cast import Cast
from tests.resolutions import records


def _item(cast: Cast) -> int:
    customer = records.customer(email="Jane@Example.com", mobile="98765 43210")
    return opened(cast.admin, customer_id=customer)


@pytest.mark.parametrize(
    ("field", "value"), [("email", " jane@example.COM "), ("mobile", "9876543210"), ("mobile", "(98765) 43-210")]
)
def test_a_customers_open_items_are_found_by_the_whole_value(cast: Cast, field: str, value: str) -> None:
    number = _item(cast)
    opened(cast.admin, customer_id=records.customer(email="joan@example.com", mobile="1234567890"))
    assert [row.id for row in perform(cast.senior, items_of_customer, field, value)] == [number]


@pytest.mark.parametrize(("field", "value"), [("email", "jane"), ("email", "jane@example.co%"), ("mobile", "98765")])
def test_a_part_of_it_finds_nothing(cast: Cast, field: str, value: str) -> None:
    _item(cast)
    assert perform(cast.senior, items_of_customer, field, value) == ()


@pytest.mark.parametrize("value", ["jane@example.com", "nobody@example.com"])
def test_without_full_access_it_is_refused_whether_or_not_there_is_anybody(cast: Cast, value: str) -> None:
    _item(cast)
    with pytest.raises(NotPermitted, match=r"ops\.full_access"):
        perform(cast.reviewer, items_of_customer, "email", value)


def test_the_trail_knows_who_searched_for_whom_by_a_keyed_hash(cast: Cast) -> None:
    number = _item(cast)
    perform(cast.senior, items_of_customer, "email", "jane@example.com")
    (row,) = rows("SELECT actor_name, pii_accessed, metadata FROM ops_audit_log WHERE action = 'customer.searched'")
    assert (row.actor_name, row.pii_accessed) == ("senior", True)
    assert row.metadata == {"field": "email", "sought": mark("email", "JANE@example.com"), "items": [number]}
    assert count("ops_audit_log", "metadata::text LIKE '%jane%'") == 0


@pytest.mark.parametrize(
    ("field", "value"), [("email", ""), ("mobile", "x"), ("name", "Jane"), ("email", "a\x00b@c.de")]
)
def test_what_is_no_whole_value_is_refused(cast: Cast, field: str, value: str) -> None:
    with pytest.raises(Invalid):
        perform(cast.senior, items_of_customer, field, value)
