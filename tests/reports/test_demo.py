"""Reports over the demo, day by day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core import demo
from core.settings import settings
from tests.reports.counting import compare


def test_the_demo_is_counted_right_on_every_day(
    database: None, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = settings().data_dir / "demo-accounts.json"
    monkeypatch.setattr(demo, "ITEMS", 320)
    demo.load_if_empty()
    accounts.unlink()
    seen = [compare(noon.date() - timedelta(days=days)) for days in (1, 7, 30, 89)]
    assert min(each.performance.resolved for each in seen[:3]) > 10
    assert seen[0].performance.escalated > 0
