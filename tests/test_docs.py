"""The documents say what the program does."""

from __future__ import annotations

import re

import pytest

from core.queue.describing import lifecycle
from core.settings import PROJECT, Settings

PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]


def test_the_life_of_an_item_is_written_down_as_it_is() -> None:
    assert (PROJECT / "docs/lifecycle.md").read_text() == lifecycle()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_documents_leads_somewhere(page) -> None:  # type: ignore[no-untyped-def]
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_environment_variable_is_in_the_operators_guide() -> None:
    guide = (PROJECT / "docs/operating.md").read_text()
    missing = {field.alias for field in Settings.model_fields.values() if f"`{field.alias}`" not in guide}
    assert missing == set()
