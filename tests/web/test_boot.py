"""The start is refused when what safety rests on does not hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

from core.errors import OpsError
from web import boot


@pytest.fixture
def told() -> Iterator[None]:
    """Streamlit told as at a start, and as before afterwards."""
    before = PagesManager.uses_pages_directory
    boot.tell_streamlit()
    yield
    PagesManager.uses_pages_directory = before


def test_as_shipped_it_starts(told: None) -> None:
    boot.prove()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("server.trustedUserHeaders", {}),
        ("server.trustedUserHeaders", {"X-Other": "session"}),
        ("server.enableAgentApi", True),
        ("server.enableXsrfProtection", False),
        ("client.showErrorDetails", "full"),
        ("runner.postScriptGC", True),
    ],
)
def test_with_any_of_these_it_does_not(told: None, option: str, value: object) -> None:
    before = config.get_option(option)
    config.set_option(option, value)
    try:
        with pytest.raises(OpsError, match="does not start"):
            boot.prove()
    finally:
        config.set_option(option, before)


def test_nor_with_pages_that_run_by_file_name(told: None) -> None:
    PagesManager.uses_pages_directory = True
    with pytest.raises(OpsError, match="PagesManager"):
        boot.prove()
