"""Personal data: each kind's mask, values that never print themselves, and the lens of a principal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

MASK = "****"
MESSAGE_LENGTH = 100

_EMAIL = re.compile(r"[^\s@<>()\",;:]+@[^\s@<>()\",;:]+\.[^\s@<>()\",;:]{2,}")
_MOMENT = (
    r"(?<!\d)[12]\d{3}-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?(?!\d)"
)
_PHONE = re.compile(rf"({_MOMENT})|(?<![\w])\+?\(?\d(?:[\s().\-/]{{0,2}}\d){{6,14}}(?!\w)")
_SECRET_QUERY = re.compile(r"(https?://[^\s?#]+)\?[^\s#]*")
_MOBILE = re.compile(r"\d{10}")
_PLAIN_EMAIL = re.compile(r"[a-z0-9._%+\-]{3,}@[a-z0-9.\-]+\.[a-z]{2,}", re.IGNORECASE)


class Kind(StrEnum):
    """What sort of personal value it is, which decides what its mask may show."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    MESSAGE = "message"
    OTHER = "other"


PERSONAL_FIELDS: dict[str, Kind] = {
    "name": Kind.NAME,
    "full_name": Kind.NAME,
    "customer_name": Kind.NAME,
    "first_name": Kind.NAME,
    "last_name": Kind.NAME,
    "user_name": Kind.NAME,
    "contact_name": Kind.NAME,
    "email": Kind.EMAIL,
    "customer_email": Kind.EMAIL,
    "mobile": Kind.PHONE,
    "phone": Kind.PHONE,
    "customer_mobile": Kind.PHONE,
    "fax": Kind.PHONE,
    "address": Kind.OTHER,
    "address_line1": Kind.OTHER,
    "address_line2": Kind.OTHER,
    "postal_code": Kind.OTHER,
    "date_of_birth": Kind.OTHER,
    "message": Kind.MESSAGE,
    "description": Kind.MESSAGE,
    "appeal_message": Kind.MESSAGE,
    "appeal": Kind.MESSAGE,
    "user_id": Kind.OTHER,
}


def mask(kind: Kind, value: object) -> str:
    """`value` with only what its kind may give away; odd, short and foreign values give nothing."""
    text = str(value)
    if not text:
        return ""
    if kind is Kind.MESSAGE:
        return cut(scrub(text))
    if len(text) < 8:
        return MASK
    return _MASKS[kind](text)


def _mask_phone(text: str) -> str:
    return f"{text[:2]}{MASK}{text[-4:]}" if _MOBILE.fullmatch(text) else MASK


def _mask_email(text: str) -> str:
    if not _PLAIN_EMAIL.fullmatch(text):
        return MASK
    local, _, domain = text.partition("@")
    return f"{local[0]}***@{domain}"


def _mask_name(text: str) -> str:
    words = text.split()
    plain = len(words) == 2 and all(word.isalpha() and word.isascii() for word in words)
    return f"{words[0]} {words[1][0]}." if plain else MASK


_MASKS: dict[Kind, Callable[[str], str]] = {
    Kind.PHONE: _mask_phone,
    Kind.EMAIL: _mask_email,
    Kind.NAME: _mask_name,
    Kind.OTHER: lambda _: MASK,
}


def scrub(text: str) -> str:
    """Free text with e-mail addresses, phone numbers and the query part of links taken out; dates stay."""
    text = _SECRET_QUERY.sub(r"\1?" + MASK, text)
    return _PHONE.sub(lambda found: found[1] or MASK, _EMAIL.sub(MASK, text))


def cut(text: str, length: int = MESSAGE_LENGTH) -> str:
    """The first `length` characters, with a mark where something was left out."""
    return text if len(text) <= length else text[: length - 1] + "…"


class Personal:
    """A personal value that shows its mask wherever it is printed; only `pii.uncover` gives the value itself."""

    __slots__ = ("_value", "kind")

    def __init__(self, kind: Kind, value: str) -> None:
        self.kind = kind
        self._value = value

    def __str__(self) -> str:
        return mask(self.kind, self._value)

    def __repr__(self) -> str:
        return f"<{self.kind} {self}>"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and (self.kind, self._value) == (other.kind, other._value)

    def __hash__(self) -> int:
        return hash((self.kind, self._value))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Personal, (self.kind, str(self)))

    def __iter__(self) -> NoReturn:
        raise TypeError("a personal value does not unpack")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema(serialization=core_schema.plain_serializer_function_ser_schema(str))


def uncover(value: Personal) -> str:
    """The value itself. Only `Lens`, intake and effects call this; a test keeps the list of callers."""
    return value._value


class PersonalText(TypeDecorator[Personal]):
    """A text column whose values load as `Personal`; plain strings may be written to it."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Personal | str | None, _dialect: Dialect) -> str | None:
        """What goes to the database: the value itself."""
        return uncover(value) if isinstance(value, Personal) else value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Personal | None:
        """What comes back: masked wherever it is printed."""
        return None if value is None else Personal(self.kind, value)


@dataclass(frozen=True)
class Lens:
    """How one principal sees personal data: in clear with `ops.full_access`, masked without."""

    clear: bool

    def value(self, given: Personal | None) -> str | None:
        """A personal value as this principal may see it."""
        if given is None:
            return None
        return uncover(given) if self.clear else str(given)

    def text(self, given: str | None) -> str | None:
        """Free text (titles, reasons, notes), scrubbed of addresses and numbers unless in clear."""
        return given if given is None or self.clear else scrub(given)

    def document(self, given: Any, field: str | None = None) -> Any:
        """A JSON document with each personal field masked and all other text scrubbed."""
        if self.clear or given is None:
            return given
        if isinstance(given, dict):
            return {key: self.document(inner, key) for key, inner in given.items()}
        if isinstance(given, list):
            return [self.document(inner, field) for inner in given]
        if field in PERSONAL_FIELDS:
            return mask(PERSONAL_FIELDS[field], given)
        # A moment's digits look like a telephone number, and are none.
        return scrub(given) if isinstance(given, str) else given
