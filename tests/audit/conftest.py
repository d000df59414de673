"""A log with something in it, sealed and anchored; keys and anchors never left over from another test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from core import anchors, keys, looking
from tests.audit.logs import anchored, sealed, written
from tests.cast import Cast


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    looking.forget()
    yield
    shutil.rmtree(anchors.path().parent, ignore_errors=True)
    shutil.rmtree(keys.key_file("audit").parent, ignore_errors=True)


@pytest.fixture
def log(cast: Cast) -> Cast:
    """About sixty rows with gaps among their numbers, under four seals, each seal anchored."""
    for _ in range(4):
        written(cast.senior, 15, undone=2)
        sealed()
        anchored()
    return cast
