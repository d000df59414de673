"""Which passwords are accepted, and that checking one gives nothing away."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core import authenticator, passwords
from core.errors import Invalid
from tests.people.conftest import PASSWORD, password_hash


def test_a_password_agrees_with_its_own_hash_alone() -> None:
    assert passwords.matches(PASSWORD, password_hash())
    assert not passwords.matches(f"{PASSWORD} ", password_hash())


def test_what_differs_after_seventy_two_bytes_or_after_a_nul_differs() -> None:
    long = "Ж" * 80
    stored = passwords.hash_password(f"{long}a")
    assert passwords.matches(f"{long}a", stored)
    assert not passwords.matches(f"{long}b", stored)
    assert not passwords.matches(long, stored)


def test_the_same_letters_typed_otherwise_are_the_same_password() -> None:
    assert passwords.matches("Zu\u0308rich-lantern", passwords.hash_password("Z\u00fcrich-lantern"))


def test_half_a_character_and_an_unknown_name_are_just_wrong() -> None:
    assert not passwords.matches("\ud800", password_hash())
    assert not passwords.matches(PASSWORD, None)


def test_the_hash_checked_for_unknown_names_costs_as_much_as_a_real_one() -> None:
    assert passwords._NOBODYS[:7] == password_hash()[:7]


def test_hashes_are_in_the_librarys_format_and_come_without_streamlit() -> None:
    code = "import core.people, core.tokens, sys; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    from streamlit_authenticator.utilities import Hasher

    assert Hasher.is_hash(password_hash())
    assert Hasher.check_pw(passwords._digest(PASSWORD), password_hash())
    assert authenticator.agrees(passwords._digest(PASSWORD), password_hash())


@pytest.mark.parametrize(
    "guessed",
    ["short-one", "password1234", "P@ssw0rd2026!!", "aaaaaaaaaaaa", "abcabcabcabc", "123456789012", "qwertyuiopas",
     "abcdefghijkl", "Opsdesk2026!", "letmein12345!", "gravel-reviewer-42", "gravel-Rita-lantern", "gravel\nlantern-4",
     "x" * 1025, "iloveyou-iloveyou", "correcthorsebatterystaple"],
)  # fmt: skip
def test_passwords_that_would_be_guessed_are_refused(guessed: str) -> None:
    with pytest.raises(Invalid, match="password"):
        passwords.refuse_weak(guessed, "reviewer", "Rita Reviewer")


@pytest.mark.parametrize("good", [PASSWORD, "vier alte Postkarten", "ключ от сарая", "x7" + "k!m2" * 6 + "q" * 900])
def test_length_is_all_that_a_good_password_needs(good: str) -> None:
    passwords.refuse_weak(good, "reviewer", "Rita Reviewer", "rita@opsdesk.test")


def test_made_passwords_are_accepted_and_differ() -> None:
    made = {passwords.random_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.refuse_weak(password)
