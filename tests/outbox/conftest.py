"""The storage and the mail server of the tests, allowed by name as an operator would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.settings import settings
from tests.outbox.postbox import Postbox, receiving
from tests.outbox.storage import Storage, listening


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A storage that may be sent to, with a token."""
    with listening() as made:
        monkeypatch.setenv("BLOB_HOSTS", made.host)
        monkeypatch.setenv("OPSDESK_INTERNAL_HOSTS", made.host)
        monkeypatch.setenv("BLOB_READ_WRITE_TOKEN", "blob-token")
        settings.cache_clear()
        yield made
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """A mail server on our own network, spoken to in plain."""
    with receiving() as made:
        for name, value in {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(made.port),
            "SMTP_FROM": "Opsdesk <opsdesk@opsdesk.test>",
            "SMTP_SECURITY": "none",
            "OPSDESK_INTERNAL_HOSTS": made.host,
        }.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        yield made
    monkeypatch.undo()
    settings.cache_clear()
