"""A process that writes at random for a while: `python -m tests.metrics.writing SEED SECONDS`, beside others like it.

Each of its transactions makes as many bookings as complaints, so that whoever sees them differ has a torn answer.
"""

from __future__ import annotations

import random
import sys
import time

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from core import db

STATUSES = ("pending", "confirmed", "in_progress", "completed", "cancelled")
PAYMENTS = ("unpaid", "paid", "failed", "refunded")
WAYS = ("open", "in_progress", "resolved", "closed", "escalated")
PRIORITIES = ("critical", "high", "medium", "low")
PAIRS = """
WITH booked AS (
    INSERT INTO bookings (service, status, payment_status, amount, currency, created_at)
    SELECT 'x', :status, :payment, :amount, :currency, CAST(:at AS timestamptz) - n * interval '7 minutes'
    FROM generate_series(1, :many) n
)
INSERT INTO complaints (category, subject, priority, status, created_at, resolved_at)
SELECT 'x', 'x', :priority, :way, CAST(:at AS timestamptz) - n * interval '11 minutes',
    CASE WHEN :way IN ('resolved', 'closed') THEN CAST(:at AS timestamptz) END FROM generate_series(1, :many) n"""
_SOME = "id IN (SELECT id FROM {} WHERE id % 7 = :rest ORDER BY id DESC LIMIT :many)"
DEEDS = (
    PAIRS,
    PAIRS,
    f"UPDATE bookings SET status = :status, amount = :amount WHERE {_SOME.format('bookings')}",
    f"UPDATE bookings SET payment_status = :payment, currency = :currency WHERE {_SOME.format('bookings')}",
    f"UPDATE complaints SET status = :way, priority = :priority WHERE {_SOME.format('complaints')}",
    f"UPDATE complaints SET resolved_at = :at WHERE {_SOME.format('complaints')}",
    "INSERT INTO payments (booking_id, status, amount) SELECT id, :payment, :amount FROM bookings "
    f"WHERE {_SOME.format('bookings')}",
    f"UPDATE payments SET status = :payment WHERE {_SOME.format('payments')}",
    f"DELETE FROM payments WHERE {_SOME.format('payments')}",
    "WITH b AS (DELETE FROM bookings WHERE id = (SELECT id FROM bookings b WHERE NOT EXISTS (SELECT FROM payments p "
    "WHERE p.booking_id = b.id) LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id) DELETE FROM complaints WHERE id = "
    "(SELECT id FROM complaints WHERE EXISTS (SELECT FROM b) LIMIT 1 FOR UPDATE)",
)


def write(connection: Connection, dice: random.Random, deed: str | None = None) -> None:
    """One deed, a random one by default."""
    told = {
        "status": dice.choice(STATUSES),
        "payment": dice.choice(PAYMENTS),
        "amount": dice.randrange(1, 50_000) / 100,
        "currency": dice.choice(("EUR", "EUR", "USD")),
        "priority": dice.choice(PRIORITIES),
        "way": dice.choice(WAYS),
        "at": f"2026-03-{dice.randrange(1, 11):02} {dice.randrange(24):02}:{dice.randrange(60):02}+00",
        "many": dice.randrange(1, 9),
        "rest": dice.randrange(7),
    }
    connection.execute(text(deed or dice.choice(DEEDS)), told)


def main(seed: int, seconds: float) -> None:
    """Write until the time is over; what meets another in a deadlock is given up."""
    dice, until, done = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        try:
            with db.engine("app").begin() as connection:
                write(connection, dice)
            done += 1
        except OperationalError as error:
            if not db.is_passing(error):
                raise
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
