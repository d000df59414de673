"""One console for each module, and people who can sign in to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.people.conftest import staffed
from tests.web.console import Console, running

__all__ = ["console", "staffed"]


@pytest.fixture(scope="module")
def console(server: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The stand-in's console, really served."""
    with running("tests.web.stand_in:app", tmp_path_factory.mktemp("console") / "log") as served:
        yield served
