"""The page about the item types says what the program does."""

from __future__ import annotations

from core.resolutions.declaring import shipped
from core.resolutions.describing import item_types
from core.settings import PROJECT


def test_the_item_types_are_written_down_as_they_are() -> None:
    assert (PROJECT / "docs/item-types.md").read_text() == item_types()


def test_every_type_tells_what_to_weigh_in_more_than_a_line_of_plain_text() -> None:
    for known in shipped().values():
        assert len(known.runbook.splitlines()) >= 3, known.name
        assert not set("*`[]<>|") & set(known.runbook), known.name
