"""What cannot be true of a provider record: identifiers that are none, placeholders, numbers that nobody has."""

from __future__ import annotations

import re

from core.intake.drafts import Problem
from core.intake.forms import ProviderForm
from core.resolutions.npi import is_npi

_PLACEHOLDERS = {"n/a", "na", "none", "null", "unknown", "unk", "test", "-", "()-"}
_INVENTED_PHONES = {"5558675309", "1231231234", "1234567890"}


def problems(form: ProviderForm) -> tuple[Problem, ...]:
    """What is impossible in this record, field by field."""
    found = (("npi", _npi(form.npi)), ("phone", _phone(form.phone)), ("postal_code", _placeholder(form.postal_code)))
    return tuple(Problem((field,), words) for field, words in found if words)


def _placeholder(said: str | None) -> str | None:
    """Words that stand for nothing, and digits that are all the same."""
    if said is None:
        return None
    digits = re.sub(r"\D", "", said)
    repeated = len(digits) > 2 and len(set(digits)) == 1
    return f"{said} is a placeholder" if said.lower() in _PLACEHOLDERS or repeated else None


def _npi(said: str | None) -> str | None:
    if said is None or is_npi(said):
        return None
    return _placeholder(said) or "is no NPI: ten digits, the last of which checks the others"


def _phone(said: str | None) -> str | None:
    if said is None:
        return None
    digits = re.sub(r"\D", "", said)
    invented = digits in _INVENTED_PHONES or not digits
    return _placeholder(said) or ("is no telephone number that anybody has" if invented else None)
