"""Writing to the customer whom an item is about: whether that can be done, what is sent, what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.errors import Conflict
from core.outbox.mailing import MAIL, To, mail
from core.outgoing.mail import NOT_CONFIGURED, SUBJECT_LENGTH, Letter, is_configured
from core.resolutions.declaring import Outside, Parameter
from core.resolutions.effects import Case
from core.resolutions.refunding import booking_of
from core.text import is_mail_address

MESSAGE = Parameter("message", "Message", "long_text", help="What the customer is told, word for word.")


def unreachable(case: Case) -> str | None:
    """Why nothing can be e-mailed to the customer, or None."""
    if not is_configured():
        return NOT_CONFIGURED
    found = _customer(case)
    if found is None:
        return "The item leads to no customer, so nothing can be sent."
    has_address = is_mail_address(str(found["email"] or "").strip())
    return None if has_address else f"Customer {found['id']} has no e-mail address, so nothing can be sent."


def reachable(case: Case) -> None:
    """Raise Conflict with the reason when nothing can be e-mailed to the customer."""
    if reason := unreachable(case):
        raise Conflict(reason)


def means(case: Case) -> str:
    """By what means the customer is answered, as things stand."""
    reason = unreachable(case)
    return f"{reason} Answer by other means, and write here what you said." if reason else "It is sent by e-mail."


def said(case: Case) -> dict[str, str]:
    """What was said, for the history."""
    return {"message": str(case.parameters["message"])}


def decided_at(case: Case) -> datetime:
    """When the decision that is under way was made."""
    return datetime.fromisoformat(case.item["resolution_metadata"]["decided_at"])


def _letter(case: Case) -> Mapping[str, Any]:
    found = _customer(case)
    assert found is not None  # or it would not have been reachable
    return mail(To(customer=found["id"]), Letter(_subject(case), said(case)["message"]))


def _customer(case: Case) -> dict[str, Any] | None:
    """The customer of the item's complaint or booking, else the one that the item itself names."""
    key = _record(case).get("customer_id") or case.item["customer_id"]
    return None if key is None else case.find("customers", int(key))


def _record(case: Case) -> Mapping[str, Any]:
    if case.item["resource_type"] == "complaint":
        return case.find("complaints", case.about("complaint")) or {} if case.item["resource_id"] else {}
    return booking_of(case) or {}


def _subject(case: Case) -> str:
    """One line: the complaint's own subject, or the service that was booked."""
    found = _record(case)
    told = f"Re: {found['subject']}" if "subject" in found else f"Your booking: {found.get('service', '')}"
    return " ".join("".join(each if each.isprintable() else " " for each in told).split())[:SUBJECT_LENGTH]


LETTER = Outside(MAIL, _letter, when=lambda case: unreachable(case) is None, tells=said)
"""The message goes to the customer by e-mail, where that can be done."""
