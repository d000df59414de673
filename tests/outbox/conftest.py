"""The storage and the mail server of the tests, allowed by name as an operator would."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TypeVar

import pytest

from core.settings import settings
from tests.outbox.payments import Provider
from tests.outbox.postbox import Postbox, receiving
from tests.outbox.storage import Storage, listening, serving

T = TypeVar("T")


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A storage that may be sent to, with a token."""
    with listening() as made:
        names = {"BLOB_HOSTS": made.host, "BLOB_READ_WRITE_TOKEN": "blob-token"}
        yield from _known(monkeypatch, made, made.host, names)


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """A mail server on our own network, spoken to in plain."""
    with receiving() as made:
        names = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(made.port),
            "SMTP_FROM": "Opsdesk <opsdesk@opsdesk.test>",
            "SMTP_SECURITY": "none",
        }
        yield from _known(monkeypatch, made, made.host, names)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A payment provider on our own network, with a token."""
    with serving(Provider()) as made:
        names = {"PAYMENT_CHECK_URL": made.url("payments/{reference}"), "PAYMENT_CHECK_TOKEN": "pay-token"}
        yield from _known(monkeypatch, made, made.host, names)


def _known(monkeypatch: pytest.MonkeyPatch, made: T, host: str, names: Mapping[str, str]) -> Iterator[T]:
    """What was made, while the settings name it and allow it by name, beside whatever else they allow."""
    allowed = [host, *os.environ.get("OPSDESK_INTERNAL_HOSTS", "").split(",")]
    for name, value in {**names, "OPSDESK_INTERNAL_HOSTS": ",".join(allowed)}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield made
    monkeypatch.undo()
    settings.cache_clear()
