"""What an administrator sees of the outbox: what has not left, and nothing of what it says."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.errors import Invalid, NotPermitted
from core.outbox.kinds import Verdict
from core.outbox.posting import post
from core.outbox.reading import entries, waiting_counts
from core.uow import perform
from tests.cast import NOON, Cast
from tests.outbox.test_delivering import JOB, Errand, deliver, errand

__all__ = ["errand"]


def test_what_has_not_left_is_listed_newest_first_a_page_at_a_time(cast: Cast, errand: Errand, noon: datetime) -> None:
    errand.verdict = Verdict(False, "The other side answered 400.")
    errand.post("one")
    assert deliver(NOON) == {"parked": 1}
    errand.verdict = Verdict(True, "")
    errand.post("gone")
    assert deliver(NOON) == {"done": 1}
    perform(JOB, lambda uow: post(uow, "errand", {"message": "secret"}, "two"))
    page = perform(cast.admin, entries, limit=1)
    assert [(it.kind, it.state, it.since) for it in page.entries] == [("errand", "waiting", NOON)]
    rest = perform(cast.admin, entries, cursor=page.cursor, limit=1)
    (parked,) = rest.entries
    assert (parked.state, parked.attempts, parked.last_error) == ("parked", 1, "The other side answered 400.")
    assert rest.cursor is None
    assert "secret" not in repr(page)
    assert [it.id for it in perform(cast.admin, entries, state="parked").entries] == [parked.id]
    assert perform(cast.admin, waiting_counts) == {"parked": 1, "waiting": 1, "leased": 0}


def test_it_is_the_administrators_and_asked_in_words_that_exist(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        perform(cast.manager, entries)
    with pytest.raises(Invalid):
        perform(cast.admin, entries, state="done")
    with pytest.raises(Invalid):
        perform(cast.admin, entries, limit=0)
