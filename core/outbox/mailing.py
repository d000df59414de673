"""Mail as an effect: posted in the transaction that causes it, addressed when it is sent, so that no copy is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.errors import Invalid
from core.outbox.kinds import Entry, Kind, Verdict, declare_kind
from core.outbox.posting import post
from core.outgoing.addresses import Refused
from core.outgoing.mail import Letter, is_configured, send_mail
from core.permissions import Permission, process, requires
from core.text import is_mail_address
from core.uow import UnitOfWork, perform

MAIL = "mail"
_HOLDERS = {"customer": "customers", "staff": "staff"}


@dataclass(frozen=True)
class To:
    """Whom a message goes to: a customer or a member of staff by their number, or an address that is no person's."""

    customer: int | None = None
    staff: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        """Raises Invalid unless it is exactly one of them."""
        if sum(given is not None for given in (self.customer, self.staff, self.address)) != 1:
            raise Invalid("to", "is a customer, a member of staff, or an address")
        if self.address is not None and not is_mail_address(self.address):
            raise Invalid("to", "is an e-mail address")


def post_mail(uow: UnitOfWork, to: To, letter: Letter, key: str, *, due_at: datetime | None = None) -> bool:
    """Have a message sent at `due_at`, else when the undo window has closed. One message is for one recipient.

    Returns whether it is new; False too, with nothing posted, where no mail server is configured. `key` names the
    message for good: every attempt carries the Message-ID that is made from it.
    """
    return is_configured() and post(uow, MAIL, mail(to, letter), key, due_at=due_at)


def mail(to: To, letter: Letter) -> dict[str, Any]:
    """What the outbox keeps of a message until it is sent."""
    whom = {name: given for name, given in asdict(to).items() if given is not None}
    return {"to": whom, "letter": asdict(letter)}


def send(entry: Entry) -> Verdict:
    """Hand the message to the mail server, at the address that its recipient has now."""
    whom = entry.payload["to"]
    address = whom.get("address") or perform(process("job", "deliver_outbox"), address_of, To(**whom))
    number = send_mail(Letter(**entry.payload["letter"]), address, entry.key)
    return Verdict(True, "It was handed to the mail server.", outcome={"message_id": number})


@requires(Permission.OPS_ADMIN, leaves="mail.addressed")
def address_of(uow: UnitOfWork, to: To) -> str:
    """The e-mail address of a customer or a member of staff, to write to. Raises Refused when there is none."""
    kind = "customer" if to.customer is not None else "staff"
    number = to.customer if to.customer is not None else to.staff
    query = f"SELECT email FROM {_HOLDERS[kind]} WHERE id = :id"
    found = uow.execute(query, {"id": number}).scalar_one_or_none()
    uow.record("mail.addressed", kind, number, pii=True)
    if not found:
        raise Refused(f"There is no e-mail address for {kind} {number}.")
    return str(found).strip()


declare_kind(Kind(MAIL, send, is_patient=True))
