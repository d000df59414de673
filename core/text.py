"""Text that people, files and programs send, as it may be kept."""

from __future__ import annotations

from core.errors import Invalid


def checked_text(field: str, text: str, longest: int) -> str:
    """Text as it may be kept: trimmed, not empty, not too long, and nothing a database or screen chokes on."""
    said = text.strip()
    if not said:
        raise Invalid(field, "cannot be empty")
    if len(said) > longest:
        raise Invalid(field, f"has at most {longest:,} characters")
    if "\x00" in said or any("\ud800" <= letter <= "\udfff" for letter in said):
        raise Invalid(field, "holds characters that are no text")
    return said
