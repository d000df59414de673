"""The parts that every page stands on: the menu, the gate, plain text, times, badges, doing things once."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.permissions import ROLES, Permission, Principal, Role
from core.settings import PROJECT
from core.words import Priority, Severity, SlaState, Status
from tests.cast import NOON, Cast
from tests.ui.conftest import Open, shown
from ui import badges, frame, times
from ui.plain import distinct, line, literal, plain


def _asked_by_its_file(file: str) -> set[str]:
    functions = [
        node for node in ast.parse((PROJECT / "pages" / file).read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    return {ast.unparse(each) for function in functions for each in function.decorator_list}


@pytest.mark.parametrize("entry", frame.PAGES, ids=lambda entry: entry.file)
def test_the_menu_shows_a_page_to_those_whom_its_gate_lets_in(entry: frame.Entry) -> None:
    assert _asked_by_its_file(entry.file) == {f"page(Permission.{entry.permission.name})"}


def test_every_page_stands_in_the_menu() -> None:
    assert {path.name for path in (PROJECT / "pages").glob("*.py")} == {entry.file for entry in frame.PAGES}


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_a_first_page(role: Role) -> None:
    assert Principal("staff", "x", ROLES[role]).may(frame.PAGES[0].permission)


@pytest.mark.parametrize("role", list(Role))
def test_my_work_opens_for_every_role(open_page: Open, cast: Cast, role: Role) -> None:
    person = cast.senior if role is Role.SENIOR_REVIEWER else getattr(cast, role.value)
    screen = open_page(person)
    assert not screen.exception
    assert "Alerts" in shown(screen)


def test_a_page_run_past_the_frame_still_asks_who_is_there(open_page: Open, cast: Cast) -> None:
    screen = open_page(None, "queue")
    assert "/login" in shown(screen)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_can_be_encoded_and_holds_no_control_signs(text: str) -> None:
    shown_text = plain(text)
    shown_text.encode()
    assert not {letter for letter in shown_text if ord(letter) < 32} - {"\n", "\t"}


@pytest.mark.parametrize("nasty", ["\ud800", "a\x00b", "\x1b[31m", "\u202egnp.exe"])
def test_what_would_break_a_screen_is_taken_out_or_kept_to_itself(nasty: str) -> None:
    plain(f"x{nasty}").encode()
    assert not plain("\u202eabc") or plain("\u202eabc").endswith("\u2069")


def test_markdown_is_taken_at_its_word() -> None:
    escaped = literal("![x](http://a) **b** :red[c] <i> `d` $e$ www.f.g")
    assert "![" not in escaped
    assert "](" not in escaped
    assert "**" not in escaped
    assert "://" not in escaped


def test_a_megabyte_of_text_becomes_one_short_line() -> None:
    assert len(line("x" * 1_000_000)) == 300
    assert literal("\n" * 100_000) == "…"


def test_choices_that_read_alike_are_told_apart() -> None:
    assert distinct({1: "Ann", 2: "Ann", 3: "Bo"}) == {1: "Ann (1)", 2: "Ann (2)", 3: "Bo"}


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=40), "in 40 min"),
        (timedelta(hours=-2), "2 h ago"),
        (timedelta(seconds=20), "now"),
        (timedelta(hours=3, minutes=10), "in 3 h"),
        (timedelta(days=-3, hours=-4), "3 d ago"),
    ],
)
def test_times_are_told_in_their_largest_unit(span: timedelta, said: str) -> None:
    assert times.briefly(NOON + span, NOON) == said


def test_a_time_is_told_where_its_reader_is() -> None:
    moment = datetime(2026, 3, 11, 23, 30, tzinfo=UTC)
    assert times.clock_time(moment, "Europe/Berlin", NOON) == "Thu 00:30"
    assert times.clock_time(moment, "UTC", NOON) == "23:30"


@pytest.mark.parametrize(
    ("looks", "keys"),
    [
        (badges.PRIORITY, Priority),
        (badges.STATUS, Status),
        (badges.SLA, SlaState),
        (badges.SEVERITY, Severity),
    ],
)
def test_every_word_has_its_look(looks: dict[str, badges.Look], keys: type[Priority]) -> None:
    assert set(looks) == set(keys)


def test_permissions_of_pages_are_permissions() -> None:
    assert all(entry.permission in set(Permission) for entry in frame.PAGES)
