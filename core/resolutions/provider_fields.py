"""The fields of a provider record that a reviewer may fill in, and what each of them accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers

from core.errors import Invalid
from core.resolutions.npi import is_npi

LABELS = {
    "npi": "NPI",
    "first_name": "First name",
    "last_name": "Last name",
    "organisation": "Organisation",
    "taxonomy": "Taxonomy",
    "phone": "Phone",
    "fax": "Fax",
    "address_line1": "Address",
    "address_line2": "Address, second line",
    "city": "City",
    "state": "State",
    "postal_code": "Postcode",
    "country": "Country",
}
HINTS = {
    "npi": "Ten digits; the last one is checked.",
    "phone": "With its country code, or as it is dialled in the record's country.",
    "fax": "With its country code, or as it is dialled in the record's country.",
    "postal_code": "As it is written in the record's country.",
    "country": "Two letters, such as US.",
}
HOME = "US"
_POSTCODES = {
    "US": r"\d{5}(-?\d{4})?",
    "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "DE": r"\d{5}",
    "FR": r"\d{5}",
}
_ANY_POSTCODE = r"[A-Z\d][A-Z\d -]{1,9}"


def checked_fields(record: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """What was filled in for `record`, each field as it is kept. Raises Invalid naming the first that does not fit."""
    country = _country("country", given["country"]) if "country" in given else _country_of(record)
    return {field: _CHECKS.get(field, _line)(field, value.strip(), country) for field, value in given.items()}


def _country_of(record: Mapping[str, Any]) -> str:
    said = str(record.get("country") or HOME).strip().upper()
    return said if said in phonenumbers.SUPPORTED_REGIONS else HOME


def _country(field: str, value: str, _country: str = HOME) -> str:
    if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(field, "is the two letters of a country, such as US")
    return value.upper()


def _npi(field: str, value: str, _country: str) -> str:
    if not is_npi(value):
        raise Invalid(field, "is ten digits of which the last is the check digit, and this is none")
    return value


def _phone(field: str, value: str, country: str) -> str:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise Invalid(field, f"is a telephone number that exists in {country}, or begins with + and its country code")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _postcode(field: str, value: str, country: str) -> str:
    if not re.fullmatch(_POSTCODES.get(country, _ANY_POSTCODE), value.upper(), re.ASCII):
        raise Invalid(field, f"is a postcode as it is written in {country}")
    return value.upper()


def _line(field: str, value: str, _country: str) -> str:
    if len(value) > 200 or "\n" in value:
        raise Invalid(field, "is one line of at most 200 characters")
    return value


_CHECKS: dict[str, Callable[[str, str, str], str]] = {
    "npi": _npi,
    "phone": _phone,
    "fax": _phone,
    "postal_code": _postcode,
    "country": _country,
}
