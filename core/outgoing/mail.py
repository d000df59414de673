"""Sending one message through the mail server: at its checked address, encrypted, once, and not for long."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from time import monotonic

from core import clock
from core.errors import Invalid, Unavailable
from core.outgoing.addresses import Place, Refused
from core.outgoing.sending import DEADLINE_SECONDS, NoAnswer, addresses, cut_off, is_internal
from core.pii import cut, scrub
from core.settings import settings
from core.text import is_mail_address, is_text

SUBJECT_LENGTH = 200
NOT_CONFIGURED = "No mail server is configured (SMTP_HOST and SMTP_FROM), so nothing can be sent."


@dataclass(frozen=True)
class Letter:
    """What is written to somebody: a subject in one line, the text, and the same as HTML where there is one."""

    subject: str
    text: str
    html: str | None = None

    def __post_init__(self) -> None:
        """Raises Invalid for what cannot be a message."""
        if not self.subject.isprintable() or not 0 < len(self.subject) <= SUBJECT_LENGTH:
            raise Invalid("subject", f"is one line of at most {SUBJECT_LENGTH} characters")
        if not self.text.strip() or not is_text(self.text + (self.html or "")):
            raise Invalid("text", "is not empty, and free of characters that are no text")


def is_configured() -> bool:
    """Whether mail can be sent at all."""
    return bool(settings().smtp_host and settings().smtp_from)


def send_mail(letter: Letter, to: str, key: str, *, deadline: float = DEADLINE_SECONDS) -> str:
    """Hand one message to the mail server and return its Message-ID, which is the same for the same `key`.

    Raises Refused when it will never be taken; Unavailable or NoAnswer when another attempt may succeed, one that
    broke off after the message was handed over included.
    """
    until, place = monotonic() + deadline, _server()
    message = _message(letter, to, key)
    for number in addresses(place, until):
        try:
            wire = socket.create_connection((number, place.port), max(0.1, until - monotonic()))
        except OSError:
            continue
        _exchange(wire, place.host, message, until)
        return str(message["Message-ID"])
    raise NoAnswer("The mail server cannot be reached.")


def _server() -> Place:
    """The mail server as it is configured."""
    known = settings()
    if not is_configured() or known.smtp_host is None:
        raise Unavailable(NOT_CONFIGURED)
    place = Place("smtp", known.smtp_host.lower(), known.smtp_port, "/")
    if known.smtp_security == "none" and not is_internal(place):
        raise Refused("The mail server is not on our own network, and is spoken to encrypted only (SMTP_SECURITY).")
    return place


def _message(letter: Letter, to: str, key: str) -> EmailMessage:
    if not is_mail_address(to):
        raise Refused("There is no e-mail address that a message could be sent to.")
    name, sender = parseaddr(settings().smtp_from or "")
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(clock.now())
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = letter.subject
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message


class _Session(smtplib.SMTP):
    """A mail session over a connection that was made to a checked address; `host` counts for the certificate."""

    def __init__(self, wire: socket.socket, host: str, known_as: str) -> None:
        super().__init__(local_hostname=known_as)
        self._wire = self.sock = wire
        self._host = host  # the library's own name for what STARTTLS is to prove

    def begin(self) -> None:
        """Greet, encrypt and sign in, as configured."""
        known, context = settings(), ssl.create_default_context()
        if known.smtp_security == "tls":
            self.sock = context.wrap_socket(self._wire, server_hostname=self._host)
        code, said = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        if known.smtp_security == "starttls":
            self.starttls(context=context)
        if known.smtp_user and known.smtp_password:
            self.login(known.smtp_user, known.smtp_password.get_secret_value())


def _exchange(wire: socket.socket, host: str, message: EmailMessage, until: float) -> None:
    session = _Session(wire, host, str(message["Message-ID"]).rstrip(">").rpartition("@")[2])
    try:
        with cut_off(wire, until):
            session.begin()
            session.send_message(message)
            with suppress(OSError):  # it has the message: what comes now changes nothing
                session.putcmd("quit")
    except smtplib.SMTPRecipientsRefused as error:
        raise _turned_down(*next(iter(error.recipients.values()))) from None
    except smtplib.SMTPResponseException as error:
        raise _turned_down(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise NoAnswer("The mail server does not offer the encryption or the sign-in that is configured.") from None
    except ssl.SSLCertVerificationError:
        raise NoAnswer("The mail server's certificate is not valid for its name.") from None
    except (OSError, ValueError) as error:
        raise NoAnswer("The mail server broke off without an answer.") from error
    finally:
        session.close()


def _turned_down(code: int, said: bytes | str) -> Refused | NoAnswer:
    """What a refusal means: 5xx is for good, anything else may pass. Addresses in its words are masked."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    told = f"The mail server answered {code} {cut(scrub(' '.join(words.split())), 200)}".strip()
    return Refused(told) if 500 <= code < 600 else NoAnswer(told)
