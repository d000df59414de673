"""What was deleted does not live on in what an undo would have needed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core import clock, config
from core.errors import Conflict
from core.permissions import process
from core.queue import deciding
from core.resolutions.forgetting import forget_journals
from core.uow import perform
from tests.builders import item, rows
from tests.cast import Cast
from tests.resolutions import records as r
from tests.resolutions.records import decided, held

JOB = process("job", "forget_journals")


def _erased(cast: Cast) -> int:
    hold = r.hold("customer", r.customer(email="quite.unique@example.com"))
    number = held(cast.reviewer, "retention_exception", ("retention_hold", hold), hold_reason="c", hold_until="2026")
    decided(cast.reviewer, number, "release")
    return number


def test_a_journal_is_kept_for_the_undo_window_and_no_longer(cast: Cast, noon: datetime) -> None:
    number = _erased(cast)
    assert perform(JOB, forget_journals) == 0
    assert "quite.unique" in str(item(number).undo_journal)
    with clock.frozen(noon + timedelta(seconds=11)):
        assert perform(JOB, forget_journals) == 1
        assert perform(JOB, forget_journals) == 0
    assert rows("SELECT 1 FROM work_items w WHERE to_jsonb(w)::text LIKE '%quite.unique%'") == []


def test_what_is_forgotten_cannot_be_undone_even_when_the_window_grows_later(cast: Cast, noon: datetime) -> None:
    number = _erased(cast)
    with clock.frozen(noon + timedelta(seconds=11)):
        perform(JOB, forget_journals)
        perform(cast.admin, config.change, "UNDO_SECONDS", "300")
        with pytest.raises(Conflict, match="cannot be undone"):
            perform(cast.reviewer, deciding.undo, number)
    assert item(number).status == "resolved"
