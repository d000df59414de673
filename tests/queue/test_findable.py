"""A customer can be found whoever wrote the record; a hash never outlives its value, and another key's is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from core import db, demo, findable, marking
from core.errors import OpsError, Unavailable
from core.intake.customers import keep_customers
from core.intake.forms import CustomerForm
from core.queue import deciding
from core.queue.finding import items_of_customer
from core.settings import PROJECT, settings
from core.uow import UnitOfWork, perform
from tests.builders import opened, rows
from tests.cast import Cast
from tests.resolutions import records


def _unfindable() -> list[str]:
    """The customers that a search for what their record says would miss, or would find for what it no longer says."""
    found = rows("SELECT external_ref, email, mobile, email_hash, mobile_hash FROM customers")
    assert found
    return [row.external_ref for row in found for field in ("email", "mobile") if not _fits(row, field)]


def _fits(row: Any, field: str) -> bool:
    value, stored = getattr(row, field), getattr(row, f"{field}_hash")
    return stored is None if value is None else bytes(stored or b"") == marking.mark(field, value)


def _keep(cast: Cast, *, overwrite: bool = True, **told: Any) -> None:
    with UnitOfWork(cast.admin) as uow:
        keep_customers(uow, [CustomerForm(external_ref="C-1", **told)], overwrite=overwrite)


def _by_hand(statement: str) -> None:
    with db.engine("app").begin() as connection:
        connection.execute(text(statement))


def test_what_comes_in_can_be_found_when_it_is_new_changed_or_told_in_part(cast: Cast) -> None:
    told: tuple[dict[str, Any], ...] = (
        {"email": "jane@example.com"},
        {"mobile": "98765 43210"},
        {"email": "JOAN@example.com"},
        {"name": "Joan"},
    )
    for part in told:
        _keep(cast, **part)
        assert not _unfindable()
    _keep(cast, email="else@example.com", overwrite=False)
    assert not _unfindable()


def test_the_demos_customers_can_be_found(database: None) -> None:
    demo.load_if_empty()
    assert not _unfindable()


def test_who_is_erased_is_found_no_more_and_again_after_an_undo(cast: Cast) -> None:
    customer = records.customer()
    hold = records.put("retention_holds", resource_type="customer", resource_id=str(customer), reason="tax")
    item = records.held(
        cast.senior, "retention_exception", ("retention_hold", hold), hold_reason="tax", hold_until="2020-01-01"
    )
    records.decided(cast.senior, item, "release")
    assert (records.row("customers", customer)["email_hash"], _unfindable()) == (None, [])
    perform(cast.senior, deciding.undo, item)
    assert records.row("customers", customer)["email"] == "jane@example.com"
    assert not _unfindable()


def test_no_statement_writes_customers_past_the_one_home() -> None:
    """Whoever writes one by a statement of their own forgets the hashes sooner or later."""
    written = [
        path.name
        for path in (PROJECT / "core").rglob("*.py")
        if any(deed in path.read_text() for deed in ("INTO customers", "UPDATE customers", "insert(Customer"))
    ]
    assert written == ["findable.py"]


@pytest.mark.parametrize("deed", ["email = 'joan@example.com'", "mobile = '1234567'", "email = NULL, mobile = NULL"])
def test_a_write_that_forgets_leaves_no_hash_and_the_job_makes_it(cast: Cast, deed: str) -> None:
    records.customer()
    _by_hand(f"UPDATE customers SET {deed}")
    stale = rows("SELECT 1 FROM customers WHERE email_hash = :hash AND email IS DISTINCT FROM 'jane@example.com'",
                 hash=marking.mark("email", "jane@example.com"))  # fmt: skip
    assert not stale
    perform(cast.admin, findable.mark_customers)
    assert not _unfindable()


def test_a_value_written_otherwise_keeps_its_hash(cast: Cast) -> None:
    records.customer()
    _by_hand("UPDATE customers SET email = ' JANE@example.com ', mobile = '(98765) 43-210'")
    assert not _unfindable()


def test_a_full_database_is_made_ready_in_batches_and_the_search_waits_for_it(cast: Cast) -> None:
    _by_hand("INSERT INTO customers (email, mobile) SELECT n || '@example.com', n::text FROM generate_series(1, 25) n")
    with pytest.raises(Unavailable, match="made ready"):
        perform(cast.senior, items_of_customer, "email", "7@example.com")
    assert [perform(cast.admin, findable.mark_customers, 10) for _ in range(4)] == [10, 10, 5, 0]
    assert not _unfindable()
    assert perform(cast.senior, items_of_customer, "email", "7@example.com") == ()


def test_the_search_walks_the_hashs_index(cast: Cast) -> None:
    _by_hand("INSERT INTO customers (email) SELECT n || '@example.com' FROM generate_series(1, 3000) n")
    while perform(cast.admin, findable.mark_customers):
        pass
    with db.engine("owner").connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE customers"))
        asked = "EXPLAIN SELECT id FROM customers WHERE email_hash = :mark"
        plan = connection.execute(text(asked), {"mark": marking.mark("email", "7@example.com")}).scalars().all()
    assert "customers_by_email_hash" in " ".join(plan)


@pytest.fixture
def another_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OPSDESK_SEARCH_KEY", "f3b1c5d7e9a2468013579bdf0eca8642e1a0")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def test_another_key_is_noticed_and_the_hashes_are_made_anew(cast: Cast, request: pytest.FixtureRequest) -> None:
    number = opened(cast.admin, customer_id=records.customer())
    request.getfixturevalue("another_key")
    assert perform(cast.admin, findable.standing).other_key
    with pytest.raises(OpsError, match="search key was changed"):
        perform(cast.senior, items_of_customer, "email", "jane@example.com")
    assert [perform(cast.admin, findable.remark_customers) for _ in range(2)] == [1, 0]
    assert perform(cast.admin, findable.standing) == findable.Standing(unmarked=False, other_key=False)
    assert [row.id for row in perform(cast.senior, items_of_customer, "email", "jane@example.com")] == [number]
