"""Personal data: what each mask shows, and that nothing prints a value by accident."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from core.pii import MASK, Kind, Lens, Personal, mask, scrub


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.PHONE, "9876543210", "98****3210"),
        (Kind.EMAIL, "jane@example.com", "j***@example.com"),
        (Kind.NAME, "Jane Smith", "Jane S."),
        (Kind.PHONE, "+49 30 1234567", MASK),
        (Kind.PHONE, "12345", MASK),
        (Kind.EMAIL, "a@b.io", MASK),
        (Kind.EMAIL, "jo@example.com", MASK),
        (Kind.EMAIL, "jane@example", MASK),
        (Kind.NAME, "Li", MASK),
        (Kind.NAME, "María José García", MASK),
        (Kind.NAME, "Prince-Something", MASK),
        (Kind.OTHER, "12 Long Street", MASK),
        (Kind.NAME, "", ""),
    ],
)
def test_a_mask_shows_what_its_kind_may_and_no_more(kind: Kind, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


@given(st.sampled_from([Kind.NAME, Kind.PHONE, Kind.EMAIL, Kind.OTHER]), st.text(max_size=7))
def test_short_values_give_nothing_away(kind: Kind, value: str) -> None:
    assert mask(kind, value) in ("", MASK)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("call 987 654 3210 now", f"call {MASK} now"),
        ("call +1 (555) 010-9999", f"call {MASK}"),
        ("write jane@example.com", f"write {MASK}"),
        ("see https://x.io/f.pdf?sig=abc123", f"see https://x.io/f.pdf?{MASK}"),
        ("due 2026-12-03T12:04:59.123456+00:00", "due 2026-12-03T12:04:59.123456+00:00"),
        ("on 2026-12-03 12:04 at 4 h", "on 2026-12-03 12:04 at 4 h"),
        ("booking 1656, 598.49 EUR", "booking 1656, 598.49 EUR"),
    ],
)
def test_free_text_loses_addresses_and_numbers_and_keeps_dates(said: str, shown: str) -> None:
    assert scrub(said) == shown


def test_a_long_message_is_cut() -> None:
    assert len(mask(Kind.MESSAGE, "x" * 500)) == 100


class Holder(BaseModel):
    """Something a door might serialise."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    who: Personal


def test_a_personal_value_prints_its_mask_whichever_way_it_is_printed() -> None:
    secret = Personal(Kind.EMAIL, "jane@example.com")
    holder = Holder(who=secret)
    ways = [
        str(secret),
        repr(secret),
        f"{secret}",
        "%s" % secret,  # noqa: UP031
        f"{secret:>30}",
        json.dumps({"who": secret}, default=str),
        holder.model_dump_json(),
        repr(holder.model_dump()),
        repr(holder),
        repr(pickle.loads(pickle.dumps(secret))),
        repr([secret]),
    ]
    assert [way for way in ways if "jane@" in way] == []


def test_the_lens_masks_by_the_fields_name_and_scrubs_the_rest() -> None:
    record = {"customer_name": "Jane Smith", "nested": [{"phone": "9876543210", "note": "or jane@example.com"}], "n": 1}
    assert Lens(clear=True).document(record) == record
    assert Lens(clear=False).document(record) == {
        "customer_name": "Jane S.",
        "nested": [{"phone": "98****3210", "note": f"or {MASK}"}],
        "n": 1,
    }
