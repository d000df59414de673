"""Keys are made once, kept from others, and refused when they are too easy to guess."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import keys
from core.errors import Invalid, OpsError
from core.settings import settings

GOOD = "1f0d6c7a9b3e5842f0d6c7a9b3e5842f"


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("OPSDESK_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_a_key_is_made_once_and_only_its_owner_may_read_it() -> None:
    assert keys.known_key("audit") is None
    made = keys.key("audit")
    assert (keys.key("audit"), keys.known_key("audit"), len(made)) == (made, made, 64)
    assert keys.key_file("audit").stat().st_mode & 0o777 == 0o600
    assert keys.key_file("audit").parent.stat().st_mode & 0o777 == 0o700
    assert keys.key("search") != made


def test_eight_processes_at_once_make_one_key() -> None:
    context = multiprocessing.get_context("fork")
    answers, start = context.SimpleQueue(), context.Barrier(8)

    def ask() -> None:
        start.wait(10)
        answers.put(keys.key("audit"))

    processes = [context.Process(target=ask) for _ in range(8)]
    for process in processes:
        process.start()
    got = {answers.get() for _ in processes}
    for process in processes:
        process.join(10)
    assert got == {keys.key("audit")}
    assert [path.name for path in keys.key_file("audit").parent.iterdir()] == ["audit.key"]


def test_a_key_from_the_environment_comes_before_the_file(given: Callable[[str], None]) -> None:
    given(GOOD)
    assert keys.key("audit") == GOOD.encode()
    assert not keys.key_file("audit").exists()


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set OPSDESK_AUDIT_KEY."""

    def to(value: str) -> None:
        monkeypatch.setenv("OPSDESK_AUDIT_KEY", value)
        settings.cache_clear()

    return to


@pytest.mark.parametrize("weak", ["short", "a" * 64, "changeme-changeme-changeme-changeme-12", "0123456789abcdef" * 4])
def test_a_weak_key_is_refused_by_name(given: Callable[[str], None], weak: str) -> None:
    given(weak)
    with pytest.raises(Invalid, match="OPSDESK_AUDIT_KEY"):
        keys.key("audit")


@pytest.mark.parametrize("text", ["", "short\n", "a" * 64])
def test_a_kept_key_that_was_spoilt_is_refused_and_not_replaced(text: str) -> None:
    keys.key("audit")
    keys.key_file("audit").write_text(text)
    with pytest.raises(Invalid, match=r"audit\.key"):
        keys.key("audit")


def test_a_key_that_others_may_read_is_refused() -> None:
    keys.key("audit")
    keys.key_file("audit").chmod(0o640)
    with pytest.raises(OpsError, match="chmod 600"):
        keys.key("audit")


def test_a_folder_that_cannot_hold_keys_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    with pytest.raises(OpsError, match="keys"):
        keys.key("audit")
