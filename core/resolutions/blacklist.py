"""What deciding an appeal against the blacklist does, and what the owner of the address has paid so far."""

from __future__ import annotations

from typing import Any

from core.errors import Conflict
from core.resolutions.declaring import Fact
from core.resolutions.effects import Case
from core.resolutions.refunding import told

LAST_SHOWN = 5
_MATCHING = (
    "FROM payments p JOIN bookings b ON b.id = p.booking_id JOIN customers c ON c.id = b.customer_id "
    "WHERE lower(c.email) = lower(:email)"
)


def entry(case: Case) -> dict[str, Any]:
    """The blacklist entry that the item is about. Raises Conflict when there is none."""
    return case.record("blacklist_entries", case.about("blacklist_entry"))


def listed(case: Case) -> None:
    """Raise Conflict unless the address is on the blacklist now."""
    found = entry(case)
    if not found["active"]:
        raise Conflict(f"Blacklist entry {found['id']} is not in force any more.")


def take_off(case: Case) -> None:
    """The address may order again."""
    case.change("blacklist_entries", entry(case)["id"], active=False, decided_at=case.now)


def keep_on(case: Case) -> None:
    """The appeal is decided; the entry stays in force."""
    case.change("blacklist_entries", entry(case)["id"], decided_at=case.now)


def clean_record(case: Case) -> str | None:
    """A reason to take the address off: it has paid, and nothing ever failed."""
    sums = _sums(case)
    return "Every payment of this address has come in." if sums.paid and not sums.failed else None


def bad_record(case: Case) -> str | None:
    """A reason to reject the appeal: payments fail again and again."""
    failed = _sums(case).failed
    return f"{failed} payments of this address have failed." if failed >= 3 else None


def payment_facts(case: Case) -> tuple[Fact, ...]:
    """How the owner of the address has paid: counts, and the last payments."""
    sums = _sums(case)
    last = case.uow.rows(
        f"SELECT p.created_at, p.status, p.amount, p.currency, p.failure_reason {_MATCHING} "
        f"ORDER BY p.created_at DESC, p.id DESC LIMIT {LAST_SHOWN}",
        {"email": entry(case)["email"]},
    )
    return (
        Fact("Payments that came in", str(sums.paid)),
        Fact("Payments that failed", str(sums.failed)),
        *(Fact(f"{row.created_at:%d %b %Y}", _line(case, row)) for row in last),
    )


def _sums(case: Case) -> Any:
    return case.uow.execute(
        "SELECT count(*) FILTER (WHERE p.status = 'paid') AS paid, count(*) FILTER (WHERE p.status = 'failed') "
        f"AS failed {_MATCHING}",
        {"email": entry(case)["email"]},
    ).one()


def _line(case: Case, row: Any) -> str:
    why = case.uow.principal.lens.text(row.failure_reason)
    return f"{row.status} {told(row.amount, row.currency)}" + (f": {why}" if why else "")
