"""Whoever sits at the machine."""

from __future__ import annotations

import getpass

from core.permissions import Principal, process


def operator() -> Principal:
    """The principal as which a command acts: what they do is on record under the system's name for them."""
    try:
        return process("cli", getpass.getuser())
    except (KeyError, OSError):
        return process("cli", "operator")
