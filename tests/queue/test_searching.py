"""Searching for words finds what one may see, and answers the same whether or not a hidden value is there."""

from __future__ import annotations

import json
import re
from random import Random

import pytest

from core.errors import Invalid
from core.permissions import process
from core.pii import scrub
from core.queue import inbox
from core.queue.filters import Filter
from core.queue.redirecting import redirect
from core.uow import perform
from tests.builders import count, opened, rows
from tests.cast import Cast

ADMIN = process("cli", "test")


def found(who: object, text: str, **filters: object) -> list[int]:
    """The numbers of the items that a search finds, smallest first."""
    page = perform(who, inbox.page, Filter(text=text, **filters))  # type: ignore[arg-type]
    return sorted(row.id for row in page.items)


@pytest.mark.parametrize(
    "text",
    ["boiler", "BOIL", "leaking boiler", "boiler leak", "12 flat", "complaint", "T-77", "t77x77", "thing 4711", "Über"],
)
def test_words_and_their_beginnings_find_items_by_title_reason_type_and_references(cast: Cast, text: str) -> None:
    wanted = opened(
        cast.admin,
        "complaint",
        title="Leaking boiler, flat 12",
        reason="Über thing; t77x77",
        resource_id=4711,
        external_ref="T-77",
    )
    opened(cast.admin, title="Something else", reason="of no matter")
    assert found(cast.viewer, text) == [wanted]


def test_a_number_finds_the_item_that_has_it_and_whatever_begins_with_it(cast: Cast) -> None:
    number = opened(cast.admin, title="Something")
    other = opened(cast.admin, title=f"About {number}0")
    assert found(cast.viewer, str(number)) == found(cast.viewer, f"#{number}") == [number, other]
    assert found(cast.viewer, f"{number} something") == []
    assert found(cast.viewer, "9" * 30) == []


def test_all_words_must_be_there_and_other_filters_hold_too(cast: Cast) -> None:
    low = opened(cast.admin, title="Broken lamp", priority="low")
    high = opened(cast.admin, title="Broken window", priority="high")
    assert found(cast.viewer, "broken") == [low, high]
    assert found(cast.viewer, "broken", priority=("high",)) == [high]
    assert found(cast.viewer, "broken lamp window") == []


HIDDEN = ["jane@example.com", "jane", "example.com", "9876543210", "987654", "98765 43210", "s3cr3t", "sig"]


@pytest.mark.parametrize("text", HIDDEN)
def test_a_hidden_value_is_found_by_nobody(cast: Cast, text: str) -> None:
    told = "Call jane@example.com on 98765 43210 or 9876543210, see https://files.test/a?sig=s3cr3t"
    opened(cast.admin, title=told, reason=told)
    assert found(cast.viewer, text) == found(cast.admin, text) == []
    assert len(found(cast.viewer, "call")) == 1


_PIECES = (
    "jane", "@", "x.com", " ", "\u00a0", "\t", "123", "4567", "٤٥٦", "-", "(", ")", "/", ".", "+", "?", "a=1",
    "https://f.test/", "#", ",", ";", "<", ">", "2026-01-02", "T10:00", "ü", "_", ":", "'", '"', "\\", "%",
)  # fmt: skip


def test_what_can_be_searched_is_never_more_than_what_everybody_sees(server: None) -> None:
    dice = Random(7)
    texts = ["".join(dice.choices(_PIECES, k=dice.randint(1, 12))) for _ in range(5000)]
    shown = rows("SELECT shown_to_all(told) AS shown FROM unnest(CAST(:texts AS text[])) told", texts=texts)
    for told, row in zip(texts, shown, strict=True):
        seen = scrub(told)
        assert [word for word in re.findall(r"[^\W_]+", row.shown) if word not in seen] == [], told


def test_an_item_is_found_by_its_new_record_once_it_is_about_another(cast: Cast) -> None:
    number = opened(cast.admin, "missing_data", resource_id=815, title="Gap")
    picked = {"id": number}
    perform(ADMIN, lambda uow: redirect(uow, "id = :id", picked, "815", "4712"))
    assert (found(cast.viewer, "815"), found(cast.viewer, "4712")) == ([], [number])


@pytest.mark.parametrize("text", ["50%", "50_", "50\\", "'50' | !50:*", "50 & (", '"50"', "<50>"])
def test_signs_mean_nothing(cast: Cast, text: str) -> None:
    number = opened(cast.admin, title="Fifty: 50")
    assert found(cast.viewer, text) == [number]


@pytest.mark.parametrize("text", ["%", "&|!", "x" * 201, "\x00", "\ud800"])
def test_what_holds_no_word_is_refused(cast: Cast, text: str) -> None:
    with pytest.raises(Invalid):
        found(cast.viewer, text)


def test_the_trail_tells_that_something_was_searched_and_not_what(cast: Cast) -> None:
    found(cast.viewer, "jane@example.com of Dover Harbour Street")
    assert count("ops_audit_log", "metadata::text LIKE '%jane%'") == 0
    assert count("ops_audit_log", "metadata ->> 'text' = '7 words'") == 1


def test_a_search_can_be_kept_and_restored() -> None:
    wanted = Filter(text="leaking boiler", queue="customer")
    assert Filter.restored(json.loads(wanted.kept())) == wanted
