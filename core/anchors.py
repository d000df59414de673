"""The chain's head, noted outside the database: what tells that rows were cut off the end of the audit log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from core import clock
from core.errors import OpsError
from core.filelock import held
from core.permissions import Permission, requires
from core.sealing import chain_key, head, signature
from core.settings import settings
from core.uow import UnitOfWork

_FORM = "opsdesk.anchor.1"
_LONGEST_LINE = 4096
_FIELDS = {"seal": int, "last_id": int, "mac": str, "at": str, "link": str}


@dataclass(frozen=True)
class Anchor:
    """One line of the anchors' file: at `at` the chain ended with seal `seal` at row `last_id`.

    `link` ties the line to the one before it, so that no line can be changed, nor one before the last taken out.
    """

    seal: int
    last_id: int
    mac: str
    at: str
    link: str

    def true_link(self, key: bytes, previous_line: bytes) -> str:
        """What `link` must be (hex) for this line after that one."""
        return signature(key, [_FORM, previous_line.decode("ascii", "replace"), *self._said()])

    def line(self) -> bytes:
        """The line as it stands in the file, without its end."""
        return json.dumps(vars(self)).encode()

    def _said(self) -> list[object]:
        return [self.seal, self.last_id, self.mac, self.at]


@dataclass(frozen=True)
class Line:
    """What was found at `number` (from 1) of the anchors' file: None where it was altered or is no anchor at all."""

    number: int
    anchor: Anchor | None


def path() -> Path:
    """The anchors' file; a copy of it on another machine makes a cut visible even to whoever owns this one."""
    return settings().data_dir / "anchors" / "audit.jsonl"


@requires(Permission.OPS_ADMIN, leaves=None)
def anchor(uow: UnitOfWork) -> bool:
    """Note the head of the chain outside the database if it moved; returns whether it did.

    Call it in a unit of work of its own: only what is committed may be noted. Raises OpsError when the data folder
    cannot be written or the key is missing.
    """
    if head(uow) is None:
        return False
    key = chain_key(uow)
    with held(path()) as file:
        newest = head(uow)  # asked for under the lock: whoever comes later notes the later one
        assert file is not None
        assert newest is not None
        return _append(file.buffer, key, Anchor(newest.id, newest.last_id, newest.mac, clock.now().isoformat(), ""))


def _append(file: IO[bytes], key: bytes, bare: Anchor) -> bool:
    last = _last_line(file)
    before = _parsed(last)
    if before is not None and (before.seal, before.mac) == (bare.seal, bare.mac):
        return False
    linked = replace(bare, link=bare.true_link(key, last))
    try:
        file.write(linked.line() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise OpsError(f"The audit log's anchors cannot be written to {path()}: {error.strerror}.") from None
    return True


def _last_line(file: IO[bytes]) -> bytes:
    """The last whole line; what a power cut left of one after it is removed."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_LINE))
    *whole, torn = file.read().split(b"\n")
    if torn:
        file.truncate(size - len(torn))
        file.seek(0, os.SEEK_END)
    return whole[-1] if whole else b""


def extent() -> int:
    """How many bytes of anchors there are now; 0 without a file."""
    return path().stat().st_size if path().exists() else 0


def lines(key: bytes, extent: int) -> Iterator[Line]:
    """The lines in the first `extent` bytes of the anchors' file, in order, each checked against the one before."""
    if not extent:
        return
    previous = b""
    with path().open("rb") as file:
        for number, raw in enumerate(file, 1):
            extent -= len(raw)
            if extent < 0 or not raw.endswith(b"\n"):
                return  # still being written
            line = raw[:-1]
            yield Line(number, _proven(_parsed(line), key, previous))
            previous = line


def _proven(found: Anchor | None, key: bytes, previous: bytes) -> Anchor | None:
    return found if found is not None and found.link == found.true_link(key, previous) else None


def _parsed(line: bytes) -> Anchor | None:
    try:
        found: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or {name: type(value) for name, value in found.items()} != _FIELDS:
        return None
    return Anchor(**found)
