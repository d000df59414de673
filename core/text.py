"""Text that people, files and programs send, as it may be kept."""

from __future__ import annotations

import re

from core.errors import Invalid

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)


def checked_text(field: str, text: str, longest: int) -> str:
    """Text as it may be kept: trimmed, not empty, not too long, and nothing a database or screen chokes on."""
    said = text.strip()
    if not said:
        raise Invalid(field, "cannot be empty")
    if len(said) > longest:
        raise Invalid(field, f"has at most {longest:,} characters")
    if not is_text(said):
        raise Invalid(field, "holds characters that are no text")
    return said


def is_text(text: str) -> bool:
    """Whether it is free of NULs and half characters."""
    return _NO_TEXT.search(text) is None


def is_mail_address(text: str) -> bool:
    """Whether a message can be addressed to it: one name at one host, nothing that a header or a mail server splits."""
    return len(text) <= 254 and _MAIL_ADDRESS.fullmatch(text) is not None
