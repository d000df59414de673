"""What every figure means is written down, and nothing that is not there."""

from __future__ import annotations

import re
from dataclasses import fields

from core.metrics.bookings import Bookings
from core.metrics.complaints import Complaints
from core.metrics.periods import PERIODS
from core.metrics.queue_health import QueueHealth
from core.metrics.reading import GROUPS
from core.metrics.realtime import Realtime
from core.metrics.records import NAME, QueueRecord
from core.metrics.revenue import Revenue
from core.metrics.service_levels import ServiceLevels
from core.settings import PROJECT

GUIDE = (PROJECT / "docs/metrics.md").read_text()
VALUES = dict(zip(GROUPS, (Bookings, Complaints, ServiceLevels, Revenue, Realtime, QueueHealth), strict=True))


def test_every_figure_of_every_group_is_defined_and_no_other() -> None:
    for group, value in VALUES.items():
        section = GUIDE.split(f"\n## {group}\n")[1].split("\n## ")[0]
        keys = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
        assert set(re.findall(r"`(\w+)`", "".join(keys))) == {each.name for each in fields(value)}, group


def test_every_period_and_every_key_of_the_record_is_named() -> None:
    assert all(f"| `{period}` |" in GUIDE for period in PERIODS)
    assert NAME in GUIDE
    named = {each.name for each in fields(QueueRecord)} - {"at"} | {"metric", "timestamp"}
    assert all(f"`{key}`" in GUIDE for key in named)
