"""The check digit of a National Provider Identifier."""

from __future__ import annotations

_PREFIX = "80840"  # every NPI is checked as a card number that begins so


def is_npi(text: str) -> bool:
    """Whether `text` is ten digits, begins with 1 or 2, and ends in the right check digit (Luhn over 80840 + NPI)."""
    if not (text.isascii() and text.isdecimal() and len(text) == 10 and text[0] in "12"):
        return False
    digits = [int(letter) for letter in reversed(_PREFIX + text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
