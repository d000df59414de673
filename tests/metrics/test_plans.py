"""At 100,000 bookings and as many complaints no reading goes through all of them: sums, edges, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from core import clock, db
from core.metrics import folding, reading
from core.metrics.periods import PERIODS
from core.metrics.reading import metrics
from core.permissions import process
from core.uow import perform
from tests.cast import NOON, Cast
from tests.metrics.filling import fill

BIG = {"bookings", "complaints", "work_items", "payments", "past_cycles"}


@pytest.fixture
def plans(cast: Cast) -> Iterator[list[dict[str, Any]]]:
    """A year of records, folded; and what every statement from now on really does."""
    with db.engine("owner").begin() as connection:
        fill(connection, 100_000, NOON)
    while perform(process("job", "trial"), folding.fold):
        pass
    with db.engine("owner").connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    seen: list[dict[str, Any]] = []

    def explain(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("WITH"):
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, parameters)
            seen.append(json.loads(json.dumps(cursor.fetchone()[0][0]["Plan"])))

    event.listen(db.engine("app"), "before_cursor_execute", explain)
    yield seen
    event.remove(db.engine("app"), "before_cursor_execute", explain)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _read(plans: list[dict[str, Any]]) -> list[tuple[str, str, float]]:
    """What was read from the big tables: how, which, and how many rows."""
    return [
        (node["Node Type"], node["Relation Name"], node["Actual Loops"] * node["Actual Rows"])
        for plan in plans
        for node in _nodes(plan)
        if node.get("Relation Name") in BIG and node["Actual Loops"]
    ]


@pytest.mark.parametrize("moment", [NOON, NOON - timedelta(days=40, minutes=17)], ids=["now", "in the past"])
def test_a_reading_reads_sums_and_not_the_records(cast: Cast, plans: list[dict[str, Any]], moment: Any) -> None:
    with clock.frozen(moment):
        for period in PERIODS:
            reading.forget()
            perform(cast.manager, metrics, period)
            found = _read(plans)
            assert plans, period
            assert [each for each in found if each[0] == "Seq Scan" and each[2] > 1000] == [], period
            assert sum(each[2] for each in found if each[1] in {"bookings", "complaints"}) < 25_000, period
            plans.clear()
