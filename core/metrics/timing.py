"""Percentiles of times: exact over up to 10,000 times, from their classes over more.

A class is an eighth of a doubling wide and a percentile is laid out evenly within it: so it is at most 4.5 % off from
the middle of the class that the exact one is in, and mostly far less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any

from core.metrics.facts import FACTS, TIMED, told
from core.metrics.tally import Percentiles

EXACT = 10_000
SHARES = (0.5, 0.9)
_WORD = "CASE GROUPING(a) WHEN 0 THEN a END AS a"

SOME_TIME = "timed AS (SELECT fact, a, step, n FROM pieces WHERE step >= 0 AND at >= :since AND at < :until)"
"""The classes of times within the period."""
EVER = (
    "timed AS (SELECT fact, a, step, n FROM in_all UNION ALL SELECT fact, a, step, -n FROM pieces WHERE at >= :until)"
)
"""The same where the period is all the time until now."""
SIZES = "sizes AS (SELECT fact, sum(n) AS n FROM timed GROUP BY fact)"


def classes(facts: Collection[str]) -> str:
    """How many times there are in each class, of the facts that have too many to sort them."""
    return (
        f"SELECT fact, {_WORD}, step, sum(n)::bigint AS n FROM timed WHERE fact IN ({_listed(facts)}) AND fact IN "
        f"(SELECT fact FROM sizes WHERE n > {EXACT}) GROUP BY GROUPING SETS ((fact, step), (fact, a, step)) "
        "HAVING sum(n) > 0"
    )


def exact(fact: str) -> str:
    """The percentiles in seconds of one fact, of all its times and by its word, where they are few enough to sort."""
    times = " UNION ALL ".join(
        f"({told(each, f'{each.at} >= :since AND {each.at} < :until')} ORDER BY {each.at} LIMIT {EXACT})"
        for each in FACTS
        if each.name == fact
    )
    return (
        f"SELECT '{fact}' AS fact, {_WORD}, percentile_cont(ARRAY[{', '.join(map(str, SHARES))}]) "
        f"WITHIN GROUP (ORDER BY amount::float8) AS seconds FROM ({times}) t "
        f"WHERE (SELECT n FROM sizes WHERE fact = '{fact}') <= {EXACT} "
        "GROUP BY GROUPING SETS ((), (a)) HAVING count(*) > 0"
    )


def timed(facts: Collection[str]) -> list[str]:
    """Those of these facts that take time."""
    return [name for name in TIMED if name in facts]


def percentiles(
    sorted_out: Sequence[Mapping[str, Any]], classed: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str | None], Percentiles]:
    """By fact and word (None: of all) what `exact` and `classes` have found."""
    found = {
        (row["fact"], row["a"]): Percentiles(*(seconds / 3600 for seconds in row["seconds"])) for row in sorted_out
    }
    steps: dict[tuple[str, str | None], dict[int, int]] = defaultdict(dict)
    for row in classed:
        steps[row["fact"], row["a"]][row["step"]] = row["n"]
    return found | {
        key: Percentiles(*(within(counts, share) / 3600 for share in SHARES)) for key, counts in steps.items()
    }


def within(counts: Mapping[int, int], share: float) -> float:
    """The time in seconds within which this share was done, from how many there are in each class."""
    steps = sorted(counts)
    reached = list(accumulate(counts[step] for step in steps))
    rank = share * (reached[-1] - 1)
    place = next(at for at, total in enumerate(reached) if rank < total)
    before = reached[place - 1] if place else 0
    low, high = _bounds(steps[place])
    return low + (high - low) * (rank - before + 0.5) / (reached[place] - before)


def _bounds(step: int) -> tuple[float, float]:
    """From how many seconds to how many a class goes; the first one is all under a second."""
    return (0.0, 1.0) if step == 0 else (2 ** ((step - 1) / 8), 2 ** (step / 8))


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
