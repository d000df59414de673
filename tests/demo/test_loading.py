"""Loading the demo: it goes on where it was cut off, and nothing of it enters anybody's own database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core import demo
from core.demonstration import playing
from core.demonstration.planning import stories
from core.people import create_staff
from core.permissions import Role, process
from core.settings import settings
from core.uow import perform
from tests.intake.shared import one, rows

ITEMS = 320
FILE = "demo-accounts.json"


@pytest.fixture
def small(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A demo of a few hundred items; where its passwords are kept."""
    monkeypatch.setattr(demo, "ITEMS", ITEMS)
    path = settings().data_dir / FILE
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_a_loading_that_was_cut_off_goes_on(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = iter(range(150))
    play = playing._do

    def until_the_lights_go_out(*given: Any) -> None:
        if next(hours, None) is None:
            raise KeyboardInterrupt
        play(*given)

    monkeypatch.setattr(playing, "_do", until_the_lights_go_out)
    with pytest.raises(KeyboardInterrupt):
        demo.load_if_empty()
    monkeypatch.setattr(playing, "_do", play)
    assert 0 < one("SELECT count(*) FROM work_items") < ITEMS
    assert json.loads(small.read_text())["loaded"] is False
    assert len(demo.load_if_empty()) == 8
    assert one("SELECT count(*) FROM work_items") == ITEMS
    twice = "SELECT item_id FROM work_actions WHERE kind IN ('OPEN', 'CLAIM', 'ESCALATE') GROUP BY item_id, kind"
    assert rows(f"{twice} HAVING count(*) > 1") == []


def test_somebodys_own_database_is_left_alone(small: Path) -> None:
    perform(process("cli", "test"), create_staff, "boss", "Somebody Else", Role.ADMIN)
    assert demo.load_if_empty() == []
    assert (one("SELECT count(*) FROM staff"), one("SELECT count(*) FROM customers")) == (1, 0)
    assert not small.exists()


def test_the_same_stories_every_time(server: None) -> None:
    base = datetime(2026, 3, 11, 12, tzinfo=UTC)
    assert stories(Random(playing.SEED), base, 50) == stories(Random(playing.SEED), base, 50)
