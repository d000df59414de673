"""The secrets that this installation makes for itself: once, readable by its owner alone, or given from outside."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Literal

from core.errors import Invalid, OpsError
from core.settings import settings

Name = Literal["audit", "search"]
_LEAST_LENGTH = 32
_LEAST_VARIETY = 10
_DEFAULTS = ("changeme", "change-me", "change_me", "default", "example", "password", "replace", "your-key", "01234567")


def key(name: Name) -> bytes:
    """The key called `name`, made now where none was given and none is kept yet.

    However many processes ask at once, all get the same. Raises OpsError when a kept key may be read by others or
    the data folder cannot be used, Invalid when the given one is too easy to guess.
    """
    return known_key(name) or _made(name)


def known_key(name: Name) -> bytes | None:
    """The key called `name` if the environment gives it or the data folder keeps it; otherwise None. Makes none."""
    given = _from_environment(name)
    if given is not None:
        return _strong(f"OPSDESK_{name.upper()}_KEY", given)
    return _kept(name)


def key_file(name: Name) -> Path:
    """Where the key called `name` is kept when the environment gives none."""
    return settings().data_dir / "keys" / f"{name}.key"


def _from_environment(name: Name) -> str | None:
    given = settings().audit_key if name == "audit" else settings().search_key
    return None if given is None else given.get_secret_value()


def _kept(name: Name) -> bytes | None:
    path = key_file(name)
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise OpsError(f"The key in {path} cannot be read.") from None
    if mode & 0o077:
        raise OpsError(f"The key in {path} may be read by others: run `chmod 600` on it, or replace it.")
    return _strong(str(path), text)


def _made(name: Name) -> bytes:
    """A new key, whole from the first moment anybody sees it: written beside its place, then linked into it."""
    path = key_file(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{name}-")  # readable by its owner alone
        try:
            _write_through(handle, secrets.token_hex(32))
            _link_unless_there(draft, path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise OpsError(f"A key cannot be kept in {path.parent}: {error.strerror}.") from None
    kept = _kept(name)
    assert kept is not None
    return kept


def _write_through(handle: int, text: str) -> None:
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _link_unless_there(draft: str, path: Path) -> None:
    """Give the draft its name; where another process came first, its key stands."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _strong(where: str, text: str) -> bytes:
    """`text` as a key; refused when it is short, monotonous or obviously a placeholder."""
    if len(text) < _LEAST_LENGTH:
        raise Invalid(where, f"must have at least {_LEAST_LENGTH} characters")
    if len(set(text)) < _LEAST_VARIETY or any(word in text.lower() for word in _DEFAULTS):
        raise Invalid(where, "is too easy to guess: take the output of `openssl rand -hex 32`")
    return text.encode()
