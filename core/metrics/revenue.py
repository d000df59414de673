"""What bookings brought in: amounts paid less amounts given back, counted with the booking that they are for.

Figures are of one currency, the configured one. Other currencies stand beside it, never in a sum with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from core import config
from core.metrics.bookings import growth
from core.metrics.cycles import Period
from core.metrics.periods import Asked
from core.metrics.tally import Sum, Tally
from core.words import BookingStatus

NEEDS = ("booking",)


@dataclass(frozen=True)
class Revenue:
    """Amounts in `currency` of the bookings made in a period, as far as they are paid and not given back.

    `average_order_value` is over the `paid_bookings`; `growth_rate` in percent of `previous`. `other_currencies` has
    the total of the period for each further currency.
    """

    currency: str
    total: Decimal
    previous: Decimal | None
    by_status: Mapping[str, Decimal]
    today: Decimal
    week: Decimal
    month: Decimal
    paid_bookings: int
    average_order_value: Decimal | None
    growth_rate: float | None
    other_currencies: Mapping[str, Decimal]


def revenue(tally: Tally, asked: Asked) -> Revenue:
    """The figures of revenue."""
    currency = config.word("CURRENCY")
    by_currency = tally.by("b", "booking", asked.current)
    ours = by_currency.pop(currency, Sum())
    previous = earned(tally, asked.previous, currency) if asked.previous else None
    return Revenue(
        currency=currency,
        total=ours.amount,
        previous=previous,
        by_status=_by_status(tally, asked.current, currency),
        today=earned(tally, asked.today, currency),
        week=earned(tally, asked.week, currency),
        month=earned(tally, asked.month, currency),
        paid_bookings=ours.marked,
        average_order_value=ours.amount / ours.marked if ours.marked else None,
        growth_rate=growth(float(ours.amount), None if previous is None else float(previous)),
        other_currencies={each: found.amount for each, found in sorted(by_currency.items()) if found.count},
    )


def earned(tally: Tally, period: Period, currency: str) -> Decimal:
    """The revenue of a period in one currency."""
    return tally.by("b", "booking", period).get(currency, Sum()).amount


def _by_status(tally: Tally, period: Period, currency: str) -> dict[str, Decimal]:
    found = dict.fromkeys(map(str, BookingStatus), Decimal(0))
    for each in tally.of("booking", period):
        if each.b == currency:
            found[each.a] += each.sum.amount
    return found
