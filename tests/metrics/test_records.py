"""One record a minute of how deep the queue is: printed, kept for a while, and read as a series."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core import clock, config
from core.metrics import records
from core.metrics.cycles import Period
from core.permissions import process
from core.uow import perform
from jobs.timetable import job
from jobs.turns import Turn, carry_out
from tests.builders import claimed, count, opened
from tests.cast import NOON, Cast

JOB = process("job", "emit_queue_metrics")
MINUTE = timedelta(minutes=1)


def test_the_record_has_the_shape_that_other_programs_rely_on(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    with clock.frozen(NOON - 90 * MINUTE):
        opened(cast.reviewer, resource_id="1", priority="critical", sla_hours=1)
        claimed(cast.reviewer, resource_id="2", priority="low")
    with clock.frozen(NOON):
        carry_out(Turn("emit_queue_metrics", "trial"), job("emit_queue_metrics").work)
    printed = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line for line in printed if "metric" in line] == [{
        "metric": "manual_resolution_queue_depth", "total_pending": 2,
        "by_priority": {"critical": 1, "high": 0, "medium": 0, "low": 1},
        "oldest_item_hours": 1.5, "items_breaching_sla": 1, "timestamp": NOON.isoformat(),
    }]  # fmt: skip


def test_an_empty_queue_has_no_oldest_item(cast: Cast) -> None:
    with clock.frozen(NOON):
        told = perform(JOB, records.emit).told()
    assert (told["total_pending"], told["oldest_item_hours"]) == (0, None)


def test_records_are_read_as_a_series_thinned_out_when_long_and_forgotten_when_old(cast: Cast) -> None:
    for minute in range(10):
        with clock.frozen(NOON + minute * MINUTE):
            perform(JOB, records.emit)
    all_of_them = Period(NOON, NOON + 10 * MINUTE)
    series = perform(cast.viewer, records.records, all_of_them)
    assert [record.at for record in series] == [NOON + minute * MINUTE for minute in range(10)]
    assert len(perform(cast.viewer, records.records, Period(NOON, NOON + 3 * MINUTE))) == 3
    assert [record.at for record in perform(cast.viewer, records.records, all_of_them, 4)] == [
        NOON + minute * MINUTE for minute in (0, 3, 6, 9)
    ]
    assert count("ops_audit_log", "action = 'metrics.records_read'") > 0
    days = config.number("METRIC_RECORD_DAYS")
    with clock.frozen(NOON + timedelta(days=days) + 5 * MINUTE):
        assert perform(JOB, records.forget_records) == 5
    assert count("metric_records") == 5
