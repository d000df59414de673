"""How alike two provider records are, and what speaks for it, in words that give nothing personal away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from core.resolutions.npi import is_npi

Record = Mapping[str, Any]
ENOUGH = 0.85
"""From here on two records without a common NPI are worth a person's look."""

MOST_NPIS = 10
"""A record with more numbers than these lists its whole organisation's, and none of them is its own."""

_LEAST_NAME = 0.8
_WEIGHTS = {"name": 0.5, "phone": 0.25, "address": 0.25}
_LEGAL = {"inc", "llc", "pllc", "pc", "pa", "ltd", "corp", "corporation", "co", "company", "the", "lp", "llp", "and"}
_STREETS = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "boulevard": "blvd", "drive": "dr", "highway": "hwy",
    "parkway": "pkwy", "lane": "ln", "court": "ct", "place": "pl", "suite": "ste", "unit": "ste", "floor": "fl",
    "north": "n", "south": "s", "east": "e", "west": "w", "freeway": "fwy", "route": "rt",
}  # fmt: skip
_LIKE = {"name": "names {:.0%} alike", "phone": "the same telephone number", "address": "addresses {:.0%} alike"}


@dataclass(frozen=True)
class Likeness:
    """How alike two records are: 0 to 1, and the evidence, strongest first."""

    score: float
    evidence: tuple[str, ...]


def likeness(one: Record, other: Record, *, same_npi: bool) -> Likeness | None:
    """How alike two records are, or None when they are no pair worth a look.

    `same_npi`: they share a number that is no umbrella's. Where it is valid, it makes a pair by itself. Records with
    different valid ones are two providers, however alike the rest is.
    """
    mine, theirs = npis(one), npis(other)
    parts = _parts(one, other)
    told = tuple(_LIKE[name].format(share) for name, share in parts.items() if share >= _LEAST_NAME)
    if same_npi and mine & theirs and max(len(mine), len(theirs)) <= MOST_NPIS:
        return Likeness(round(0.9 + 0.1 * _weighed(parts), 3), ("the same NPI", *told))
    if (mine and theirs and not mine & theirs) or parts.get("name", 0) < _LEAST_NAME or len(parts) < 2:
        return None
    score = round(_weighed(parts), 3)
    return Likeness(score, told) if score >= ENOUGH else None


def npis(record: Record) -> frozenset[str]:
    """Every valid NPI that a record carries: its own, and those beside it."""
    beside = (record["details"] or {}).get("npis")
    named = [record["npi"], *(beside if isinstance(beside, list) else [])]
    return frozenset(npi for npi in named if isinstance(npi, str) and is_npi(npi))


def _parts(one: Record, other: Record) -> dict[str, float]:
    """The likeness, 0 to 1, of everything that both records tell."""
    found = {"name": _names(one, other), "phone": _phones(one, other), "address": _addresses(one, other)}
    return {name: share for name, share in found.items() if share is not None}


def _weighed(parts: Mapping[str, float]) -> float:
    total = sum(_WEIGHTS[name] for name in parts)
    return sum(_WEIGHTS[name] * share for name, share in parts.items()) / total if total else 0.0


def _names(one: Record, other: Record) -> float | None:
    mine, theirs = _name(one), _name(other)
    return fuzz.token_sort_ratio(mine, theirs) / 100 if mine and theirs else None


def _name(record: Record) -> str:
    told = record["organisation"] or " ".join(filter(None, (record["first_name"], record["last_name"])))
    said = [word for word in _words(told) if word not in _LEGAL]
    state = (record["state"] or "").lower()
    # Directories put the state behind a name to tell branches apart; the address tells it better.
    return " ".join(said[:-1] if len(said) > 2 and said[-1] == state else said)


def _phones(one: Record, other: Record) -> float | None:
    mine, theirs = (re.sub(r"\D", "", record["phone"] or "")[-10:] for record in (one, other))
    return float(mine == theirs) if len(mine) == len(theirs) == 10 else None


def _addresses(one: Record, other: Record) -> float | None:
    """The likeness of two addresses; another house, or another place, is another address."""
    mine, theirs = _address(one), _address(other)
    if not mine or not theirs:
        return None
    if mine[0] != theirs[0] or _place(one) != _place(other):
        return 0.0
    return fuzz.token_set_ratio(" ".join(mine), " ".join(theirs)) / 100


def _address(record: Record) -> list[str]:
    told = " ".join(filter(None, (record["address_line1"], record["address_line2"])))
    return [_STREETS.get(word, word) for word in _words(told)]


def _place(record: Record) -> str:
    return (record["postal_code"] or record["city"] or "").strip().lower()[:5]


def _words(told: str) -> list[str]:
    return re.findall(r"\w+", told.lower().replace("'", ""))
