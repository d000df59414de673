"""Text that people and programs wrote, as it may stand on a screen: shown literally, never as Markdown or HTML."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

LONGEST = 16_000
_KEPT = "\n\t"
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_JOINER = "\u2060"
_LINKING = re.compile(r"(www|\\:|\\@)")
_ISOLATE_ENDS = {"\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068"}


def plain(given: object, longest: int = LONGEST) -> str:
    """`given` as text that no element chokes on: no surrogates, no control characters, directions kept to itself."""
    text = "".join(letter for letter in str(given)[: longest + 1] if _is_shown(letter))
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return f"\u2068{cut}\u2069" if any(letter in _ISOLATE_ENDS for letter in cut) else cut


def line(given: object, longest: int = 300) -> str:
    """`given` in one line, for cells, labels and headings."""
    return " ".join(plain(given, longest).split())


def distinct(labels: Mapping[K, object], longest: int = 100) -> dict[K, str]:
    """Labels for a chooser, which tells its options apart by them: equal ones get their key added."""
    lines = {key: line(label, longest) for key, label in labels.items()}
    counts = Counter(lines.values())
    return {key: label if counts[label] == 1 else f"{label} ({key})" for key, label in lines.items()}


def literal(given: object, longest: int = 2_000) -> str:
    """`given` for elements that read Markdown (headings, toasts, captions, labels): every sign stands for itself.

    Links, images, emoji and colours stay text; an invisible joiner keeps addresses from becoming links.
    """
    lines = (part.strip() for part in plain(given, longest).splitlines())
    escaped = _PUNCTUATION.sub(r"\\\1", "\n".join(part for part in lines if part))
    return _LINKING.sub(rf"\1{_JOINER}", escaped).replace("\n", "  \n")


def _is_shown(letter: str) -> bool:
    return letter in _KEPT or unicodedata.category(letter) not in {"Cc", "Cs"}
