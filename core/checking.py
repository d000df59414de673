"""Checking what is told against a form, and saying which place of it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from core.errors import Invalid
from core.text import checked_text

F = TypeVar("F", bound=BaseModel)


def text_up_to(longest: int) -> AfterValidator:
    """For `Annotated[str, …]`: trimmed text of at most so many characters; blank is nothing."""

    def check(given: str) -> str:
        try:
            return checked_text("text", given, longest) if given.strip() else ""
        except Invalid as error:
            raise ValueError(error.reason) from None

    return AfterValidator(check)


def checked_form(form: type[F], given: Mapping[str, Any]) -> F:
    """The record that `given` tells of. Raises Invalid naming the first field that cannot be used, and why."""
    try:
        return form.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Invalid(".".join(map(str, first["loc"])) or "record", _reason(first["msg"])) from None


def _reason(message: str) -> str:
    plain = message.removeprefix("Value error, ")
    return plain[:1].lower() + plain[1:]
