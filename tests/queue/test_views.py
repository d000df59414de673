"""Saved views: one's own, those that managers share, and nobody else's."""

from __future__ import annotations

import pytest

from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import process
from core.queue import inbox, views
from core.queue.filters import Filter
from core.uow import perform
from tests.builders import claimed, count, opened
from tests.cast import NOON, Cast

EVERYTHING = Filter(
    status="escalated",
    queue="customer",
    item_type="complaint",
    priority=("high", "critical"),
    score_min=10,
    score_max=99.5,
    created_from=NOON,
    created_to=NOON,
    assignee="nobody",
    sla="breached",
    reference="#12",
    sort_by="created_at",
    sort_order="asc",
)


@pytest.mark.parametrize("wanted", [Filter(), EVERYTHING, Filter(assignee=7, created_to=NOON)])
def test_a_filter_comes_back_as_it_was_kept(cast: Cast, wanted: Filter) -> None:
    perform(cast.viewer, views.save, "Mine", wanted)
    assert [view.wanted for view in perform(cast.viewer, views.views)] == [wanted]


def test_a_view_of_the_same_name_is_replaced(cast: Cast) -> None:
    first = perform(cast.viewer, views.save, "Late", Filter(sla="breached"))
    assert perform(cast.viewer, views.save, " Late ", Filter(sla="at_risk")) == first
    assert [view.wanted.sla for view in perform(cast.viewer, views.views)] == ["at_risk"]
    assert count("ops_audit_log", "action = 'view.saved'") == 2


def test_a_private_view_is_nobody_elses(cast: Cast) -> None:
    number = perform(cast.reviewer, views.save, "Late", Filter(sla="breached"))
    for other in (cast.reviewer2, cast.manager, cast.admin):
        assert perform(other, views.views) == []
        with pytest.raises(NotFound):
            perform(other, views.delete, number)
    perform(cast.reviewer, views.delete, number)
    assert perform(cast.reviewer, views.views) == []


def test_a_manager_shares_a_view_and_another_takes_it_away(cast: Cast) -> None:
    number = perform(cast.manager, views.save, "My own", Filter(assignee="me"), shared=True)
    own = perform(cast.reviewer, views.save, "Zebra", Filter())
    seen = perform(cast.reviewer, views.views)
    assert [(view.id, view.mine, view.owner) for view in seen] == [
        (own, True, "Rita Reviewer"),
        (number, False, "Mona Manager"),
    ]
    with pytest.raises(NotPermitted, match="Mona Manager"):
        perform(cast.reviewer, views.delete, number)
    perform(cast.admin, views.delete, number)
    assert [view.id for view in perform(cast.reviewer, views.views)] == [own]


def test_me_in_a_shared_view_is_whoever_looks(cast: Cast) -> None:
    perform(cast.manager, views.save, "In my hands", Filter(assignee="me"), shared=True)
    mine = claimed(cast.reviewer)
    opened(cast.reviewer)
    shared = perform(cast.reviewer, views.views)[0]
    assert [row.id for row in perform(cast.reviewer, inbox.page, shared.wanted).items] == [mine]


def test_what_cannot_be_asked_for_cannot_be_kept(cast: Cast) -> None:
    for name, wanted in (("", Filter()), ("x" * 81, Filter()), ("x", Filter(sla="soon")), ("x", Filter(status="new"))):
        with pytest.raises(Invalid):
            perform(cast.viewer, views.save, name, wanted)
    with pytest.raises(Invalid, match="mood"):
        Filter.restored({"mood": "good"})
    assert count("saved_views") == 0


def test_only_managers_share_and_only_people_keep(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        perform(cast.senior, views.save, "For all", Filter(), shared=True)
    with pytest.raises(NotPermitted):
        perform(cast.auditor, views.views)
    with pytest.raises(NotPermitted, match="member of staff"):
        perform(process("job", "test"), views.save, "x", Filter())
