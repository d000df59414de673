"""Checking what a reviewer filled in for an option, before the option is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from core.clock import checked_moment
from core.errors import Invalid
from core.resolutions.declaring import Parameter
from core.resolutions.effects import number_of
from core.text import checked_text

TEXT_LENGTH = 4000


def checked(label: str, asked: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in for what the option `label` asks, each in its type.

    Raises Invalid naming the one that is missing, unknown or unfit.
    """
    unknown = set(given) - {wanted.name for wanted in asked}
    if unknown:
        raise Invalid(sorted(unknown)[0], f"is not asked for by {label.lower()}")
    return {
        wanted.name: _CHECKS[wanted.widget](wanted, given[wanted.name])
        for wanted in asked
        if _is_given(wanted, given.get(wanted.name))
    }


def _is_given(wanted: Parameter, value: Any) -> bool:
    if value is None or (isinstance(value, str) and not value.strip()):
        if wanted.required:
            raise Invalid(wanted.name, "is needed")
        return False
    return True


def _text(wanted: Parameter, value: Any) -> str:
    return checked_text(wanted.name, str(value), TEXT_LENGTH)


def _number(wanted: Parameter, value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0 or number >= Decimal("1e12"):
        raise Invalid(wanted.name, "is a number from 0 up")
    return number


def _moment(wanted: Parameter, value: Any) -> datetime:
    return checked_moment(wanted.name, value if isinstance(value, datetime) else str(value))


def _choice(wanted: Parameter, value: Any) -> str:
    if str(value) not in wanted.choices:
        raise Invalid(wanted.name, f"is one of {', '.join(wanted.choices)}")
    return str(value)


def _key(wanted: Parameter, value: Any) -> int:
    number = number_of(value)
    if number is None:
        raise Invalid(wanted.name, "is the number of a record")
    return number


_CHECKS: dict[str, Callable[[Parameter, Any], Any]] = {
    "text": _text,
    "long_text": _text,
    "number": _number,
    "date_time": _moment,
    "choice": _choice,
    "staff": _key,
    "record": _key,
}
