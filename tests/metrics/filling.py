"""A year of bookings and complaints, as many as one likes, in two statements."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

_SPREAD = "CAST(:now AS timestamptz) - (n + random()) * interval '365 days' / :many"
_BOOKINGS = f"""
INSERT INTO bookings (service, status, payment_status, amount, currency, created_at, external_ref)
SELECT 'x', CASE WHEN n < :many / 50 THEN (ARRAY['pending', 'confirmed', 'in_progress'])[n % 3 + 1]
        ELSE (ARRAY['completed', 'completed', 'cancelled'])[n % 3 + 1] END,
    (ARRAY['paid', 'paid', 'unpaid', 'refunded', 'failed'])[n % 5 + 1], n % 977 + 0.5, 'EUR', {_SPREAD}, 'b' || n
FROM generate_series(1, :many) n"""
_COMPLAINTS = f"""
INSERT INTO complaints (category, subject, priority, status, created_at, resolved_at, external_ref)
SELECT 'x', 'x', (ARRAY['critical', 'high', 'medium', 'low'])[n % 4 + 1],
    CASE WHEN n < :many / 50 THEN (ARRAY['open', 'in_progress', 'escalated'])[n % 3 + 1]
        ELSE (ARRAY['resolved', 'closed'])[n % 2 + 1] END,
    at, CASE WHEN n >= :many / 50 THEN at + exp(random() * 8) * interval '1 minute' END, 'c' || n
FROM (SELECT n, {_SPREAD} AS at FROM generate_series(1, :many) n) s"""


def fill(connection: Connection, many: int, now: datetime) -> None:
    """So many of each, spread over the year before `now`."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    for statement in (_BOOKINGS, _COMPLAINTS):
        connection.execute(text(statement), {"many": many, "now": now})
