"""Figures in words: counts, shares, hours, money and change, with a dash where there is nothing to tell."""

from __future__ import annotations

from decimal import Decimal

NOTHING = "–"


def number(value: float | None) -> str:
    """A count: "1,240"."""
    return NOTHING if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share in percent: "97.2 %"."""
    return NOTHING if value is None else f"{value:,.1f} %"


def hours(value: float | None) -> str:
    """A time in hours: "3.4 h"."""
    return NOTHING if value is None else f"{value:,.1f} h"


def money(value: Decimal | None) -> str:
    """An amount, from ten thousand on without its cents: "1,240.00", "206,512"."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.2f}"


def change(value: float | None) -> str | None:
    """Growth in percent with its sign, for beside a figure; None where there is nothing to compare with."""
    return None if value is None else f"{value:+,.1f} %"
