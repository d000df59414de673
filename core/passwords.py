"""Passwords: which are accepted, how they are hashed, and checking one in the same time whoever it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from functools import cache
from pathlib import Path

from core import authenticator
from core.errors import Invalid

SHORTEST, LONGEST = 12, 1024
_COMMON = Path(__file__).with_name("data") / "common_passwords.txt"
_LOOKALIKES = str.maketrans("@4831!0$57", "aabeiiosst")
_CLEAR_TO_READ = "abcdefghjkmnpqrstuvwxyz23456789"
_NOBODYS = "$2b$12$16ISmjfL/r2l0dYaK1bibuUh5UrxK7eFXUavoLQxTaQj6bFOuFcC."
"""A well-formed hash that no password agrees with, checked for names that nobody has."""


def hash_password(password: str) -> str:
    """What to store of a password; any length and any letters."""
    return authenticator.hashed(_digest(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one behind `stored`. With None, as for an unknown name, False after the same time."""
    try:
        digest = _digest(password)
    except UnicodeEncodeError:
        digest, stored = "", None
    return authenticator.agrees(digest, stored or _NOBODYS) and stored is not None


def refuse_weak(password: str, *own_names: str) -> None:
    """Raise Invalid, saying what is allowed, for a password that would be guessed; `own_names` are the person's."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("password", f"has between {SHORTEST} and {LONGEST} characters")
    if not _is_text(password):
        raise Invalid("password", "is made of characters that can be typed")
    folded = password.casefold()
    if any(name in folded for name in _parts(own_names)):
        raise Invalid("password", "does not contain your own name")
    if _is_common(folded):
        raise Invalid("password", "is not one of the common ones that are tried first")


def random_password() -> str:
    """A password to be typed once from a screen: 20 letters and digits in four groups, 99 bits of chance."""
    letters = [secrets.choice(_CLEAR_TO_READ) for _ in range(20)]
    return "-".join("".join(letters[start : start + 5]) for start in range(0, 20, 5))


def _digest(password: str) -> str:
    """44 characters that stand for a password of any length: bcrypt reads 72 bytes and stops at a NUL.

    Keyed with our name, so that plain SHA-256 digests leaked elsewhere are of no use here.
    """
    composed = unicodedata.normalize("NFKC", password).encode()
    return base64.b64encode(hmac.digest(b"opsdesk password", composed, hashlib.sha256)).decode()


def _is_text(password: str) -> bool:
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in password)


def _parts(names: tuple[str, ...]) -> set[str]:
    words = re.split(r"[\s@.,_+-]+", " ".join(names).casefold())
    return {word for word in words if len(word) > 3}


def _is_common(folded: str) -> bool:
    """Listed; or a listed word with look-alikes, digits and signs added; or a few characters over and over."""
    plain = re.sub(r"[\W\d_]+$", "", folded).translate(_LOOKALIKES)
    words = {folded, plain, plain.strip("0123456789"), re.sub(r"[\W\d_]+", "", folded)}
    return bool(words & _common()) or _repeats(folded) or _runs(folded)


def _repeats(folded: str) -> bool:
    return any(folded == (folded[:unit] * len(folded))[: len(folded)] for unit in range(1, 5))


def _runs(folded: str) -> bool:
    """A stretch of the alphabet, the digits or the keyboard, there or back."""
    rows = (
        "abcdefghijklmnopqrstuvwxyz" * 2,
        "01234567890" * 4,
        "qwertyuiopasdfghjklzxcvbnm" * 2,
        "1qaz2wsx3edc4rfv5tgb6yhn",
    )
    return any(folded in row or folded in row[::-1] for row in rows)


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())
