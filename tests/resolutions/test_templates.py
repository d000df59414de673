"""Templates: kept once, checked when kept, and applied as the decision that they say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import Conflict, Invalid, NotFound, NotPermitted
from core.permissions import process
from core.resolutions import templates
from core.resolutions.templates import Template
from core.uow import perform
from tests.builders import claimed, count, history, item, opened
from tests.cast import NOON, Cast

KNOWN = Template("odd_thing", "Nothing to do", "reject", "The source fixed it itself.")


def test_a_template_decides_with_one_call(cast: Cast) -> None:
    template, number = perform(cast.reviewer, templates.save, KNOWN), claimed(cast.reviewer)
    perform(cast.reviewer, templates.apply, number, template)
    found = item(number)
    assert (found.status, found.resolved_by, found.resolution) == ("rejected", cast.reviewer.staff_id, "reject")
    assert found.resolution_metadata["justification"] == KNOWN.justification
    assert history(number) == ["OPEN", "CLAIM", "REJECT"]
    assert count("ops_audit_log", "action = 'template.applied'") == 1


def test_a_template_is_bound_by_what_binds_a_decision(cast: Cast) -> None:
    template = perform(cast.reviewer, templates.save, KNOWN)
    with pytest.raises(Conflict, match="claim it first"):
        perform(cast.reviewer, templates.apply, opened(cast.reviewer), template)
    with pytest.raises(Conflict, match="has changed"):
        perform(cast.reviewer, templates.apply, claimed(cast.reviewer), template, 1)
    with pytest.raises(NotFound, match="work item"):
        perform(cast.reviewer, templates.apply, 999, template)
    with pytest.raises(Invalid, match="odd thing"):
        perform(cast.reviewer, templates.apply, claimed(cast.reviewer, "stranger_thing"), template)
    assert count("ops_audit_log", "action = 'template.applied'") == 0


def test_a_template_leaves_open_what_differs_from_case_to_case(cast: Cast, noon: object) -> None:
    number = claimed(cast.reviewer)
    template = perform(cast.reviewer, templates.save, Template("odd_thing", "Later", "defer", "Nobody is there."))
    with pytest.raises(Invalid, match="until"):
        perform(cast.reviewer, templates.apply, number, template)
    until = NOON.replace(hour=18)
    perform(cast.reviewer, templates.apply, number, template, None, {"until": until.isoformat()})
    assert item(number).deferred_until == until


def test_a_template_of_the_same_name_is_replaced(cast: Cast) -> None:
    for who, wanted in ((cast.reviewer, KNOWN), (cast.manager, replace(KNOWN, shared=True))):
        first = perform(who, templates.save, wanted)
        assert perform(who, templates.save, replace(wanted, option="resolve")) == first
    assert count("resolution_templates", "option = 'resolve'") == count("resolution_templates") == 2


def test_what_the_type_does_not_know_is_refused_when_it_is_kept(cast: Cast) -> None:
    for wrong in (
        replace(KNOWN, option="explode"),
        replace(KNOWN, justification=" "),
        replace(KNOWN, name=""),
        replace(KNOWN, parameters={"colour": "red"}),
        replace(KNOWN, option="defer", parameters={"until": "tomorrow"}),
    ):
        with pytest.raises(Invalid):
            perform(cast.reviewer, templates.save, wrong)
    assert count("resolution_templates") == 0


def test_ones_own_are_nobody_elses_and_shared_ones_are_the_managers(cast: Cast) -> None:
    own = perform(cast.reviewer, templates.save, KNOWN)
    shared = perform(cast.manager, templates.save, replace(KNOWN, shared=True))
    perform(cast.reviewer, templates.save, replace(KNOWN, item_type="other_thing"))
    assert [each.id for each in perform(cast.reviewer, templates.templates, "odd_thing")] == [own, shared]
    assert [each.id for each in perform(cast.reviewer2, templates.templates, "odd_thing")] == [shared]
    for other in (cast.reviewer2, cast.manager, cast.admin):
        with pytest.raises(NotFound):
            perform(other, templates.delete, own)
        with pytest.raises(NotFound):
            perform(other, templates.apply, claimed(other), own)
    with pytest.raises(NotPermitted):
        perform(cast.reviewer, templates.delete, shared)
    perform(cast.manager, templates.delete, shared)
    perform(cast.reviewer, templates.delete, own)
    assert count("resolution_templates", "item_type = 'odd_thing'") == 0


def test_who_may_not_decide_keeps_no_templates(cast: Cast) -> None:
    for who, wanted in ((cast.viewer, KNOWN), (cast.reviewer, replace(KNOWN, shared=True))):
        with pytest.raises(NotPermitted):
            perform(who, templates.save, wanted)
    with pytest.raises(NotPermitted, match="member of staff"):
        perform(process("job", "test"), templates.save, KNOWN)
