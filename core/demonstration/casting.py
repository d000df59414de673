"""Who and what the demo's stories are about: invented people, practices and records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from core.demonstration import wording

CUSTOMERS = 420


@dataclass(frozen=True)
class Ref:
    """A record that gets its number only when it is stored: `key` is unique in `table`."""

    table: str
    key: str


@dataclass(frozen=True)
class Row:
    """A record to be: its table and columns, where a `Ref` stands for another record's number."""

    ref: Ref
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """What one item is about: the record, those behind it, and what the item says."""

    about: Ref
    rows: tuple[Row, ...]
    title: str
    reason: str
    context: Mapping[str, Any] = field(default_factory=dict)
    customer: Ref | None = None
    stake: float | None = None
    confidence: float = 1.0
    session_id: str | None = None


@dataclass(frozen=True)
class Scene:
    """When a story plays, and how it ends: `decided_at` and `option` are None while it is open."""

    dice: Random
    number: int
    at: datetime
    decided_at: datetime | None
    option: str | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.decided_at is None

    def before(self, most_days: float) -> datetime:
        """A moment up to so many days before the story begins."""
        return self.at - timedelta(days=self.dice.uniform(0.02, most_days))

    def key(self, letter: str) -> str:
        """The external reference of this story's record."""
        return f"demo-{letter}-{self.number}"


def customers(dice: Random, base: datetime) -> list[Row]:
    """Everybody who buys, with addresses and numbers that belong to nobody."""
    return [_customer(dice, number, base) for number in range(CUSTOMERS)]


def _customer(dice: Random, number: int, base: datetime) -> Row:
    first, last = dice.choice(wording.FIRST_NAMES), dice.choice(wording.LAST_NAMES)
    values = {
        "name": f"{first} {last}",
        "email": f"{first}.{last}{number}@example.com".lower(),
        "mobile": phone(dice),
        "tier": dice.choices(("standard", "plus", "premium"), (70, 20, 10))[0],
        "created_at": base - timedelta(days=dice.uniform(95, 900)),
    }
    return Row(Ref("customers", f"demo-customer-{number}"), values)


def some_customer(dice: Random) -> Ref:
    """One of them; a few come back again and again."""
    return Ref("customers", f"demo-customer-{min(dice.randrange(CUSTOMERS), dice.randrange(CUSTOMERS))}")


def phone(dice: Random) -> str:
    """A number of the range that is kept for stories."""
    return f"{dice.choice((201, 303, 415, 512, 617, 702, 808, 919))}55501{dice.randrange(100):02d}"


def booking(scene: Scene, **values: Any) -> Row:
    """A booking, by default confirmed and paid, for a service within the weeks after the story."""
    service = scene.dice.choice(tuple(wording.SERVICES))
    amount = round(wording.SERVICES[service] * scene.dice.uniform(0.8, 1.6), 2)
    usual = {
        "customer_id": some_customer(scene.dice),
        "service": service,
        "status": "confirmed",
        "payment_status": "paid",
        "amount": amount,
        "scheduled_at": scene.at + timedelta(hours=scene.dice.uniform(6, 500)),
        "session_id": f"session-{scene.number:05d}",
        "created_at": scene.before(12),
    }
    return Row(Ref("bookings", scene.key("booking")), usual | values)


def payment(about: Row, status: str, failure: str | None = None) -> Row:
    """One attempt to take the money of a booking."""
    values = {
        "booking_id": about.ref,
        "status": status,
        "amount": about.values["amount"],
        "failure_reason": failure,
        "created_at": about.values["created_at"],
    }
    return Row(Ref("payments", f"{about.ref.key}-payment"), values)


def provider(scene: Scene, letter: str = "provider", **values: Any) -> Row:
    """An organisation that treats people."""
    dice = scene.dice
    city, state, postal_code = dice.choice(wording.PLACES)
    usual = {
        "npi": npi(dice),
        "organisation": f"{dice.choice(wording.LAST_NAMES)} {dice.choice(wording.PRACTICES)}",
        "taxonomy": dice.choice(wording.TAXONOMIES),
        "phone": phone(dice),
        "address_line1": f"{dice.randrange(1, 999)} {dice.choice(wording.STREETS)}",
        "city": city,
        "state": state,
        "postal_code": postal_code,
        "country": "US",
        "source": "demo",
        "created_at": scene.before(300),
    }
    return Row(Ref("individual_providers", scene.key(letter)), usual | values)


def npi(dice: Random) -> str:
    """A well-formed National Provider Identifier: nine digits and the check digit over 80840 and them."""
    digits = f"{dice.randrange(100_000_000, 200_000_000)}"
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    total = 24 + sum(number - 9 if number > 9 else number for number in doubled)
    return f"{digits}{-total % 10}"
