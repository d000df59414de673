"""Mail: what is sent, what the mail server's answers mean, and that a repeat is known as one."""

from __future__ import annotations

import base64
import ssl
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import clock
from core.errors import Invalid, OpsError, Unavailable
from core.outbox import delivering
from core.outbox.mailing import To, post_mail
from core.outgoing.addresses import Refused
from core.outgoing.mail import Letter, is_configured, send_mail
from core.outgoing.sending import NoAnswer
from core.settings import Settings, settings
from core.uow import perform
from tests.builders import count, rows
from tests.cast import NOON, Cast
from tests.outbox.postbox import Postbox, receiving
from tests.outbox.test_delivering import JOB, deliver, entry
from tests.resolutions import records as r

LETTER = Letter("Your booking", "Dear Jane,\n.\nall is well. Grüße", "<p>Grüße</p>")


def posted(to: To, letter: Letter = LETTER, key: str = "letter-1") -> bool:
    return perform(JOB, lambda uow: post_mail(uow, to, letter, key, due_at=uow.now))


def test_a_message_arrives_whole(postbox: Postbox) -> None:
    number = send_mail(LETTER, "jane@example.com", "key-1")
    (got,) = postbox.got
    assert (got["To"], got["From"], got["Subject"]) == (
        "jane@example.com",
        "Opsdesk <opsdesk@opsdesk.test>",
        "Your booking",
    )
    plain, html = got.iter_parts()
    assert plain.get_content().splitlines() == LETTER.text.splitlines()
    assert "<p>Grüße</p>" in html.get_content()
    assert got["Message-ID"] == number
    assert number.endswith("@opsdesk.test>")


def test_one_key_is_one_message_id(postbox: Postbox) -> None:
    first, again, other = (send_mail(LETTER, "jane@example.com", key) for key in ("a", "a", "b"))
    assert first == again != other


@pytest.mark.parametrize("who", ["451", "452d", "drop"])
def test_what_may_pass_is_tried_again(postbox: Postbox, who: str) -> None:
    with pytest.raises(NoAnswer):
        send_mail(LETTER, f"{who}@example.com", "k")


@pytest.mark.parametrize("who", ["550", "554d"])
def test_what_is_refused_for_good_is_not(postbox: Postbox, who: str) -> None:
    with pytest.raises(Refused, match=f"answered {who[:3]}") as refused:
        send_mail(LETTER, f"{who}@example.com", "k")
    assert "jane" not in refused.value.sentence


@pytest.mark.parametrize("who", ["never", "slowly"])
def test_no_mail_server_keeps_us_waiting(postbox: Postbox, who: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="in time"):
        send_mail(LETTER, f"{who}@example.com", "k", deadline=0.5)
    assert time.monotonic() - began < 2


def test_a_mail_server_that_is_down_may_come_back(postbox: Postbox) -> None:
    postbox.shutdown()
    postbox.server_close()
    with pytest.raises(NoAnswer, match="cannot be reached"):
        send_mail(LETTER, "jane@example.com", "k", deadline=2)


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.test", "a\nb", "a\rb", "a\x00", "a\u2028b", "", "x" * 201])
def test_no_subject_brings_a_header_along(subject: str) -> None:
    with pytest.raises(Invalid, match="subject"):
        Letter(subject, "text")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "a@b.test\r\nBcc: c@d.test",
        "a@b.test, c@d.test",
        "a b@c.test",
        "<a@b.test>",
        "a@b@c.test",
        "ä@b.test",
    ],
)
def test_no_address_is_two(postbox: Postbox, address: str) -> None:
    with pytest.raises(Refused):
        send_mail(LETTER, address, "k")
    with pytest.raises(Invalid):
        To(address=address)
    assert postbox.got == []


@pytest.mark.parametrize(("sender", "is_one"), [("a@b.test", True), ("Us <a@b.test>", True), ("us", False)])
def test_whom_mail_is_from_is_an_address(sender: str, is_one: bool) -> None:
    try:
        assert Settings(SMTP_FROM=sender).smtp_from == sender
    except ValueError:
        assert not is_one
    else:
        assert is_one


def test_only_our_own_network_is_spoken_to_in_plain(postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPSDESK_INTERNAL_HOSTS")
    settings.cache_clear()
    with pytest.raises(Refused, match="encrypted only"):
        send_mail(LETTER, "jane@example.com", "k")
    monkeypatch.setenv("SMTP_SECURITY", "starttls")
    settings.cache_clear()
    with pytest.raises(Refused, match="own network"):
        send_mail(LETTER, "jane@example.com", "k")
    assert postbox.got == []


def test_encryption_that_is_not_offered_is_not_done_without(postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_SECURITY", "starttls")
    settings.cache_clear()
    with pytest.raises(NoAnswer, match="does not offer"):
        send_mail(LETTER, "jane@example.com", "k")
    assert postbox.got == []


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A mail server's own certificate for localhost, vouched for by nobody but itself."""
    secret, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.now().astimezone()
    made = (
        x509.CertificateBuilder(name, name, secret.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    known, hidden = folder / "cert.pem", folder / "key.pem"
    known.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    hidden.write_bytes(
        secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(known, hidden)
    return context, known


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_who_is_there_is_proven_before_anything_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, postbox: Postbox, security: str
) -> None:
    context, known = certificate(tmp_path)
    with receiving(context, at_once=security == "tls") as sealed:
        for name, value in {
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(sealed.port),
            "SMTP_SECURITY": security,
            "SMTP_USER": "ops",
            "SMTP_PASSWORD": "secret",
            "OPSDESK_INTERNAL_HOSTS": f"localhost:{sealed.port}",
        }.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        with pytest.raises(NoAnswer, match="certificate"):
            send_mail(LETTER, "jane@example.com", "k")
        assert (sealed.got, sealed.signed_in) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(known))
        send_mail(LETTER, "jane@example.com", "k")
        assert len(sealed.got) == 1
        assert base64.b64decode(sealed.signed_in[0]) == b"\0ops\0secret"


def test_without_a_mail_server_nothing_is_posted(database: None) -> None:
    assert not is_configured()
    assert posted(To(address="jane@example.com")) is False
    assert count("outbox") == 0
    with pytest.raises(Unavailable, match="No mail server"):
        send_mail(LETTER, "jane@example.com", "k")


def test_the_outbox_holds_no_address_and_after_sending_no_words(postbox: Postbox, cast: Cast, noon: datetime) -> None:
    key = r.customer(email="jane@example.com")
    assert posted(To(customer=key))
    assert count("outbox", "payload::text LIKE '%jane@%'") == 0
    assert deliver(NOON) == {"done": 1}
    assert [str(got["To"]) for got in postbox.got] == ["jane@example.com"]
    assert entry().payload == {"to": {"customer": key}}
    assert count("ops_audit_log", "action = 'mail.addressed' AND pii_accessed AND resource_id = :id", id=str(key)) == 1


def test_staff_are_written_to_where_they_are_now(postbox: Postbox, cast: Cast, noon: datetime) -> None:
    posted(To(staff=cast.manager.staff_id))
    deliver(NOON)
    assert [str(got["To"]) for got in postbox.got] == ["manager@opsdesk.test"]


@pytest.mark.parametrize("email", [None, "", "not an address", "jane@example.com\nBcc: x@y.test"])
def test_who_has_no_address_is_parked_and_says_so(
    postbox: Postbox, cast: Cast, noon: datetime, email: str | None
) -> None:
    posted(To(customer=r.customer(email=email)))
    assert deliver(NOON) == {"parked": 1}
    assert "no e-mail address" in entry().last_error
    assert "jane" not in entry().last_error


def test_a_mail_server_that_is_full_is_asked_again_with_the_same_message_id(
    postbox: Postbox, cast: Cast, noon: datetime
) -> None:
    posted(To(address="drop@example.com"))
    assert deliver(NOON) == {"again": 1}
    assert deliver(entry().due_at) == {"again": 1}
    assert len(postbox.got) == 2
    assert len(set(postbox.keys())) == 1


def test_a_message_that_is_refused_for_good_is_parked_with_the_reason(
    postbox: Postbox, cast: Cast, noon: datetime
) -> None:
    posted(To(address="550@example.com"))
    assert deliver(NOON) == {"parked": 1}
    assert "answered 550" in entry().last_error
    assert "jane" not in entry().last_error
    perform(cast.admin, delivering.resend, entry().id)
    assert deliver(NOON) == {"parked": 1}


def test_one_message_is_for_one_recipient() -> None:
    with pytest.raises(OpsError):
        To(customer=1, staff=2)
    with pytest.raises(OpsError):
        To()


def test_a_message_waits_out_the_undo_window(postbox: Postbox, cast: Cast, noon: datetime) -> None:
    perform(JOB, lambda uow: post_mail(uow, To(address="a@b.test"), LETTER, "k"))
    assert deliver(NOON + timedelta(seconds=9)) == {}
    with clock.frozen(NOON):
        assert rows("SELECT state FROM outbox") == [("waiting",)]
    assert deliver() == {"done": 1}
