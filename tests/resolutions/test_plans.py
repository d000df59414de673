"""Deciding, undoing and forgetting at 100,000 items walk indexes too."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from core import db
from core.permissions import process
from core.queue import deciding
from core.resolutions.forgetting import forget_journals
from core.resolutions.guiding import guide
from core.uow import perform
from tests.cast import Cast
from tests.queue.test_plans import _whole_table_reads, plans  # noqa: F401 - a fixture
from tests.resolutions import records as r
from tests.resolutions.records import decided, held


def test_deciding_reads_no_whole_table(cast: Cast, plans: list[dict[str, Any]]) -> None:  # noqa: F811 - the fixture
    with db.engine("owner").begin() as connection:
        connection.execute(text("UPDATE work_items SET resource_type = 'provider' WHERE id % 10 = 2"))
    ids = [r.provider(), r.provider()]
    hold = r.hold("customer", r.customer())
    merging = held(cast.reviewer, "duplicate_check", ("provider", ids[0]), provider_ids=ids)
    erasing = held(
        cast.reviewer, "retention_exception", ("retention_hold", hold), hold_reason="c", hold_until="2026-01-01"
    )
    plans.clear()
    for number, option, parameters in ((merging, "merge", {"survivor": str(ids[0])}), (erasing, "release", {})):
        perform(cast.reviewer, guide, number)
        decided(cast.reviewer, number, option, **parameters)
        perform(cast.reviewer, deciding.undo, number)
    perform(process("job", "forget_journals"), forget_journals)
    assert plans
    assert _whole_table_reads(plans) == []
